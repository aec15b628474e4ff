//! HL7 v2: segments and fields, read and built.

use luotsi_model::hetu::Strictness;

use crate::sample::{HL7, compiled, mapping, read, write};

const MESSAGE: &str = concat!(
    "MSH|^~\\&|||||202611140930||REF^I12^REF_I12|||2.5.1||||||UNICODE UTF-8\r",
    "RF1|true||vertaistuki|||||||a \\T\\ \\S\\b\\E\\\\.br\\c\r",
    "PID|||010594Y9021^^^^HETU~^^^&1.2.246.21^LAITOS||||20261114||||^^^^^^^^091\r",
    "GOL||asiakas|^one|s1~s2\r",
    "GOL|||^two\r",
    "OBX|||malli-paino||12.50\r",
    "PRD|||||||0204819-8^malli-y\r",
);
const RECORD: &str = concat!(
    r#"{"client.hetu":"010594Y9021","service":"peer-support","sent":"2026-11-14T07:30:00Z","#,
    r#""day":"2026-11-14","weight":"12.50","urgent":true,"organisation":"0204819-8","#,
    r#""root":"1.2.246.21","municipality":"091","need":"a & ^b\\\nc","action":"give","#,
    r#""goals[]":[{"goals[].text":"one","goals[].author":"client","goals[].steps[]":["#,
    r#"{"goals[].steps[].text":"s1"},{"goals[].steps[].text":"s2"}]},{"goals[].text":"two"}]}"#
);

#[test]
fn a_message_goes_both_ways() {
    let mapping = mapping(HL7);
    assert_eq!(write(&mapping, RECORD, &[]).as_deref(), Ok(MESSAGE));
    let read = read(&mapping, MESSAGE, Strictness::Strict).unwrap();
    assert_eq!((&*read.record, read.counts), (RECORD, (23, 0, 0)));
}

/// The message with one thing changed: what is unmapped, or what is wrong.
fn check(from: &str, to: &str, want: Result<&[&str], &[&str]>) {
    assert!(MESSAGE.contains(from), "{from}");
    let text = MESSAGE.replace(from, to);
    let got = read(&mapping(HL7), &text, Strictness::Strict).map(|read| read.unmapped);
    let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(got, want.map(own).map_err(own), "{from} -> {to}");
}

#[test]
fn what_stands_alone_is_the_first() {
    check("|20261114|", "|20261114^x&y|", Ok(&["PID-7.2.1", "PID-7.2.2"]));
    check("|20261114|", "|20261114&x|", Ok(&["PID-7.1.2"]));
    check("|20261114|", "|\"\"|", Ok(&[]));
    check("|202611140930|", "|202611140930|x", Ok(&["MSH-8"]));
}

#[test]
fn every_leaf_has_its_place() {
    check("RF1|true|", "RF1|true|x", Ok(&["RF1-2"]));
    check("~^^^&1.2", "~x~^^^&1.2", Ok(&["PID-3[1]"]));
    check("GOL|||^two", "GOL|x||^two~^three", Ok(&["GOL[1]-1", "GOL[1]-3[1].2"]));
    check("OBX|||malli-paino||12.50", "ZZZ|1\rOBX|||malli-muu||1", Ok(&["OBX-3", "OBX-5"]));
    check("2.5.1", "2.4", Err(&["constant-differs MSH-12 1:46"]));
    check("|20261114|", "|20261131|", Err(&["wrong-type PID-7 3:52"]));
    check("^two", "two", Err(&["missing-field GOL[1]-3.2 5:7"]));
    check("010594Y9021", "", Err(&["missing-field PID-3.1 3:7"]));
    check("I12^REF_I12", "I12", Ok(&[]));
    check("I12^REF_I12", "I13^REF_I12", Err(&["unknown-document  1:1"]));
    check("\\E\\", "\\Z\\", Err(&["not-well-formed  2:39"]));
}

#[test]
fn other_marks_and_another_character_set() {
    let swapped = MESSAGE.replace('|', "#").replace('^', "!");
    let read_back = read(&mapping(HL7), &swapped, Strictness::Strict).unwrap();
    assert_eq!(read_back.record, RECORD.replace("& ^b", "& !b"));

    let latin = HL7.replace(
        "{ at = \"MSH-12\"",
        "{ at = \"MSH-18\", constant = \"8859/1\" },\n  { at = \"MSH-12\"",
    );
    let mapping = mapping(&latin);
    let record = r#"{"client.hetu":"010594Y9021","need":"hätä","action":"give"}"#;
    let stored = luotsi_model::record::read(record.as_bytes(), mapping.schema()).unwrap();
    let bytes = mapping.encode(&stored.values, &[]).unwrap();
    let want = b"RF1||||||||||h\xe4t\xe4\r";
    assert!(bytes.windows(want.len()).any(|window| window == want));
    let limits = luotsi_mapping::Limits::default();
    let document = luotsi_mapping::read(mapping.format(), &bytes, &limits).unwrap();
    let back = mapping.decode(&document, Strictness::Strict).unwrap();
    assert_eq!(back.record, stored);
    let beyond = write(&mapping, r#"{"need":"5 €","action":"give"}"#, &[]);
    assert_eq!(beyond, Err(r#"wrong-type RF1-10[0] Some("need")"#.to_owned()));
}

/// Compiles a file of one rule; the codes that are found.
fn check_path(at: &str, want: &[&str]) {
    let rule = format!("{{ at = \"{at}\", is = \"need\" }}");
    let head = "record = \"sample\"\nformat = \"hl7v2\"\nroot = \"ACK\"\none_way = \"out\"";
    let (_, found) = compiled(&format!("{head}\nfields = [ {rule} ]"));
    let codes: Vec<_> = found.iter().map(|d| d.code).collect();
    assert_eq!(codes, want, "{at} {found:#?}");
}

#[test]
fn paths() {
    for at in
        ["PID-3", "PID-3.1", "PID-3.1.2", "PID[1]-3[0].1", "OBX[3.1=a-b.c]-5", "ZA1-1[4.2=x].1"]
    {
        check_path(at, &[]);
    }
    for at in ["PID", "pid-3", "PID.3", "PID-3-1", "PID-0", "PID-3.1.1.1", "PID-3.1[0]", "3.1", "."]
    {
        check_path(at, &["LU105"]);
    }
    for at in ["PID-3[x=1].1", "PID-3[1=].1", "PID-3[1.1.1=x]", "PID-3[5=x", "PID-3/1", ""] {
        check_path(at, &["LU105"]);
    }
    check_path("MSH-18", &["LU107"]);
}
