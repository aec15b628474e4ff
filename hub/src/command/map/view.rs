//! What a document comes to, with the rule of each value.

use luotsi_mapping::{Fault, Leaf, Limits, Mapping, Reading, Site, Wrote, read};
use luotsi_model::{Schema, Value, Values, hetu::Strictness, record};
use serde::Serialize;

use super::ground::Ground;

/// The three views.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct View {
    /// The mapping that read, if one did.
    pub(crate) with: String,
    /// Its file.
    pub(crate) file: String,
    pub(crate) source: Option<Source>,
    pub(crate) record: Vec<Field>,
    pub(crate) result: Option<Written>,
    /// Why there is no record, or no result.
    pub(crate) faults: Vec<Told>,
}

/// The document that was read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Source {
    pub(crate) mapped: usize,
    pub(crate) ignored: usize,
    pub(crate) unmapped: usize,
    pub(crate) leaves: Vec<Taken>,
}

/// What became of a leaf.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Taken {
    pub(crate) at: String,
    pub(crate) text: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) fate: Fate,
    /// The fields that it filled.
    pub(crate) fields: Vec<String>,
    /// The lines of the rules that took or ignored it.
    pub(crate) rules: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fate {
    Mapped,
    Ignored,
    Unmapped,
}

/// A value of the record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Field {
    pub(crate) field: String,
    pub(crate) value: String,
    pub(crate) category: &'static str,
    /// The leaf that it came from; none where the mapping gives it.
    pub(crate) from: Option<String>,
    /// The rule's line.
    pub(crate) rule: Option<usize>,
}

/// What the record is written as.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Written {
    pub(crate) by: String,
    pub(crate) file: String,
    pub(crate) text: String,
    pub(crate) leaves: Vec<Put>,
    /// Fields of the record that it has no place for.
    pub(crate) left: Vec<String>,
}

/// A place that was written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Put {
    pub(crate) at: String,
    pub(crate) text: String,
    /// The field that it shows; none where the mapping or the send gives it.
    pub(crate) field: Option<String>,
    pub(crate) rule: Option<usize>,
}

/// A fault.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Told {
    pub(crate) code: &'static str,
    pub(crate) at: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) field: Option<String>,
    pub(crate) why: String,
}

impl View {
    /// From a document: the record, and what `to` writes of it.
    pub(crate) fn forward(
        ground: &Ground,
        with: &Mapping,
        to: &Mapping,
        bytes: &[u8],
        is_lenient: bool,
        context: &[(&str, &str)],
    ) -> Self {
        let mut view = Self::empty(ground, with);
        let document = read(with.format(), bytes, &Limits::default());
        let document = match document.and_then(luotsi_mapping::Document::record) {
            Ok(document) => document,
            Err(fault) => return view.refused(&[fault]),
        };
        let strictness = if is_lenient { Strictness::Lenient } else { Strictness::Strict };
        let (decoded, reading) = with.decode_told(&document, strictness);
        if reading.leaves.is_empty() {
            return view.refused(&decoded.err().unwrap_or_default());
        }
        let line = |site| ground.line(with, site);
        let leaves: Vec<_> =
            reading.of(&document).map(|(leaf, taken)| Taken::of(leaf, taken, &line)).collect();
        let of = |fate| leaves.iter().filter(|leaf| leaf.fate == fate).count();
        let (mapped, ignored, unmapped) = (of(Fate::Mapped), of(Fate::Ignored), of(Fate::Unmapped));
        view.source = Some(Source { mapped, ignored, unmapped, leaves });
        let record = match decoded {
            Ok(decoded) => decoded.record,
            Err(faults) => return view.refused(&faults),
        };
        view.record = fields(&record.values, with.schema());
        view.origins(&document.leaves_told(), &reading, &line);
        if to.writes() && to.schema().kind == with.schema().kind {
            view.write(ground, to, &record.values, context);
        }
        view
    }

    /// From a stored record: the document.
    pub(crate) fn reverse(
        ground: &Ground,
        with: &Mapping,
        bytes: &[u8],
        context: &[(&str, &str)],
    ) -> Self {
        let mut view = Self::empty(ground, with);
        let record = match record::read(bytes, with.schema()) {
            Ok(record) => record,
            Err(error) => {
                let why = error.to_string();
                let (code, at) = ("wrong-type", String::new());
                let told = Told { code, at, line: 0, column: 0, field: None, why };
                view.faults.push(told);
                return view;
            }
        };
        view.record = fields(&record.values, with.schema());
        view.write(ground, with, &record.values, context);
        view
    }

    fn empty(ground: &Ground, with: &Mapping) -> Self {
        Self {
            with: ground.name(with).to_owned(),
            file: ground.file(with),
            source: None,
            record: Vec::new(),
            result: None,
            faults: Vec::new(),
        }
    }

    fn refused(mut self, faults: &[Fault]) -> Self {
        self.faults.extend(faults.iter().map(Told::of));
        self
    }

    /// Whether the document was taken, and nothing of it was left unmapped.
    pub(crate) fn is_whole(&self) -> bool {
        let is_left = |source: &Source| source.unmapped > 0;
        self.faults.is_empty() && !self.source.as_ref().is_some_and(is_left)
    }

    /// Where each field came from.
    fn origins(&mut self, leaves: &[Leaf<'_>], reading: &Reading, line: &impl Fn(Site) -> usize) {
        let taken = leaves.iter().zip(&reading.leaves);
        let by = taken.flat_map(|(leaf, taken)| taken.by.iter().map(move |by| (leaf, by)));
        for (leaf, (site, filled)) in by {
            let field = self.record.iter_mut().find(|field| Some(&field.field) == filled.as_ref());
            if let Some(field) = field {
                field.from = Some(leaf.at.clone());
                field.rule = Some(line(*site));
            }
        }
        for given in &reading.given {
            if let Some(field) = self.record.iter_mut().find(|field| field.field == given.field) {
                field.rule = Some(line(given.by));
            }
        }
    }

    fn write(&mut self, ground: &Ground, to: &Mapping, values: &Values, context: &[(&str, &str)]) {
        let (bytes, wrote) = match to.encode_told(values, context) {
            Ok(written) => written,
            Err(fault) => return self.faults.push(Told::of(&fault)),
        };
        let document = read(to.format(), &bytes, &Limits::default());
        let document = match document.and_then(luotsi_mapping::Document::record) {
            Ok(document) => document,
            Err(fault) => return self.faults.push(Told::of(&fault)),
        };
        let leaves = document.leaves_told();
        let put = leaves.iter().enumerate().map(|(at, leaf)| {
            let by = wrote.iter().find(|wrote: &&Wrote| wrote.leaf(&leaves) == Some(at));
            Put {
                at: leaf.at.clone(),
                text: leaf.text.clone(),
                field: by.and_then(|by| by.field.clone()),
                rule: by.map(|by| ground.line(to, by.by)),
            }
        });
        let put: Vec<_> = put.collect();
        let is_shown = |field: &&Field| !put.iter().any(|p| p.field.as_ref() == Some(&field.field));
        let left = self.record.iter().filter(is_shown).map(|field| field.field.clone()).collect();
        self.result = Some(Written {
            by: ground.name(to).to_owned(),
            file: ground.file(to),
            text: String::from_utf8_lossy(&bytes).into_owned(),
            leaves: put,
            left,
        });
    }
}

impl Taken {
    fn of(leaf: Leaf<'_>, taken: &luotsi_mapping::Taken, line: &impl Fn(Site) -> usize) -> Self {
        let fate = match (taken.is_unmapped, taken.ignored) {
            (true, _) => Fate::Unmapped,
            (_, Some(_)) => Fate::Ignored,
            _ => Fate::Mapped,
        };
        let rules = taken.by.iter().map(|(by, _)| *by).chain(taken.ignored);
        Self {
            at: leaf.at,
            text: leaf.text,
            line: leaf.line,
            column: leaf.column,
            fate,
            fields: taken.by.iter().filter_map(|(_, field)| field.clone()).collect(),
            rules: rules.map(line).collect(),
        }
    }
}

impl Told {
    fn of(fault: &Fault) -> Self {
        Self {
            code: fault.code,
            at: fault.at.clone(),
            line: fault.line,
            column: fault.column,
            field: fault.field.clone(),
            why: fault.why.clone(),
        }
    }
}

/// Every value of a record, groups' rows numbered.
fn fields(values: &Values, schema: &Schema) -> Vec<Field> {
    let mut out = Vec::new();
    gather(values, schema, &[], &mut out);
    out
}

fn gather(values: &Values, schema: &Schema, rows: &[usize], out: &mut Vec<Field>) {
    for (id, value) in values.iter() {
        let field = schema.field(id);
        if let Value::Group(group) = value {
            for (at, row) in group.iter().enumerate() {
                gather(row, schema, &[rows, &[at]].concat(), out);
            }
            continue;
        }
        let numbered = rows
            .iter()
            .fold(field.path.clone(), |path, row| path.replacen("[]", &format!("[{row}]"), 1));
        out.push(Field {
            field: numbered,
            value: shown(value),
            category: field.category.as_str(),
            from: None,
            rule: None,
        });
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Date(day) => day.to_string(),
        Value::Instant(moment) => moment.to_string(),
        Value::Boolean(yes) => yes.to_string(),
        other => other.as_text().unwrap_or_default().to_owned(),
    }
}
