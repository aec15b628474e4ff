//! Whether mappings leave nothing out that is known to come: the elements of their examples, and
//! of the XML schemas that they name.
//!
//! Apart from loading, as neither examples nor schemas are part of a region: a hub is served without
//! them, and its generation does not change with them.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use luotsi_mapping::{Fault, Gap, Limits, Mapping};
use luotsi_model::{Diagnostic, hetu::Strictness};

use crate::{Files, Loaded};

/// What is left out, and the text of every file that a finding is about.
#[derive(Default)]
pub struct Coverage {
    /// All of it warnings, but what names a place that there is not.
    pub findings: Vec<Diagnostic>,
    /// By path, for showing the places.
    pub sources: BTreeMap<String, String>,
}

/// Holds every mapping that is sound against its examples and its schema.
pub fn check(files: &dyn Files, loaded: &Loaded) -> Coverage {
    let mut coverage = Coverage::default();
    let mut folders = BTreeSet::new();
    for (name, mapping) in &loaded.mappings {
        if let Some(xsd) = mapping.xsd() {
            coverage.schema(files, loaded, mapping, xsd);
        }
        let pack = mapping.name().rsplit_once('/').map_or("", |(pack, _)| pack);
        let name = name.split_once('/').map_or("", |(pack, _)| pack);
        folders.insert((pack, name));
    }
    for (folder, pack) in folders {
        coverage.samples(files, loaded, folder, pack);
    }
    coverage
}

impl Coverage {
    fn schema(&mut self, files: &dyn Files, loaded: &Loaded, mapping: &Mapping, xsd: &str) {
        let file = beside(mapping.name(), xsd);
        let own = loaded.sources.get(mapping.name()).map_or("", String::as_str);
        // The key stands once in a file that compiles; its value is shown.
        let quoted = format!("\"{xsd}\"");
        let span = own.find(&quoted).map_or(0..0, |at| at..at + quoted.len());
        let text = text(files, &file).ok_or_else(|| format!("{file} cannot be read"));
        let gaps = text.as_ref().map_err(Clone::clone).and_then(|text| mapping.held_against(text));
        match (gaps, text) {
            (Err(why), _) | (_, Err(why)) => self.findings.push(
                Diagnostic::error("LU117", mapping.name(), span, "the schema says nothing here")
                    .why(why)
                    .mend("name an XML schema that declares the root element, or remove `schema`"),
            ),
            (Ok(gaps), Ok(text)) => {
                let found = gaps.into_iter().map(|gap| finding(gap, mapping, &file, own, &text));
                self.findings.extend(found);
                self.sources.insert(file, text);
            }
        }
    }

    fn samples(&mut self, files: &dyn Files, loaded: &Loaded, folder: &str, pack: &str) {
        let mut seen = BTreeSet::new();
        let cases = files.list(&format!("{folder}/cases")).unwrap_or_default();
        for case in cases.iter().filter_map(|name| name.strip_suffix('/')) {
            let at = format!("{folder}/cases/{case}");
            let Some(wanted) = text(files, &format!("{at}/case.toml")) else { continue };
            let Ok(wanted) = wanted.parse::<toml::Table>() else { continue };
            let name = wanted.get("mapping").and_then(toml::Value::as_str).unwrap_or_default();
            let Some(mapping) = loaded.mappings.get(&format!("{pack}/{name}")) else { continue };
            let inputs = files.list(&at).unwrap_or_default();
            for input in inputs.iter().filter(|name| name.starts_with("input.")) {
                let file = format!("{at}/{input}");
                let Some(bytes) = files.read(&file).ok().flatten() else { continue };
                let left = unmapped(mapping, &bytes).into_iter();
                // Of several examples one shows it.
                let new = left.filter(|fault| {
                    !says(&wanted, &fault.at)
                        && seen.insert((mapping.name().to_owned(), fault.at.clone()))
                });
                let new: Vec<_> = new.collect();
                self.sample(file, &bytes, mapping, &new);
            }
        }
    }

    fn sample(&mut self, file: String, bytes: &[u8], mapping: &Mapping, left: &[Fault]) {
        let Some(text) = std::str::from_utf8(bytes).ok().filter(|_| !left.is_empty()) else {
            return;
        };
        for fault in left {
            let what = format!("`{}` is neither mapped nor ignored", fault.at);
            let why =
                format!("{} takes this example and names no such place", short(mapping.name()));
            let finding = Diagnostic::error("LU115", &file, place(text, fault), what).why(why);
            let mend = "map it, ignore it with a reason, or list it as `unmapped` in case.toml";
            self.findings.push(finding.mend(mend).warning());
        }
        self.sources.insert(file, text.to_owned());
    }
}

fn finding(gap: Gap, mapping: &Mapping, xsd: &str, own: &str, text: &str) -> Diagnostic {
    match gap {
        Gap::Unmapped { at, start } => {
            let what = format!("`{at}` is neither mapped nor ignored");
            let why = format!(
                "the schema declares it, and {} names no such place",
                short(mapping.name())
            );
            let finding = Diagnostic::error("LU116", xsd, tag(text, start), what).why(why);
            finding.mend("map it, or ignore it with a reason").warning()
        }
        Gap::Undeclared { at, by, nearest } => {
            let what = format!("the schema declares no `{at}`");
            let why = format!("{} knows every place of these documents", short(xsd));
            let mend = match nearest {
                Some(near) => format!("write `{near}`"),
                None => "correct the path, or the schema".to_owned(),
            };
            let span = tag(own, by.start());
            Diagnostic::error("LU118", mapping.name(), span, what).why(why).mend(mend)
        }
    }
}

/// What nothing in the mapping names. What is not of its form, or refused for other reasons, is the
/// cases' own matter.
fn unmapped(mapping: &Mapping, bytes: &[u8]) -> Vec<Fault> {
    let Ok(document) = luotsi_mapping::read(mapping.format(), bytes, &Limits::default()) else {
        return Vec::new();
    };
    match mapping.decode(&document, Strictness::Lenient) {
        Ok(decoded) => decoded.unknown(),
        Err(_) => Vec::new(),
    }
}

/// Whether the case says that the place is unmapped.
fn says(case: &toml::Table, at: &str) -> bool {
    let listed = case.get("unmapped").and_then(toml::Value::as_array);
    listed.is_some_and(|listed| listed.iter().any(|said| said.as_str() == Some(at)))
}

fn text(files: &dyn Files, path: &str) -> Option<String> {
    String::from_utf8(files.read(path).ok().flatten()?).ok()
}

/// A path from the folder of another file.
fn beside(file: &str, path: &str) -> String {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut steps: Vec<&str> = Vec::new();
    for step in folder.split('/').chain(path.split('/')).filter(|step| !matches!(*step, "" | ".")) {
        match (step, steps.last()) {
            ("..", Some(last)) if *last != ".." => drop(steps.pop()),
            _ => steps.push(step),
        }
    }
    let root = if file.starts_with('/') { "/" } else { "" };
    format!("{root}{}", steps.join("/"))
}

/// A file with its folder alone.
fn short(path: &str) -> &str {
    let folder = path.rmatch_indices('/').nth(1);
    folder.map_or(path, |(at, _)| &path[at + 1..])
}

/// The byte of a fault's line and column, to the end of what stands there.
fn place(text: &str, fault: &Fault) -> Range<usize> {
    let lines = text.split_inclusive('\n').take(fault.line.saturating_sub(1));
    let start: usize = lines.map(str::len).sum();
    let column = text[start..].chars().take(fault.column.saturating_sub(1));
    tag(text, start + column.map(char::len_utf8).sum::<usize>())
}

/// From there to the end of the tag, table or line.
fn tag(text: &str, start: usize) -> Range<usize> {
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.find(['>', '}', '\n']).map_or(rest.len(), |at| match rest.as_bytes()[at] {
        b'\n' => at,
        _ => at + 1,
    });
    start..start + end
}
