//! Every schema, code table and mapping that the project ships compiles without a finding, and
//! every case beside them holds. The form of a case: `mappings/README.md`. `luotsi test --bless`
//! rewrites what is wanted from what is got; read the diff before you keep it.

#![expect(clippy::unwrap_used, reason = "a file that is not as it should be fails the test")]

mod case;
mod fhir;
mod samples;
mod shipped;

use std::{collections::BTreeSet, process::Command};

use case::{Folder, cases};
use luotsi_mapping::{Format, Limits, Mapping};
use luotsi_model::hetu::Strictness;
use shipped::{Shipped, project, text};

/// What a mapping must have no place for, so that no consent, however wide, sends it.
const NEVER: &[(&str, &[&str])] = &[
    (
        "malli-ry/referral",
        &["client.hetu", "client.address", "relative", "function", "health", "social", "note"],
    ),
    ("malli-ry/contact", &["client", "reply", "reference"]),
    ("serena/task-status", &["client"]),
    ("serena/plan-summary", &["assessments[]", "sections[]", "activities[].progress[]"]),
    (
        "courier/supply-order",
        &["client.hetu", "diagnosis", "note", "author", "service_task", "grounds"],
    ),
    (
        "association/referral",
        &["client.hetu", "client.address", "relative", "function", "health", "social", "note"],
    ),
    (
        "association/referral-page",
        &["client.hetu", "client.address", "relative", "function", "health", "social", "note"],
    ),
    ("eform/answer", &["client", "performer"]),
    ("plan/referral", &["function", "health", "social", "note", "relative"]),
];

/// The code list in the XML schema that must be a table's, by its type.
const LISTS: &[(&str, &str)] = &[
    ("KanavaKoodi", "serena-channels"),
    ("AiheKoodi", "serena-topics"),
    ("PalveluKoodi", "serena-services"),
    ("KiireellisyysKoodi", "serena-priorities"),
    ("TekijaKoodi", "serena-authors"),
    ("NakemysKoodi", "serena-views"),
    ("KayttotarkoitusKoodi", "serena-purposes"),
    ("TietoryhmaKoodi", "serena-categories"),
    ("TehtavaKoodi", "serena-task-states"),
    ("VastaanotettuKoodi", "serena-recalled"),
    ("PyyntoKoodi", "serena-recall-action"),
    ("AntajaKoodi", "serena-givers"),
    ("AlaKoodi", "serena-sectors"),
    ("HuoltajalleKoodi", "to-guardians"),
    ("RatkaisuKoodi", "serena-outcomes"),
    ("JarjestamistapaKoodi", "serena-arrangements"),
    ("VastuuKoodi", "serena-responsibilities"),
    ("VaiheKoodi", "serena-plan-states"),
    ("VaiheTehtavaKoodi", "serena-activity-states"),
];

#[test]
fn all_that_is_shipped_compiles_without_a_finding() {
    let findings = Shipped::load().findings;
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn every_case_holds() {
    let (shipped, mut wrong, cases) = (Shipped::load(), Vec::new(), cases());
    cases.iter().for_each(|case| case::check(case, &shipped, &mut wrong));
    assert!(wrong.is_empty(), "of {} cases:\n{}", cases.len(), wrong.join("\n"));
}

#[test]
fn every_mapping_has_a_case() {
    let mut bare: Vec<_> = Shipped::load().mappings.into_keys().collect();
    for case in cases() {
        bare.retain(|name| *name != case.mapping());
    }
    assert!(bare.is_empty(), "no case shows what these do: {bare:?}");
}

/// A pack says what it is, and shows each of its ways and a document that it refuses.
#[test]
fn every_pack_shows_each_way_and_what_it_refuses() {
    let (shipped, cases) = (Shipped::load(), cases());
    let packs: BTreeSet<_> =
        shipped.mappings.keys().filter_map(|name| name.split('/').next()).collect();
    for pack in packs {
        assert!(project().join("mappings").join(pack).join("README.md").is_file(), "{pack}");
        let own = |name: &&String| name.split('/').next() == Some(pack);
        let mappings = || shipped.mappings.iter().filter(|(name, _)| own(name)).map(|(_, m)| m);
        let shows = |what: fn(&Folder) -> bool| cases.iter().any(|c| c.pack == pack && what(c));
        if mappings().any(Mapping::reads) {
            assert!(
                shows(|folder| folder.case.input().is_some()),
                "{pack} reads, and no case does"
            );
            assert!(shows(|folder| folder.case.wants("faults.json")), "{pack} refuses nothing");
        }
        if mappings().any(Mapping::writes) {
            assert!(shows(|folder| folder.writes()), "{pack} writes, and no case does");
        }
    }
}

#[test]
fn what_a_mapping_has_no_place_for_stays_behind() {
    let shipped = Shipped::load();
    for (name, fields) in NEVER {
        let mapping = shipped.mapping(name);
        for id in mapping.fields_written() {
            let path = &mapping.schema().field(id).path;
            let is_under = |field: &&str| path == *field || path.starts_with(&format!("{field}."));
            assert!(!fields.iter().any(is_under), "{name} writes {path}");
        }
    }
}

#[test]
fn the_xml_schema_lists_the_codes_of_the_tables() {
    let shipped = Shipped::load();
    let text = text(&project().join("config/schemas/serena-style-1.0.xsd"));
    let schema = roxmltree::Document::parse(&text).unwrap();
    for (list, table) in LISTS {
        let types = schema.descendants().find(|node| node.attribute("name") == Some(list));
        let values = types.unwrap().descendants().filter_map(|node| node.attribute("value"));
        let sources = shipped.tables[*table].sources();
        assert_eq!(
            values.collect::<BTreeSet<_>>(),
            sources.collect::<BTreeSet<_>>(),
            "{list} and {table}"
        );
    }
}

#[test]
fn every_example_of_the_reference_page_is_read_whole() {
    let shipped = Shipped::load();
    let page = text(&project().join("docs/reference/serena-style.md"));
    let examples = page.split("```xml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut read = 0;
    let is_read = |example: &&str| {
        !["<Tila", "<Suunnitelma", "<Lopetus"].iter().any(|own| example.contains(own))
    };
    for example in examples.filter(is_read) {
        let document =
            luotsi_mapping::read(Format::Xml, example.as_bytes(), &Limits::default()).unwrap();
        let takes = |mapping: &&Mapping| mapping.reads() && mapping.matches(&document);
        let mapping = shipped.mappings.values().find(takes).unwrap();
        let decoded = mapping.decode(&document, Strictness::Strict).unwrap();
        assert!(decoded.unmapped.is_empty(), "{}: {:?}", mapping.name(), decoded.unmapped);
        read += 1;
    }
    assert_eq!(read, 15, "one example of each document that the hub reads");
}

#[test]
fn xml_of_unbroken_cases_fits_the_schema() {
    if Command::new("xmllint").arg("--version").output().is_err() {
        return eprintln!("skipped: xmllint is not installed (Debian: libxml2-utils)");
    }
    let sound = |one: &Folder| one.case.unmapped().is_empty() && !one.case.wants("faults.json");
    let files: Vec<_> = cases()
        .into_iter()
        .filter(|case| case.pack == "serena" && sound(case))
        .flat_map(|case| [case.dir.join("input.xml"), case.dir.join("output.xml")])
        .filter(|path| path.exists())
        .collect();
    let schema = project().join("config/schemas/serena-style-1.0.xsd");
    let mut lint = Command::new("xmllint");
    lint.args(["--noout", "--nonet", "--schema"]).arg(schema).args(&files);
    let run = lint.output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}
