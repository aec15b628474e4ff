//! What `fhir-r4` writes is FHIR R4 whatever the gate withholds, by a judge that is not ours.

use std::{
    collections::BTreeSet,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use luotsi_mapping::Mapping;
use luotsi_model::{Category, Schema, Values, record};

use crate::{
    case::{Folder, cases},
    shipped::{Shipped, project},
};

/// A Python that has `fhir.resources`, which `tests/run` makes.
fn judge() -> Option<Command> {
    let own = || project().join("target/fhir/bin/python");
    let python = std::env::var_os("LUOTSI_FHIR_PYTHON").map_or_else(own, PathBuf::from);
    let asked = Command::new(&python).args(["-c", "import fhir.resources"]).output().ok()?;
    asked.status.success().then(|| Command::new(python))
}

/// The record whole, with each category withheld, and with each one alone beside administrative.
fn views(values: &Values, schema: &Schema) -> Vec<Values> {
    let only = |categories: &[Category]| {
        values.built_from(&|id| categories.contains(&schema.field(id).category))
    };
    let less = |out: Category| Category::ALL.iter().copied().filter(move |c| *c != out);
    let withheld = Category::ALL.iter().map(|out| only(&less(*out).collect::<Vec<_>>()));
    let alone = Category::ALL.iter().map(|kept| only(&[Category::Administrative, *kept]));
    std::iter::once(only(Category::ALL)).chain(withheld).chain(alone).collect()
}

fn written(case: &Folder, mapping: &Mapping) -> Vec<String> {
    let bytes = std::fs::read(case.dir.join("record.json")).unwrap();
    let values = record::read(&bytes, mapping.schema()).unwrap().values;
    let context = [
        ("$delivery", "0192f3c4-5a00-7000-8000-000000000001"),
        ("$message", "0192f3c4-5a00-7000-8000-00000000000a"),
        ("$client", "c-0001"),
        ("$now", "2026-11-14T07:31:00Z"),
        ("$source", "serena"),
    ];
    // Where a withheld field is required nothing is sent, so there is nothing to judge.
    let sent = views(&values, mapping.schema()).into_iter();
    let sent = sent.filter_map(|values| mapping.encode(&values, &context).ok());
    sent.map(|bytes| String::from_utf8(bytes).unwrap().replace('\n', " ")).collect()
}

#[test]
fn what_is_written_is_fhir_r4_whatever_is_withheld() {
    let Some(mut judge) = judge() else {
        return eprintln!("skipped: no Python with fhir.resources (tests/run makes one)");
    };
    let (shipped, cases) = (Shipped::load(), cases());
    let ours = cases.iter().filter(|case| case.pack == "fhir-r4" && case.case.wants("record.json"));
    let mut documents = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for case in ours {
        let mapping = shipped.mapping(&case.mapping());
        if mapping.writes() {
            documents.extend(written(case, mapping));
            seen.insert(&case.case.mapping);
        }
    }
    let writers = shipped.mappings.values().filter(|mapping| mapping.writes());
    let writers = writers.filter(|mapping| mapping.name().starts_with("fhir-r4/")).count();
    assert_eq!(seen.len(), writers, "every mapping that writes is judged: {seen:?}");

    let script = project().join("core/mapping/tests/packs/fhir.py");
    let mut judging =
        judge.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines: Vec<String> = documents.into_iter().collect();
    judging.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let said = judging.wait_with_output().unwrap();
    let said_text = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success() && said_text.is_empty(), "of {}:\n{said_text}", lines.len());
}
