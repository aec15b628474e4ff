//! Mapping files: parse, check, compile.

use std::{collections::BTreeMap, sync::Arc};

use luotsi_model::{Diagnostic, Kind, Schema, diagnostic::nearest};

use crate::{
    Format, Mapping, codes,
    decode::Intake,
    encode::Output,
    path::{Path, is_xml_name},
    source::{Reader, Text, top},
    trace::Site,
};

mod body;
mod check;
mod file;
mod formula;
mod laws;
pub(crate) mod rule;
mod value;

use check::Check;
use file::File;
use rule::{Constant, Rule, What};

/// What a mapping file may refer to.
#[derive(Clone, Copy, Debug)]
pub struct Lookup<'a> {
    /// Record schemas by kind.
    pub schemas: &'a BTreeMap<Kind, Arc<Schema>>,
    /// Code tables by name.
    pub codes: &'a BTreeMap<String, Arc<codes::Table>>,
}

/// Which ways a file or a rule goes.
#[derive(Clone, Copy)]
struct Ways {
    reads: bool,
    writes: bool,
}

/// How to tell a document of this mapping from others.
#[derive(Debug)]
pub(crate) struct Guard {
    pub(crate) root: Option<Box<str>>,
    pub(crate) namespace: Option<Box<str>>,
    pub(crate) matching: Option<(Path, Box<str>)>,
}

/// Compiles a mapping file. Gives every finding, each with its place, why it is wrong and how to
/// mend it; no mapping where one is an error.
pub fn compile(file: &str, text: &str, lookup: &Lookup<'_>) -> (Option<Mapping>, Vec<Diagnostic>) {
    let mut reader = Reader::new(file, "LU100", "LU101");
    let table = reader.parse(text);
    if reader.failed() {
        return (None, reader.found);
    }
    let parsed = File::read(&mut reader, top(&table));
    let mapping = judge(&mut reader, &parsed, text, lookup);
    let mapping = if reader.failed() { None } else { mapping };
    reader.found.sort_by_key(|found| found.span.as_ref().map(|span| span.start));
    (mapping, reader.found)
}

fn judge(reader: &mut Reader<'_>, file: &File, text: &str, lookup: &Lookup<'_>) -> Option<Mapping> {
    let ways = ways(reader, file.one_way.as_ref(), Ways { reads: true, writes: true });
    let format = format(reader, file.format.as_ref()?);
    let schema = schema(reader, file.record.as_ref()?, lookup);
    let (format, schema) = (format?, schema?);
    let guard = guard(reader, file, format)?;
    let mut check = Check { reader, text, format, schema: &schema, codes: lookup.codes, ways };
    let mut record = check.body(&file.body, None, Path::default());
    check.laws(&record, file);
    if check.reader.failed() {
        return None;
    }
    if let Some((at, value)) = &guard.matching {
        // The mark that tells the document is written too, unless a rule writes that place.
        let is_written = record.rules.iter().any(|rule| rule.writes && rule.at == *at);
        let start = file.matching.as_ref().map_or(0, |(at, _)| at.span.start);
        record.insert_first(mark(at, value, !is_written, Site::at(start)));
    }
    Some(Mapping {
        name: check.reader.file.to_owned(),
        format,
        reads: ways.reads,
        writes: ways.writes,
        intake: Intake::build(&record, &schema),
        output: Output::build(&record, format, &guard),
        guard,
        record,
        schema,
    })
}

/// A rule that takes the mark in reading, its value already being known to hold.
fn mark(at: &Path, value: &str, writes: bool, site: Site) -> Rule {
    Rule {
        site,
        at: at.clone(),
        what: What::Constant(Constant { text: value.into(), is_quoted: true }),
        reads: true,
        writes,
        is_required: false,
        default: None,
        fallback: None,
        with: None,
        when: None,
        reading: None,
        on: None,
        writing: None,
    }
}

fn ways(reader: &mut Reader<'_>, one_way: Option<&Text>, outer: Ways) -> Ways {
    match one_way.map(|text| (&*text.text, text)) {
        None => outer,
        Some(("in", _)) => Ways { writes: false, ..outer },
        Some(("out", _)) => Ways { reads: false, ..outer },
        Some((_, text)) => {
            let why = "a direction is `in` (document to record) or `out` (record to document)";
            let what = format!("`{}` is no direction", text.text);
            reader.error(
                "LU101",
                text.span.clone(),
                what,
                why,
                "write `in` or `out`, or remove it",
            );
            outer
        }
    }
}

fn format(reader: &mut Reader<'_>, name: &Text) -> Option<Format> {
    match &*name.text {
        "xml" => Some(Format::Xml),
        "json" => Some(Format::Json),
        other => {
            let what = format!("unknown format `{other}`");
            reader.error(
                "LU101",
                name.span.clone(),
                what,
                "no reader knows it",
                "write `xml` or `json`",
            );
            None
        }
    }
}

fn schema(reader: &mut Reader<'_>, kind: &Text, lookup: &Lookup<'_>) -> Option<Arc<Schema>> {
    let found = lookup.schemas.get(&Kind::new(&kind.text)).cloned();
    if found.is_none() {
        let known: Vec<&str> = lookup.schemas.keys().map(Kind::as_str).collect();
        let mend = match nearest(&kind.text, known.iter().copied()) {
            Some(near) => format!("write `{near}`"),
            None => format!("declare it in records/, or use one of: {}", known.join(", ")),
        };
        let what = format!("unknown record kind `{}`", kind.text);
        reader.error("LU102", kind.span.clone(), what, "its fields are unknown", mend);
    }
    found
}

fn guard(reader: &mut Reader<'_>, file: &File, format: Format) -> Option<Guard> {
    match (format, &file.root) {
        (Format::Xml, None) => {
            let why = "an XML document is told by its root element";
            reader.error("LU101", 0..0, "`root` is missing", why, "add `root = \"…\"`");
        }
        (Format::Xml, Some(root)) if !is_xml_name(&root.text) => {
            let why = "it is no element name without prefix";
            reader.error("LU105", root.span.clone(), "wrong `root`", why, "write the local name");
        }
        (Format::Json, Some(root)) => {
            let why = "a JSON document has no root name";
            reader.error("LU101", root.span.clone(), "`root` in JSON", why, "remove it");
        }
        _ => {}
    }
    if let (Format::Json, Some(namespace)) = (format, &file.namespace) {
        let why = "JSON has no namespaces";
        reader.error("LU101", namespace.span.clone(), "`namespace` in JSON", why, "remove it");
    }
    if let Some(namespace) = file.namespace.as_ref().filter(|name| !is_uri(&name.text)) {
        let why = "no document is in a namespace of that name";
        let mend = "write a URI, or remove it to take any namespace";
        let what = "`namespace` is no URI";
        reader.error("LU101", namespace.span.clone(), what, why, mend);
    }
    let matching = match &file.matching {
        Some((at, value)) => Some((path(reader, at, format)?, value.text.as_str().into())),
        None => None,
    };
    let own = |text: &Option<Text>| text.as_ref().map(|text| text.text.as_str().into());
    Some(Guard { root: own(&file.root), namespace: own(&file.namespace), matching })
}

/// Near enough: not empty, and nothing that a URI never holds.
fn is_uri(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c))
}

fn path(reader: &mut Reader<'_>, text: &Text, format: Format) -> Option<Path> {
    match Path::parse(&text.text, format) {
        Ok(path) => Some(path),
        Err(why) => {
            let mend =
                "steps are parted by /: name, name[0], name[key=value], @attribute last, or .";
            let what = format!("`{}` is no path", text.text);
            reader.error("LU105", text.span.clone(), what, why, mend);
            None
        }
    }
}
