//! Expressions in rules: what they see, give, cost in directions, and how they fail.

use luotsi_mapping::Mapping;
use luotsi_model::hetu::Strictness;

use crate::sample::{mapping, read, write};

type Counts = (u32, u32, u32);

fn file(way: &str, rules: &str) -> Mapping {
    let hetu = match way {
        "out" => "",
        _ => r#"{ at = "hetu", is = "client.hetu" },"#,
    };
    mapping(&format!(
        "record = \"sample\"\nformat = \"json\"\none_way = \"{way}\"\nfields = [ {hetu} {rules} ]"
    ))
}

/// Reads `members` by `rules`: the record without its client, and the counts; or the faults.
fn check_read(rules: &str, members: &str, want: Result<(&str, Counts), &[&str]>) {
    let text = format!("{{\"hetu\":\"010594Y9021\",{members}}}");
    let got = read(&file("in", rules), &text, Strictness::Strict);
    let client = r#"{"client.hetu":"010594Y9021""#;
    let got = got.map(|read| (read.record.replace(client, "").replace('}', ""), read.counts));
    let want = want.map(|(record, counts)| (record.to_owned(), counts));
    assert_eq!(got, want.map_err(|faults| faults.iter().map(|f| (*f).to_owned()).collect()));
}

#[test]
fn reading() {
    let name = r#"{ at = "name", is = "need", expr = "value.split(\", \")[1]" }"#;
    check_read(name, r#""name":"Mänty, Aino""#, Ok((r#","need":"Aino""#, (2, 0, 0))));
    check_read(name, r#""name":"Aino""#, Err(&["expression-failed name 1:23"]));
    // What an expression looks up is accounted for, and a type is held to as without one.
    let day = r#"{ at = "date/day", is = "day", inputs = { y = "date/year" }, expr = "`${y}-05-${value}`" }"#;
    check_read(
        day,
        r#""date":{"day":"01","year":"2026"}"#,
        Ok((r#","day":"2026-05-01""#, (3, 0, 0))),
    );
    check_read(day, r#""date":{"day":"32","year":"2026"}"#, Err(&["wrong-type date/day 1:31"]));
    let none = r#"{ at = "a", is = "need", inputs = { b = "b" }, expr = "if b == () { value }" }"#;
    check_read(none, r#""a":"x","b":null"#, Ok((r#","need":"x""#, (3, 0, 0))));
    check_read(none, r#""a":"x","b":"y""#, Ok(("", (3, 0, 0))));
}

#[test]
fn reading_under_a_condition() {
    let when = r#"{ at = "code", is = "need", inputs = { sort = "sort" }, when = "sort in [\"a\", \"b\"] && value.len() == 2" }"#;
    let when =
        &when.replace("sort in [\\\"a\\\", \\\"b\\\"]", "(sort == \\\"a\\\" || sort == \\\"b\\\")");
    check_read(when, r#""code":"xy","sort":"b""#, Ok((r#","need":"xy""#, (3, 0, 0))));
    check_read(when, r#""code":"xyz","sort":"b""#, Ok(("", (2, 0, 1))));
    check_read(when, r#""code":"xy""#, Ok(("", (1, 0, 1))));
    let text = r#"{ at = "code", is = "need", when = "value" }"#;
    check_read(text, r#""code":"xy""#, Err(&["expression-failed code 1:23"]));
}

fn check_write(rules: &str, record: &str, want: Result<&str, &str>) {
    let got = write(&file("out", rules), record, &[("now", "2026-11-14T07:31:00Z")]);
    assert_eq!(got.as_deref().map_err(|e| &**e), want, "{rules}");
}

#[test]
fn writing() {
    let record =
        r#"{"need":"kotihoito","day":"2026-11-14","urgent":true,"client.phone":"+99900000101"}"#;
    let one = r#"{ at = "a", is = "need", expr = "value.upper()" }"#;
    check_write(one, record, Ok(r#"{"a":"KOTIHOITO"}"#));
    check_write(one, "{}", Ok("{}"));
    let made = r#"{ at = "a", inputs = { n = "need", d = "day", u = "urgent" }, expr = "if u ?? false { join([n, d], \" \") }" }"#;
    check_write(made, record, Ok(r#"{"a":"kotihoito 2026-11-14"}"#));
    check_write(made, r#"{"need":"x"}"#, Ok("{}"));
    let bare = r#"{ at = "a", inputs = { n = "need" }, expr = "(n ?? \"\").len()" }"#;
    check_write(bare, record, Ok(r#"{"a":9}"#));
    let format = r#"{ at = "a", is = "day", format = "dd.MM.yyyy", expr = "value + \"!\"" }"#;
    check_write(format, record, Ok(r#"{"a":"14.11.2026!"}"#));
    let now = r#"{ at = "a", is = "$now", expr = "value.left(4)" }"#;
    check_write(now, record, Ok(r#"{"a":"2026"}"#));
    let when = r#"{ at = "a", constant = "x", inputs = { u = "urgent" }, when = "u" }"#;
    check_write(when, record, Ok(r#"{"a":"x"}"#));
    check_write(when, r#"{"urgent":false}"#, Ok("{}"));
    check_write(when, "{}", Ok("{}"));
    let fails = r#"{ at = "a", inputs = { n = "need" }, expr = "n.trim()" }"#;
    check_write(fails, r#"{"urgent":false}"#, Err("expression-failed a None"));
    let required = r#"{ at = "a", inputs = { n = "need" }, expr = "n", required = true }"#;
    check_write(required, "{}", Err("missing-field a None"));
}

/// Two expressions that undo each other go both ways.
#[test]
fn both_ways() {
    let rule = r#"{ at = "hetu", is = "client.hetu" }, { at = "a", is = "need", expr = { in = "value.replace(\"urn:\", \"\")", out = "\"urn:\" + value" } }"#;
    let mapping = mapping(&format!("record = \"sample\"\nformat = \"json\"\nfields = [ {rule} ]"));
    let record = r#"{"client.hetu":"010594Y9021","need":"x"}"#;
    let written = write(&mapping, record, &[]).unwrap();
    assert_eq!(written, r#"{"hetu":"010594Y9021","a":"urn:x"}"#);
    assert_eq!(read(&mapping, &written, Strictness::Strict).unwrap().record, record);
}

/// What an expression sees is asked for, and so decided on and logged.
#[test]
fn inputs_are_fields_written() {
    let mapping = file(
        "out",
        r#"{ at = "a", inputs = { n = "need" }, expr = "n" },
           { at = "b", is = "service", inputs = { u = "urgent" }, when = "u" }"#,
    );
    let paths = mapping.fields_written();
    let paths: Vec<_> = paths.iter().map(|id| &*mapping.schema().field(*id).path).collect();
    assert_eq!(paths, ["service", "urgent", "need"]);
}
