//! Mapping files: parse, check, compile.

use std::{collections::BTreeMap, sync::Arc};

use luotsi_model::{Diagnostic, Kind, Schema, diagnostic::nearest};

use crate::{
    Format, Mapping, codes,
    decode::Intake,
    encode::Output,
    path::Path,
    source::{Reader, Text, top},
    trace::Site,
};

mod body;
mod check;
mod closed;
mod file;
mod format;
mod formula;
mod hl7;
mod laws;
pub(crate) mod rule;
mod value;

use check::Check;
use file::File;
use format::{format, guard};
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
    let format = format(reader, file);
    let schema = schema(reader, file.record.as_ref()?, lookup);
    let (format, schema) = (format?, schema?);
    let guard = guard(reader, file, format)?;
    let mut check =
        Check { reader, text, format, schema: &schema, codes: lookup.codes, ways, level: 0 };
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
    if format == Format::Hl7 {
        check.head(&mut record, file);
    }
    if check.reader.failed() {
        return None;
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
        xsd: file.xsd.as_ref().map(|xsd| xsd.text.clone()),
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

/// A path that starts `level` steps down. At its end stands a value, or what holds some.
fn path(
    reader: &mut Reader<'_>,
    text: &Text,
    format: Format,
    level: usize,
    is_value: bool,
) -> Option<Path> {
    match Path::parse(&text.text, format, level, is_value) {
        Ok(path) => Some(path),
        Err(why) => {
            let mend = Path::form(format);
            let what = format!("`{}` is no path", text.text);
            reader.error("LU105", text.span.clone(), what, why, mend);
            None
        }
    }
}
