//! How long a translation takes: a referral of 2 KB, read from Serena-style XML and written as a
//! webhook's JSON, by the shipped mappings and by hand (`by_hand`).
//!
//! `cargo bench -p luotsi-mapping`. To reach: XML to record 25 µs, record to JSON 15 µs, 30 KB of CDA to
//! record (`cda`) 250 µs.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use divan::{Bencher, black_box};
use luotsi_mapping::{Format, Limits, Lookup, Mapping, codes, compile, read, schema};
use luotsi_model::{Kind, Record, hetu::Strictness};

mod by_hand;
mod cda;

const CONTEXT: &[(&str, &str)] = &[
    ("delivery", "0198c0de-0000-7000-8000-000000000001"),
    ("message", "0198c0de-0000-7000-8000-000000000002"),
    ("client", "0198c0de-0000-7000-8000-000000000003"),
    ("now", "2026-11-14T07:31:00Z"),
    ("source", "serena"),
];

fn main() {
    let (xml, record, hand) = (xml(), record(), by_hand::referral(&xml()));
    // Both ways must do the same work, else the comparison says nothing.
    let ours = mapping("malli-ry/referral.toml").encode(&record.values, CONTEXT);
    let json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
    assert_eq!(json(&ours.expect("encode")), json(&by_hand::webhook(&hand)));
    eprintln!("{} bytes of XML", xml.len());
    divan::main();
}

fn shipped(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../mappings").join(path);
    fs::read_to_string(root).expect("a shipped file")
}

fn mapping(path: &str) -> Mapping {
    let kinds = ["document", "referral"].map(|kind| {
        let (schema, _) = schema::parse(kind, &shipped(&format!("records/{kind}.toml")));
        (Kind::new(kind), Arc::new(schema.expect("schema")))
    });
    let (schemas, codes) = (BTreeMap::from(kinds), tables());
    let lookup = Lookup { schemas: &schemas, codes: &codes };
    let (mapping, found) = compile(path, &shipped(path), &lookup);
    mapping.unwrap_or_else(|| panic!("{found:?}"))
}

/// Every code table.
fn tables() -> BTreeMap<String, Arc<codes::Table>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../mappings/codes");
    let files =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let named = files.map(|path| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let (table, _) = codes::parse(&name, &fs::read_to_string(&path).expect("a file"));
        (name, Arc::new(table.expect("table")))
    });
    named.collect()
}

/// The shipped case, filled up to 2 KB.
fn xml() -> String {
    let text = shipped("serena/cases/referral-aino/input.xml");
    let more = " Lisää taustaa.".repeat((2048 - text.len()) / " Lisää taustaa.".len());
    text.replace("</Toimintakyky>", &format!("{more}</Toimintakyky>"))
}

fn record() -> Record {
    from_xml(&mapping("serena/referral.toml"), &xml())
}

fn from_xml(mapping: &Mapping, xml: &str) -> Record {
    let document = read(Format::Xml, xml.as_bytes(), &Limits::default()).expect("read");
    mapping.decode(&document, Strictness::Strict).expect("decode").record
}

#[divan::bench]
fn xml_to_record(bencher: Bencher<'_, '_>) {
    let (mapping, xml) = (mapping("serena/referral.toml"), xml());
    bencher.bench_local(|| from_xml(&mapping, black_box(&xml)));
}

#[divan::bench]
fn xml_to_document(bencher: Bencher<'_, '_>) {
    let xml = xml();
    bencher
        .bench_local(|| read(Format::Xml, black_box(xml.as_bytes()), &Limits::default()).is_ok());
}

#[divan::bench]
fn xml_to_record_by_hand(bencher: Bencher<'_, '_>) {
    let xml = xml();
    bencher.bench_local(|| by_hand::referral(black_box(&xml)));
}

#[divan::bench(args = ["malli-ry/referral.toml", "fhir-r4/referral.toml", "serena/referral.toml"])]
fn record_to(bencher: Bencher<'_, '_>, path: &str) {
    let (mapping, record) = (mapping(path), record());
    bencher.bench_local(|| mapping.encode(black_box(&record.values), CONTEXT));
}

#[divan::bench]
fn record_to_json_by_hand(bencher: Bencher<'_, '_>) {
    let referral = by_hand::referral(&xml());
    bencher.bench_local(|| by_hand::webhook(black_box(&referral)));
}

/// A mapping of two hundred rules, each with what costs most to compile: an expression, a code table,
/// a date format.
fn two_hundred_rules() -> (String, String) {
    let (mut fields, mut rules) = (String::new(), String::new());
    for at in 0..200 {
        let (holds, more) = match at % 4 {
            0 => ("text", "expr = { in = 'value.trim()', out = 'value' }"),
            1 => ("code", "codes = \"serena-services\""),
            2 => ("instant", "format = \"dd.MM.yyyy HH:mm\""),
            _ => ("text", "required = true"),
        };
        fields +=
            &format!("[[field]]\npath = \"f{at}\"\ntype = \"{holds}\"\ncategory = \"need\"\n");
        rules += &format!("  {{ at = \"a/b{}/c{at}\", is = \"f{at}\", {more} }},\n", at % 10);
    }
    let mapping = format!("record = \"wide\"\nformat = \"json\"\nfields = [\n{rules}]\n");
    (format!("kind = \"wide\"\n{fields}"), mapping)
}

#[divan::bench]
fn compile_two_hundred_rules(bencher: Bencher<'_, '_>) {
    let (record, text) = two_hundred_rules();
    let (wide, found) = schema::parse("wide.toml", &record);
    let wide = wide.unwrap_or_else(|| panic!("{found:?}"));
    let schemas = BTreeMap::from([(Kind::new("wide"), Arc::new(wide))]);
    let codes = tables();
    let lookup = Lookup { schemas: &schemas, codes: &codes };
    let (compiled, found) = compile("wide.toml", &text, &lookup);
    assert!(compiled.is_some(), "{found:?}");
    bencher.bench_local(|| compile("wide.toml", black_box(&text), &lookup));
}
