//! Every type of field, both ways, in every format.

use luotsi_mapping::{Columns, Csv, Document, Encoding, Format, Limits, read};
use luotsi_model::hetu::Strictness;

use crate::sample::{XML, mapping, read as read_whole};

const CSV: Format =
    Format::Csv(Csv { delimiter: ';', columns: Columns::Named, encoding: Encoding::Utf8 });

/// The text at `is`, read and written by a mapping of that field alone.
fn check(format: Format, is: &str, rule: &str, text: &str, want: Result<&str, &str>) {
    let (head, document) = match format {
        Format::Xml => ("format = \"xml\"\nroot = \"R\"", format!("<R><A>{text}</A></R>")),
        Format::Json => ("format = \"json\"", format!("{{\"A\":{text}}}")),
        Format::Xlsx(_) => unreachable!("it is not written"),
        Format::Hl7 => {
            let head = "MSH|^~\\&|||||||ACK|||||||||UNICODE UTF-8\rPID|";
            ("format = \"hl7v2\"\nroot = \"ACK\"", format!("{head}{text}\r"))
        }
        Format::Csv(_) => {
            ("format = \"csv\"\ncsv = { delimiter = \";\" }", format!("A\r\n\"{text}\"\r\n"))
        }
    };
    let file = |way: &str, rule: &str| {
        let hetu = match (is, way) {
            ("client.hetu", _) | (_, "out") => "",
            _ => "{ is = \"client.hetu\", constant = \"010594Y9021\" },",
        };
        let at = if format == Format::Hl7 { "PID-1" } else { "A" };
        let rule = format!("{{ at = \"{at}\", is = \"{is}\"{rule} }}");
        format!("record = \"sample\"\n{head}\none_way = \"{way}\"\nfields = [ {hetu} {rule} ]")
    };
    let document = read(format, document.as_bytes(), &Limits::default());
    let document = document.and_then(Document::record).unwrap();
    let decoded = mapping(&file("in", rule)).decode(&document, Strictness::Strict);
    let written = decoded.map_err(|faults| faults[0].code).map(|decoded| {
        let plain = rule.split(", region").next().unwrap_or_default();
        let bytes = mapping(&file("out", plain)).encode(&decoded.record.values, &[]).unwrap();
        String::from_utf8(bytes).unwrap()
    });
    let inner = written.as_deref().map(|written| match format {
        Format::Xml => written.split("<A>").nth(1).unwrap().split('<').next().unwrap(),
        Format::Json => written.strip_prefix("{\"A\":").unwrap().strip_suffix('}').unwrap(),
        Format::Xlsx(_) => written,
        Format::Hl7 => written.split("PID|").nth(1).unwrap().strip_suffix('\r').unwrap(),
        Format::Csv(_) => written.split("\r\n").nth(1).unwrap().trim_matches(['"', '\'']),
    });
    assert_eq!(inner.map_err(|code| *code), want, "{is} {text}");
}

/// Texts that come back as they stood, and texts that are refused.
#[test]
fn every_type_both_ways() {
    let types: [(&str, &[&str], &[&str]); 8] = [
        ("client.hetu", &["010594Y9021", "010181-900C"], &["010594-9022", "310294Y9021", "x"]),
        (
            "client.phone",
            &["+99900000101"],
            &["0401234567", "+12", "+999 0000", "+1234567890123456"],
        ),
        ("organisation", &["0204819-8"], &["0204819-7", "204819-8", "02048198"]),
        ("root", &["1.2.246.21", "2.0"], &["3.1", "1", "1.02", "1..2", "1.2."]),
        ("municipality", &["091", "905"], &["91", "0911", "09a", "\u{0660}91"]),
        ("need", &["a b", "ä"], &[]),
        ("day", &["2026-11-21"], &["2026-11-31", "21.11.2026"]),
        ("sent", &["2026-11-14T07:30:00Z"], &["2026-11-14", "2026-11-14T07:30:00"]),
    ];
    for (is, right, wrong) in types {
        for text in right {
            check(Format::Xml, is, "", text, Ok(text));
            check(CSV, is, "", text, Ok(text));
            check(Format::Hl7, is, "", text, Ok(text));
            let quoted = format!("\"{text}\"");
            check(Format::Json, is, "", &quoted, Ok(&quoted));
        }
        let code = if is == "client.hetu" { "wrong-hetu" } else { "wrong-type" };
        for text in wrong {
            check(Format::Xml, is, "", text, Err(code));
            check(CSV, is, "", text, Err(code));
            check(Format::Hl7, is, "", text, Err(code));
            check(Format::Json, is, "", &format!("\"{text}\""), Err(code));
        }
    }
}

/// JSON has numbers and booleans of its own; a decimal keeps every digit as written.
#[test]
fn numbers_and_booleans() {
    for text in ["12.50", "-0.100", "1e3", "123456789012345678901234567890.10"] {
        check(Format::Xml, "weight", "", text, Ok(text));
        check(Format::Json, "weight", "", text, Ok(text));
    }
    for text in ["12,50", "+1", "01", ".5", "NaN"] {
        check(Format::Xml, "weight", "", text, Err("wrong-type"));
    }
    check(Format::Json, "weight", "", "\"12.50\"", Err("wrong-type"));
    check(Format::Xml, "urgent", "", "1", Ok("true"));
    check(Format::Xml, "urgent", "", "yes", Err("wrong-type"));
    check(Format::Json, "urgent", "", "false", Ok("false"));
    check(Format::Json, "urgent", "", "\"false\"", Err("wrong-type"));
}

#[test]
fn a_national_phone_number_becomes_e164() {
    let region = ", region = \"FI\"";
    check(Format::Xml, "client.phone", region, "040 123 4567", Ok("+358401234567"));
    check(Format::Xml, "client.phone", region, "+99900000101", Ok("+99900000101"));
    check(Format::Json, "client.phone", region, "\"(09) 123-4567\"", Ok("\"+35891234567\""));
    check(Format::Xml, "client.phone", region, "1234567", Err("wrong-type"));
}

/// A municipality stands among the rest, and what is wrong with it is told at its place.
#[test]
fn a_municipality_has_its_place() {
    let text = "<Lahete xmlns='urn:test:1'><Asiakas><Henkilotunnus>010594Y9021</Henkilotunnus>\
                </Asiakas><Kotikunta>1</Kotikunta></Lahete>";
    let faults = read_whole(&mapping(XML), text, Strictness::Strict).unwrap_err();
    assert_eq!(faults, ["wrong-type Lahete/Kotikunta 1:89"]);
}
