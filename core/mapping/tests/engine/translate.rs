//! Reading and writing, case by case.

use luotsi_mapping::{Format, Limits, Lossy};
use luotsi_model::hetu::Strictness;

use crate::sample::{JSON, XML, mapping, read, write};

const DOCUMENT: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<l:Lahete xmlns:l="urn:test:1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b" kiire="true">
  <l:Asiakas><l:Henkilotunnus> 010594Y9021 </l:Henkilotunnus><l:Puhelin/></l:Asiakas>
  <l:Palvelu koodi="vertaistuki"/><!-- not a leaf -->
  <l:Lahetetty>14.11.2026 09:30</l:Lahetetty>
  <l:Paiva>14.11.2026</l:Paiva>
  <l:Juuri><l:Laji koodi="oid"/><l:Arvo>1.2.246.21</l:Arvo></l:Juuri>
  <l:Tunniste laji="y">0204819-8</l:Tunniste>
  <l:Paino>12.50</l:Paino>
  <l:Tarve>a &amp; <![CDATA[<b>]]></l:Tarve>
  <l:Tavoitteet>
    <l:Tavoite tekija="asiakas"><l:Kuvaus>one</l:Kuvaus><l:Askel>s1</l:Askel><l:Askel>s2</l:Askel></l:Tavoite>
    <l:Tavoite><l:Kuvaus>two</l:Kuvaus></l:Tavoite>
  </l:Tavoitteet>
  <l:Tulostus rivi="1"><l:Sivu>2</l:Sivu></l:Tulostus>
  <l:Uusi koodi="x">y</l:Uusi>
  <Tarve xmlns="urn:other">z</Tarve>
</l:Lahete>"#;

const RECORD: &str = concat!(
    r#"{"client.hetu":"010594Y9021","service":"peer-support","sent":"2026-11-14T07:30:00Z","#,
    r#""day":"2026-11-14","weight":"12.50","urgent":true,"organisation":"0204819-8","#,
    r#""root":"1.2.246.21","need":"a & <b>","action":"give","goals[]":[{"goals[].text":"one","#,
    r#""goals[].author":"client","goals[].steps[]":[{"goals[].steps[].text":"s1"},"#,
    r#"{"goals[].steps[].text":"s2"}]},{"goals[].text":"two"}]}"#
);

#[test]
fn xml_is_read_whole() {
    let read = read(&mapping(XML), DOCUMENT, Strictness::Strict).unwrap();
    assert_eq!(read.record, RECORD);
    assert_eq!(read.counts, (17, 2, 3));
    assert_eq!(read.unmapped, ["Lahete/Uusi", "Lahete/Uusi/@koodi", "Lahete/Tarve"]);
}

#[test]
fn xml_is_written_in_rule_order() {
    let want = concat!(
        r#"<Lahete xmlns="urn:test:1" kiire="true"><Asiakas><Henkilotunnus>010594Y9021"#,
        r#"</Henkilotunnus></Asiakas><Palvelu koodi="vertaistuki"/><Lahetetty>14.11.2026 09:30"#,
        r#"</Lahetetty><Paiva>14.11.2026</Paiva><Tavoitteet><Tavoite tekija="asiakas">"#,
        r#"<Kuvaus>one</Kuvaus><Askel>s1</Askel><Askel>s2</Askel></Tavoite><Tavoite>"#,
        r#"<Kuvaus>two</Kuvaus></Tavoite></Tavoitteet><Tunniste laji="y">0204819-8</Tunniste>"#,
        r#"<Juuri><Laji koodi="oid"/><Arvo>1.2.246.21</Arvo></Juuri><Paino>12.50</Paino>"#,
        r#"<Tarve>a &amp; &lt;b&gt;</Tarve></Lahete>"#
    );
    assert_eq!(write(&mapping(XML), RECORD, &[]).as_deref(), Ok(want));
}

#[test]
fn json_goes_both_ways() {
    let want = concat!(
        r#"{"type":"sample","version":2,"client":{"identifier":[{"system":"urn:oid:1.2.246.21","#,
        r#""value":"010594Y9021"}]},"service":"peer-support","sent":"2026-11-14T07:30:00Z","#,
        r#""day":"2026-11-14","weight":12.50,"urgent":true,"organisation":"0204819-8","#,
        r#""roots":[{"kind":{"code":"oid"},"value":"1.2.246.21"}],"need":"a & <b>","#,
        r#""goals":[{"text":"one","author":"client","steps":["s1","s2"]},{"text":"two"}]}"#
    );
    let mapping = mapping(JSON);
    assert_eq!(write(&mapping, RECORD, &[]).as_deref(), Ok(want));
    let read = read(&mapping, want, Strictness::Strict).unwrap();
    assert_eq!((&*read.record, read.counts), (RECORD, (18, 0, 0)));
}

/// Reads one JSON document that is right but for `members`.
fn check_json(members: &str, want: Result<&[&str], &[&str]>) {
    let hetu = r#""client":{"identifier":[{"system":"urn:oid:1.2.246.21","value":"010594Y9021"}]}"#;
    let text = format!(r#"{{"type":"sample",{hetu}{members}}}"#);
    let got = read(&mapping(JSON), &text, Strictness::Strict).map(|read| read.unmapped);
    let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(got, want.map(own).map_err(own), "{members}");
}

#[test]
fn json_leaves() {
    check_json("", Ok(&[]));
    check_json(r#","goals":[],"need":"","day":null"#, Ok(&[]));
    check_json(r#","new":{"a":[{},[]]},"010594Y9021":1"#, Ok(&["new/a[0]", "new/a[1]", "?"]));
    check_json(r#","need":["x"]"#, Ok(&["need[0]"]));
    check_json(r#","goals":{"text":"x"}"#, Ok(&["goals/text"]));
    check_json(r#","need":7"#, Err(&["wrong-type need 1:98"]));
    check_json(r#","weight":"7""#, Err(&["wrong-type weight 1:98"]));
    check_json(r#","version":3"#, Err(&["constant-differs version 1:98"]));
    check_json(r#","version":"2""#, Err(&["constant-differs version 1:98"]));
    check_json(r#","goals":[{"text":"a"},{}]"#, Err(&["missing-field goals[1]/text 1:120"]));
}

#[test]
fn one_place_fills_one_field_once() {
    let twice = r#","organisation":"0204819-8""#;
    check_json(twice, Ok(&[]));
    let text = DOCUMENT.replace("<l:Paino>", "<l:Tarve>again</l:Tarve><l:Paino>");
    let read = read(&mapping(XML), &text, Strictness::Strict).unwrap();
    assert_eq!(read.unmapped[0], "Lahete/Tarve");
}

/// Reads the XML document with one thing changed.
fn check_xml(from: &str, to: &str, want: &[&str]) {
    assert!(DOCUMENT.contains(from));
    let text = DOCUMENT.replace(from, to);
    let got = read(&mapping(XML), &text, Strictness::Strict).unwrap_err();
    assert_eq!(got, want, "{from} -> {to}");
}

#[test]
fn every_fault_has_its_place() {
    check_xml("010594Y9021", "010594Y9022", &["wrong-hetu Lahete/Asiakas/Henkilotunnus 3:14"]);
    check_xml(" 010594Y9021 ", "", &["missing-field Lahete/Asiakas/Henkilotunnus 3:14"]);
    check_xml("Asiakas>", "Potilas>", &["missing-field Lahete/Asiakas/Henkilotunnus 2:1"]);
    check_xml("vertaistuki", "muu", &["unknown-code Lahete/Palvelu/@koodi 4:14"]);
    check_xml("14.11.2026<", "31.11.2026<", &["wrong-type Lahete/Paiva 6:3"]);
    check_xml("urn:test:1", "urn:test:2", &["unknown-document Lahete 2:1"]);
    check_xml("12.50", "12,50", &["wrong-type Lahete/Paino 9:3"]);
    let both = &["wrong-type Lahete/@kiire 2:111", "wrong-type Lahete/Tunniste 8:3"];
    let text = DOCUMENT.replace("\"true\"", "\"joo\"").replace("0204819-8", "0204819-7");
    assert_eq!(read(&mapping(XML), &text, Strictness::Strict).unwrap_err(), both);
}

#[test]
fn lenient_warns_of_a_check_character() {
    let text = DOCUMENT.replace("010594Y9021", "010594Y9022");
    let read = read(&mapping(XML), &text, Strictness::Lenient).unwrap();
    assert_eq!(read.warnings, ["wrong-hetu Lahete/Asiakas/Henkilotunnus 3:14"]);
}

/// Writes a record by a few rules; the rest of the file is fixed.
fn check_out(format: &str, fields: &str, record: &str, want: Result<&str, &str>) {
    let root = if format == "xml" { "root = \"R\"" } else { "" };
    let text = format!(
        "record=\"sample\"\nformat=\"{format}\"\n{root}\none_way=\"out\"\nfields=[{fields}]"
    );
    let context = [("delivery", "d1"), ("client", ""), ("$now", "2026-11-14T07:30:00Z")];
    let got = write(&mapping(&text), record, &context);
    assert_eq!(got.as_deref().map_err(String::as_str), want, "{fields}");
}

#[test]
fn what_writing_leaves_out() {
    let need = r#"{"need":"n"}"#;
    let rules =
        r#"{at="a[k=v]/x", is="need"}, {at="a[k=w]/x", is="service"}, {at="b/c", is="day"}"#;
    check_out("json", rules, need, Ok(r#"{"a":[{"k":"v","x":"n"}]}"#));
    check_out("json", rules, "{}", Ok("{}"));
    check_out("xml", rules, need, Ok("<R><a><k>v</k><x>n</x></a></R>"));
    check_out("xml", rules, "{}", Ok("<R/>"));
    let rules = r#"{at="n[2]", is="need"}, {at="n[0]", is="service"}, {at="n[1]", is="day"}"#;
    check_out("json", rules, r#"{"need":"n","service":"s"}"#, Ok(r#"{"n":["s","n"]}"#));
    let rules = r#"{at="u", constant="x", with="need"}, {at="o/v", constant=true}"#;
    check_out("json", rules, need, Ok(r#"{"u":"x","o":{"v":true}}"#));
    check_out("json", rules, "{}", Ok(r#"{"o":{"v":true}}"#));
    let rules = r#"{at="s", is="service", default="unknown"}"#;
    check_out("json", rules, "{}", Ok(r#"{"s":"unknown"}"#));
}

#[test]
fn what_the_sender_knows() {
    let rules = r#"{at="d", is="$delivery"}, {at="u", template="urn:{$delivery}!"}, {at="m", is="$message"}, {at="c", template="urn:{$client}"}"#;
    check_out("json", rules, "{}", Ok(r#"{"d":"d1","u":"urn:d1!"}"#));
    let rules = r#"{at="@t", is="$now", format="dd.MM.yyyy HH:mm"}"#;
    check_out("xml", rules, "{}", Ok(r#"<R t="14.11.2026 09:30"/>"#));
}

#[test]
fn a_group_is_written_in_two_places_that_name_each_other() {
    let text = r##"
record = "sample"
format = "json"
fields = [ { at = "hetu", is = "client.hetu" } ]
ignored = [ { at = "refers/to", why = "names a row by its number" } ]
[[each]]
at = "rows[kind=goal]"
is = "goals[]"
fields = [ { at = "id", template = "g-{$row}", with = "text" }, { at = "text", is = "text" } ]
ignored = [ { at = "id", why = "names the row in this document" } ]
[[each]]
at = "refers"
is = "goals[]"
one_way = "out"
fields = [ { at = "to", template = "#g-{$row}", with = "text" } ]
"##;
    let record =
        r#"{"client.hetu":"010594Y9021","goals[]":[{"goals[].text":"a"},{"goals[].text":"b"}]}"#;
    let want = concat!(
        r#"{"hetu":"010594Y9021","rows":[{"kind":"goal","id":"g-1","text":"a"},"#,
        r#"{"kind":"goal","id":"g-2","text":"b"}],"refers":[{"to":"#,
        r##""#g-1"},{"to":"#g-2"}]}"##
    );
    let mapping = mapping(text);
    assert_eq!(write(&mapping, record, &[]).as_deref(), Ok(want));
    let read = read(&mapping, want, Strictness::Strict).unwrap();
    assert_eq!((&*read.record, read.counts), (record, (5, 4, 0)));
}

#[test]
fn what_writing_refuses() {
    let required = r#"{at="p", is="client.phone", required=true}"#;
    check_out("json", required, "{}", Err(r#"missing-field p Some("client.phone")"#));
    let coded = r#"{at="s", is="service", codes="services"}"#;
    check_out("xml", coded, r#"{"service":"x"}"#, Err(r#"unknown-code s Some("service")"#));
    let fixed = r#"{is="action", constant="give"}"#;
    check_out("json", fixed, r#"{"action":"take"}"#, Err(r#"constant-differs  Some("action")"#));
    let need = r#"{at="n", is="need"}"#;
    let control = r#"{"need":"a\u0001b"}"#;
    check_out("xml", need, control, Err(r#"wrong-type n Some("need")"#));
    check_out("json", need, control, Ok(r#"{"n":"a\u0001b"}"#));
}

#[test]
fn conditions_part_two_sources_of_one_field() {
    let text = r#"
record = "sample"
format = "json"
one_way = "in"
fields = [
  { at = "hetu", is = "client.hetu" },
  { at = "code", is = "need", when = { at = "kind", value = "a" } },
  { at = "other", is = "need", when = { at = "kind", value = "b" } },
  { at = "language", is = "language", default = "fi" },
]
ignored = [ { at = "kind", why = "told by the conditions" } ]
"#;
    let text_in = r#"{"hetu":"010594Y9021","kind":"b","code":"x","other":"y"}"#;
    let read = read(&mapping(text), text_in, Strictness::Strict).unwrap();
    assert_eq!(read.record, r#"{"client.hetu":"010594Y9021","need":"y","language":"fi"}"#);
    assert_eq!((read.counts, &*read.unmapped), ((2, 1, 1), &["code".to_owned()][..]));
}

/// Whether it stands in the document or an expression makes it.
#[test]
fn a_closed_set_takes_its_codes_and_no_other() {
    let check = |rule: &str, code: &str, want: Result<&str, &str>| {
        let hetu = "{ at = \"hetu\", is = \"client.hetu\" }";
        let mapping = mapping(&format!(
            "record = \"sample\"\nformat = \"json\"\none_way = \"in\"\nfields = [ {hetu}, {rule} ]"
        ));
        let text = format!(r#"{{"hetu":"010594Y9021","a":"{code}"}}"#);
        let got = read(&mapping, &text, Strictness::Strict);
        let got = got.as_ref().map(|read| &*read.record).map_err(|faults| &*faults[0]);
        assert_eq!(got, want, "{rule} {code}");
    };
    let plain = r#"{ at = "a", is = "action" }"#;
    let record = r#"{"client.hetu":"010594Y9021","action":"give"}"#;
    check(plain, "give", Ok(record));
    check(plain, "take", Err("unknown-code a 1:23"));
    let made = r#"{ at = "a", is = "action", expr = "value.lower()" }"#;
    check(made, "GIVE", Ok(record));
    check(made, "TAKE", Err("unknown-code a 1:23"));
}

/// A document whose leaves all ask the same costs no more than one that does not, and lists no
/// more than can be read.
#[test]
fn what_is_listed_has_an_end() {
    let text = r#"
record = "sample"
format = "xml"
root = "R"
one_way = "in"
fields = [
  { at = "H", is = "client.hetu" },
  { at = "A", is = "need", when = { at = "Z", value = "z" } },
  { at = "B[k=v]/C[2]", is = "root" },
]
"#;
    let many = "<A>x</A><B><k>w</k></B>".repeat(20_000);
    let document = format!("<R><H>010594Y9021</H>{many}</R>");
    let read = read(&mapping(text), &document, Strictness::Strict).unwrap();
    assert_eq!((read.counts, read.unmapped.len()), ((1, 0, 40_000), 256));
}

#[test]
fn an_empty_surrounding_does_not_pass_for_an_empty_group() {
    let start = DOCUMENT.find("<l:Tavoitteet>").unwrap();
    let end = DOCUMENT.find("<l:Tulostus").unwrap();
    let text = format!("{}<l:Tavoitteet/>{}", &DOCUMENT[..start], &DOCUMENT[end..]);
    let read = read(&mapping(XML), &text, Strictness::Strict).unwrap();
    assert_eq!(read.unmapped[0], "Lahete/Tavoitteet");
}

#[test]
fn an_empty_row_does_not_pass_for_no_row() {
    let text = DOCUMENT.replace("<l:Kuvaus>two</l:Kuvaus>", "");
    let got = read(&mapping(XML), &text, Strictness::Strict).unwrap_err();
    assert_eq!(got, ["missing-field Lahete/Tavoitteet/Tavoite/Kuvaus 13:5"]);
}

#[test]
fn the_fields_of_a_mapping_are_known_before_it_runs() {
    let mapping = mapping(XML);
    let paths = |ids: Vec<_>| -> Vec<String> {
        ids.into_iter().map(|id| mapping.schema().field(id).path.clone()).collect()
    };
    let read = paths(mapping.fields_read());
    assert!(
        read.contains(&"goals[].steps[].text".to_owned()) && read.contains(&"action".to_owned())
    );
    assert!(!paths(mapping.fields_written()).contains(&"action".to_owned()));
    assert_eq!(paths(mapping.fields_required_out()), ["action"]);
}

/// Counted by table and place, and no code is named.
#[test]
fn lossy_codes_are_counted_by_table_and_place() {
    let file = |way: &str, table: &str| {
        mapping(&format!(
            "record = \"sample\"\nformat = \"json\"\none_way = \"{way}\"\nfields = [ {{ is = \"client.hetu\", constant = \"010594Y9021\" }}, {{ at = \"service\", is = \"service\", codes = \"{table}\" }} ]\n[[each]]\nat = \"goals\"\nis = \"goals[]\"\nfields = [ {{ at = \"t\", is = \"text\" }}, {{ at = \"a\", is = \"author\", codes = \"{table}\" }} ]"
        ))
    };
    let shown = |lossy: Vec<Lossy>| -> Vec<String> {
        lossy.iter().map(|l| format!("{} {} {}", l.table, l.at, l.count)).collect()
    };
    let text = r#"{"service":"b","goals":[{"t":"1","a":"a"},{"t":"2","a":"b"}]}"#;
    let limits = Limits::default();
    let document = luotsi_mapping::read(Format::Json, text.as_bytes(), &limits).unwrap();
    let decoded = file("in", "lossy").decode(&document, Strictness::Strict).unwrap();
    assert_eq!(shown(decoded.lossy), ["lossy service 1", "lossy goals[1]/a 1"]);
    let out = file("out", "lossy");
    let (_, lossy) = out.encode_noting(&decoded.record.values, &[]).unwrap();
    // Written, `x` is `a`, which is read as `x` again.
    assert_eq!(shown(lossy), [""; 0]);
    let coarse = file("out", "coarse");
    let stored = r#"{"client.hetu":"010594Y9021","service":"y","goals[]":[{"goals[].text":"1","goals[].author":"x"},{"goals[].text":"2","goals[].author":"y"}]}"#;
    let record = luotsi_model::record::read(stored.as_bytes(), coarse.schema()).unwrap();
    let (_, lossy) = coarse.encode_noting(&record.values, &[]).unwrap();
    assert_eq!(shown(lossy), ["coarse service 1", "coarse a 2"]);
}
