//! Paths in mapping files, the same for every format: `Asiakas/Henkilotunnus`, `Palvelu/@koodi`,
//! `name[0]`, `identifier[system=urn:oid:1.2.246.21]/value`, `.`.

use std::fmt;

use crate::{Columns, Csv, Encoding, Format, document::COLUMNS_MAX};

mod hl7;

/// Which of several children of one name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Select {
    /// No selector: an XML element wherever it stands, a JSON member.
    Any,
    /// The one at this place among them, from 0.
    Index(u32),
    /// The one whose own child of this name has this text. The key may be names parted by `/`, of
    /// what stands within it; then the last one's is the text.
    Where { key: Box<str>, is_attribute: bool, value: Box<str> },
}

/// One step down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Step {
    pub(crate) name: Box<str>,
    pub(crate) is_attribute: bool,
    pub(crate) select: Select,
}

/// A path; without steps it is the element itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    pub(crate) steps: Vec<Step>,
    /// HL7 v2: as it was written, and the level at which it starts.
    written: Option<(Box<str>, usize)>,
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.steps == other.steps
    }
}

impl Path {
    /// Reads a path, or says what is wrong with it. `level` is how many steps lead to where it
    /// starts, and `is_value` whether a value is looked for at its end.
    pub(crate) fn parse(
        text: &str,
        format: Format,
        level: usize,
        is_value: bool,
    ) -> Result<Self, String> {
        match format {
            Format::Csv(Csv { columns, encoding, .. }) => return column(text, columns, encoding),
            Format::Xlsx(columns) => return column(text, columns, Encoding::Utf8),
            Format::Hl7 => return hl7::parse(text, level, is_value),
            Format::Xml | Format::Json => {}
        }
        if text == "." {
            return Ok(Self::default());
        }
        let mut steps = Vec::new();
        for part in split(text, &['/'])? {
            if steps.last().is_some_and(|step: &Step| step.is_attribute) {
                return Err("nothing stands below an attribute".into());
            }
            steps.push(step(part, format)?);
        }
        Ok(Self::of(steps))
    }

    pub(crate) const fn of(steps: Vec<Step>) -> Self {
        Self { steps, written: None }
    }

    /// What stands between this path and the one that leads to it.
    pub(crate) const fn joint(&self) -> &'static str {
        const JOINTS: [&str; 3] = ["", "-", "."];
        match self.written {
            None => "/",
            Some((_, level)) if level < JOINTS.len() => JOINTS[level],
            Some(_) => ".",
        }
    }
}

impl Path {
    /// How paths are written in that format.
    pub(crate) const fn form(format: Format) -> &'static str {
        match format {
            Format::Xml | Format::Json => {
                "steps are parted by /: name, name[0], name[key=value], @attribute last, or ."
            }
            Format::Hl7 => "write it like PID-3[5=NI].1; within a group's rows what is left of it",
            Format::Csv(Csv { columns: Columns::Named, .. }) | Format::Xlsx(Columns::Named) => {
                "write the column's name as it stands in the header row"
            }
            Format::Csv(_) | Format::Xlsx(_) => "write the column's number, from 1",
        }
    }

    /// The path in names and indexes, as faults show places.
    pub(crate) fn names(&self) -> String {
        if let Some((text, _)) = &self.written {
            return hl7::without_values(text);
        }
        let name = |step: &Step| match (&step.select, step.is_attribute) {
            (Select::Index(index), _) => format!("{}[{index}]", step.name),
            (_, true) => format!("@{}", step.name),
            (_, false) => step.name.to_string(),
        };
        self.steps.iter().map(name).collect::<Vec<_>>().join("/")
    }
}

/// The steps to a selector's key, from what it selects.
pub(crate) fn key_steps(key: &str, is_attribute: bool) -> Vec<Step> {
    let step = |name: &str| Step { name: name.into(), is_attribute: false, select: Select::Any };
    let mut steps: Vec<_> = key.split('/').map(step).collect();
    if let Some(last) = steps.last_mut() {
        last.is_attribute = is_attribute;
    }
    steps
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((text, _)) = &self.written {
            return f.write_str(text);
        }
        for (at, step) in self.steps.iter().enumerate() {
            let slash = if at > 0 { "/" } else { "" };
            let mark = if step.is_attribute { "@" } else { "" };
            write!(f, "{slash}{mark}{}", step.name)?;
            match &step.select {
                Select::Any => {}
                Select::Index(index) => write!(f, "[{index}]")?,
                Select::Where { key, is_attribute, value } => {
                    let (above, last) = key.rsplit_once('/').unwrap_or(("", key));
                    let slash = if above.is_empty() { "" } else { "/" };
                    let mark = if *is_attribute { "@" } else { "" };
                    write!(f, "[{above}{slash}{mark}{last}={value}]")?;
                }
            }
        }
        Ok(())
    }
}

/// A column is one step, whatever its name holds.
fn column(text: &str, columns: Columns, encoding: Encoding) -> Result<Path, String> {
    let is_number = || {
        let number = text.parse::<usize>().ok().filter(|_| !text.starts_with(['0', '+']));
        number.is_some_and(|number| number <= COLUMNS_MAX)
    };
    if text.is_empty() || text.trim() != text || text.contains(char::is_control) {
        return Err("a column's name is not empty and has no space around it".into());
    }
    if columns == Columns::Numbered && !is_number() {
        return Err("without a header row a column is a number".into());
    }
    if encoding == Encoding::Latin1 && text.contains(|c| c > '\u{ff}') {
        return Err("the column's name holds a character that ISO-8859-1 lacks".into());
    }
    let step = Step { name: text.into(), is_attribute: false, select: Select::Any };
    Ok(Path::of(vec![step]))
}

/// Parts between joints; one in brackets is a selector's own.
fn split<'t>(text: &'t str, joints: &[char]) -> Result<Vec<&'t str>, String> {
    let (mut parts, mut start, mut is_inside) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '[' if is_inside => return Err("a selector holds another [".into()),
            '[' => is_inside = true,
            ']' if !is_inside => return Err("a ] closes nothing".into()),
            ']' => is_inside = false,
            c if !is_inside && joints.contains(&c) => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if is_inside {
        return Err("a [ is not closed".into());
    }
    parts.push(&text[start..]);
    Ok(parts)
}

fn step(part: &str, format: Format) -> Result<Step, String> {
    let (name, selector) = match part.split_once('[') {
        Some((name, rest)) => match rest.strip_suffix(']') {
            Some(selector) => (name, Some(selector)),
            None => return Err("something stands after a ]".into()),
        },
        None => (part, None),
    };
    let (name, is_attribute) = attribute(name, format)?;
    if is_attribute && selector.is_some() {
        return Err("an attribute takes no selector".into());
    }
    let select = selector.map_or(Ok(Select::Any), |text| select(text, format))?;
    Ok(Step { name, is_attribute, select })
}

fn select(text: &str, format: Format) -> Result<Select, String> {
    let Some((key, value)) = text.split_once('=') else {
        let index = text.parse().map_err(|_| "a selector is [number] or [name=value]")?;
        return Ok(Select::Index(index));
    };
    if value.is_empty() {
        return Err("a selector's value is empty".into());
    }
    let (above, last) =
        key.rsplit_once('/').map_or((None, key), |(above, last)| (Some(above), last));
    for name in above.into_iter().flat_map(|above| above.split('/')) {
        if attribute(name, format)?.1 {
            return Err("nothing stands below an attribute".into());
        }
    }
    let (last, is_attribute) = attribute(last, format)?;
    let key = above.map_or(last.clone(), |above| format!("{above}/{last}").into());
    Ok(Select::Where { key, is_attribute, value: value.into() })
}

fn attribute(name: &str, format: Format) -> Result<(Box<str>, bool), String> {
    let (name, is_attribute) = match name.strip_prefix('@') {
        Some(name) => (name, true),
        None => (name, false),
    };
    if is_attribute && format != Format::Xml {
        return Err("JSON has no attributes".into());
    }
    let holds = match format {
        Format::Xml => is_xml_name(name),
        Format::Json | Format::Csv(_) | Format::Xlsx(_) | Format::Hl7 => {
            !name.is_empty() && !name.contains(['@', '=']) && name.trim() == name
        }
    };
    match holds {
        true => Ok((name.into(), is_attribute)),
        false if name.is_empty() => Err("a step is empty".into()),
        false => Err("a step is no name of this format".into()),
    }
}

/// Whether it is a name without prefix.
pub(crate) fn is_xml_name(name: &str) -> bool {
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: Format, text: &str, want: Result<(), &str>) {
        let got = Path::parse(text, format, 0, true).map(|path| {
            assert_eq!(if path.steps.is_empty() { ".".into() } else { path.to_string() }, text);
        });
        assert_eq!(got, want.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn paths() {
        for text in ["Asiakas/Henkilotunnus", "Palvelu/@koodi", ".", "A[2]/B", "A[@k=v/w]/B"] {
            check(Format::Xml, text, Ok(()));
        }
        check(Format::Json, "identifier[system=urn:oid:1.2.246.21]/value", Ok(()));
        check(Format::Json, "info[reference=#a=b]/type", Ok(()));
        check(Format::Json, "entry[resource/resourceType=Patient]/resource", Ok(()));
        check(Format::Xml, "section[code/@code=362]/title", Ok(()));
        check(Format::Xml, "A[b//c=x]", Err("a step is empty"));
        check(Format::Xml, "A[@b/c=x]", Err("nothing stands below an attribute"));
        check(Format::Xml, "A//B", Err("a step is empty"));
        check(Format::Xml, "", Err("a step is empty"));
        check(Format::Xml, "A/@k/B", Err("nothing stands below an attribute"));
        check(Format::Xml, "A[1", Err("a [ is not closed"));
        check(Format::Xml, "A]", Err("a ] closes nothing"));
        check(Format::Xml, "A[x]", Err("a selector is [number] or [name=value]"));
        check(Format::Xml, "A[k=]", Err("a selector's value is empty"));
        check(Format::Xml, "A[1]x", Err("something stands after a ]"));
        check(Format::Xml, "A b", Err("a step is no name of this format"));
        check(Format::Json, "@a", Err("JSON has no attributes"));
    }
}
