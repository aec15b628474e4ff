//! What holds of every record in a mapping's domain.

use luotsi_mapping::{Document, Limits, Mapping, read};
use luotsi_model::{Code, Record, Schema, Value, Values, hetu::Strictness};
use proptest::prelude::*;

use crate::sample::{CSV, HL7, JSON, NUMBERED, XML, mapping, schema};

/// Text that XML carries whole: no space around it, no control character.
fn text() -> impl Strategy<Value = Value> {
    let inner = "[^\\p{Cc}\u{fffe}\u{ffff}]{1,12}|[\"&<>'\\]\n\t\r\\\\ä]{1,6}";
    let bare = inner.prop_map(|text| text.trim_matches([' ', '\t', '\r', '\n']).to_owned());
    bare.prop_filter("empty text is absent", |text| !text.is_empty())
        .prop_map(|text| Value::Text(text.into()))
}

/// Text that a cell carries whole: all but control characters, and what is taken for a formula.
fn cell() -> impl Strategy<Value = String> {
    "[^\\p{Cc}]{1,12}|[=+@'\t\r\n ;\"-]{1,6}|[ \t']{0,3}[=+@-][0-9A-Z()]{0,6}|[\u{feff},;|]{1,3}"
}

/// Text that parts nothing, whatever it holds.
fn bars() -> impl Strategy<Value = String> {
    "[^\u{0}]{1,12}|[|^~\\\\&\"\r\nEFX.]{1,8}|\"\"| [\u{1}-\u{1f}\u{7f}-\u{a0}]{1,3}"
}

fn code(codes: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::sample::select(codes).prop_map(|code| Value::Code(Code(code.into())))
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::sample::select(texts).prop_map(|text| Value::Text(text.into()))
}

/// Whole minutes of this century but the hour that autumn has twice.
fn instant() -> impl Strategy<Value = Value> {
    (15_778_400_i64..65_000_000).prop_map(|minute| {
        let moment = jiff::Timestamp::from_second(minute * 60).unwrap();
        let local = moment.in_tz("Europe/Helsinki").unwrap();
        let is_doubled = local.month() == 10 && local.day() > 24 && local.hour() == 3;
        let shift = if is_doubled { 7200 } else { 0 };
        Value::Instant(jiff::Timestamp::from_second(minute * 60 + shift).unwrap())
    })
}

fn date() -> impl Strategy<Value = Value> {
    (1900_i16..2100, 1_i8..13, 1_i8..29)
        .prop_map(|(year, month, day)| Value::Date(jiff::civil::date(year, month, day)))
}

fn decimal() -> impl Strategy<Value = Value> {
    "-?(0|[1-9][0-9]{0,12})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?"
        .prop_map(|text| Value::Decimal(text.into()))
}

fn row(schema: &Schema, fields: Vec<(&str, Option<Value>)>) -> Values {
    let mut values = Values::default();
    for (path, value) in fields {
        if let Some(value) = value {
            values.set(schema.find(path).unwrap(), value);
        }
    }
    values
}

fn goal() -> impl Strategy<Value = Values> {
    let steps = prop::collection::vec(text(), 0..4);
    let author = prop::option::of(code(&["client", "worker"]));
    (text(), author, steps).prop_map(|(goal, author, steps)| {
        let schema = schema();
        let step = |text| row(&schema, vec![("goals[].steps[].text", Some(text))]);
        let steps: Vec<_> = steps.into_iter().map(step).collect();
        let steps = (!steps.is_empty()).then_some(Value::Group(steps));
        let fields = vec![
            ("goals[].text", Some(goal)),
            ("goals[].author", author),
            ("goals[].steps[]", steps),
        ];
        row(&schema, fields)
    })
}

prop_compose! {
    pub(crate) fn record()(
        hetu in one_of(&["010594Y9032", "020594X903P", "030594W903B", "010181-900C"]),
        phone in prop::option::of(one_of(&["+99900000101", "+9990000"])),
        service in prop::option::of(code(&["peer-support", "advice"])),
        sent in prop::option::of(instant()),
        day in prop::option::of(date()),
        weight in prop::option::of(decimal()),
        urgent in prop::option::of(any::<bool>().prop_map(Value::Boolean)),
        organisation in prop::option::of(one_of(&["0204819-8"])),
        municipality in prop::option::of(one_of(&["091", "905"])),
        need in prop::option::of(text()),
        goals in prop::collection::vec(goal(), 0..4),
    ) -> Record {
        let schema = schema();
        let root = organisation.as_ref().map(|_| Value::Text("1.2.246.21".into()));
        let goals = (!goals.is_empty()).then_some(Value::Group(goals));
        let values = row(&schema, vec![
            ("client.hetu", Some(hetu)), ("client.phone", phone), ("service", service),
            ("sent", sent), ("day", day), ("weight", weight), ("urgent", urgent),
            ("organisation", organisation), ("root", root), ("need", need),
            ("municipality", municipality),
            ("action", Some(Value::Code(Code("give".into())))), ("goals[]", goals),
        ]);
        Record { kind: schema.kind.clone(), values }
    }
}

/// The record without what repeats.
pub(crate) fn flat(mut record: Record) -> Record {
    let schema = schema();
    record.values = record.values.built_from(&|id| !schema.field(id).path.starts_with("goals"));
    record
}

/// Writes and reads back: the same record, and not a leaf that the mapping does not know.
fn check(mapping: &Mapping, record: &Record) -> Result<(), TestCaseError> {
    let bytes = mapping.encode(&record.values, &[]).unwrap();
    let document = read(mapping.format(), &bytes, &Limits::default());
    let document = document.and_then(Document::record).unwrap();
    let decoded = mapping.decode(&document, Strictness::Strict);
    let decoded = decoded.map_err(|faults| TestCaseError::fail(format!("{faults:?}")))?;
    prop_assert_eq!(&decoded.record, record);
    prop_assert_eq!(decoded.mapped as usize, document.leaves());
    Ok(())
}

/// The same of a row, whose cells are all there: those without a value are no value read back. No
/// cell of it is a formula.
fn check_row(file: &str, delimiter: u8, record: &Record) -> Result<(), TestCaseError> {
    let mapping = mapping(file);
    let bytes = mapping.encode(&record.values, &[]).unwrap();
    let text: String = match std::str::from_utf8(&bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    };
    let mut builder = csv::ReaderBuilder::new();
    let mut other = builder.delimiter(delimiter).has_headers(false).from_reader(text.as_bytes());
    for row in other.records() {
        for cell in row.unwrap().iter() {
            let begins = cell.trim_start().chars().next();
            prop_assert!(!begins.is_some_and(|c| "=+-@".contains(c)), "{cell}");
            prop_assert!(!cell.starts_with(['\t', '\r', '\n']), "{cell}");
        }
    }
    check(&mapping, record)
}

/// JSON whose names the mapping knows, in places that it may not.
fn stray_json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let name = || {
        let known = ["client", "identifier", "system", "value", "telecom", "need", "goals", "text"];
        prop::sample::select([&known[..], &["steps", "author", "service", "new"]].concat())
    };
    let leaf = prop_oneof![Just(Value::Null), "[a-c]{0,2}".prop_map(Value::from)];
    leaf.prop_recursive(4, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(name().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|members| Value::from(serde_json::Map::from_iter(members))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn what_xml_carries_comes_back(record in record()) {
        check(&mapping(XML), &record)?;
    }

    #[test]
    fn what_hl7_carries_comes_back(record in record(), need in prop::option::of(bars())) {
        let mut record = record;
        if let Some(need) = need {
            record.values.set(schema().find("need").unwrap(), Value::Text(need.into()));
        }
        check(&mapping(HL7), &record)?;
    }

    #[test]
    fn what_csv_carries_comes_back(record in record(), need in prop::option::of(cell())) {
        let mut record = flat(record);
        if let Some(need) = need {
            record.values.set(schema().find("need").unwrap(), Value::Text(need.into()));
        }
        check_row(CSV, b';', &record)?;
    }

    #[test]
    fn what_numbered_columns_carry_comes_back(day in prop::option::of(date()), need in "[ -~\u{a0}-\u{ff}]{1,12}") {
        let schema = schema();
        let values = row(&schema, vec![
            ("client.hetu", Some(Value::Text("010594Y9032".into()))), ("day", day),
            ("need", Some(Value::Text(need.into()))), ("action", Some(Value::Code(Code("give".into())))),
        ]);
        check_row(NUMBERED, b'\t', &Record { kind: schema.kind.clone(), values })?;
    }

    #[test]
    fn what_json_carries_comes_back(record in record()) {
        check(&mapping(JSON), &record)?;
    }

    /// A withheld field leaves no trace: what is written of the kept ones is what they alone give.
    #[test]
    fn what_is_not_kept_is_not_written(record in record(), seed in any::<u32>()) {
        let mapping = mapping(XML);
        let schema = mapping.schema();
        let action = schema.find("action").unwrap();
        let kept = record.values.built_from(&|id| id == action || seed >> (id.0 % 32) & 1 == 1);
        let text = String::from_utf8(mapping.encode(&kept, &[]).unwrap()).unwrap();
        let need = record.text(schema, "client.hetu").unwrap();
        let is_kept = kept.get(schema.find("client.hetu").unwrap()).is_some();
        prop_assert_eq!(text.contains(need), is_kept);
        prop_assert_eq!(text.contains("<Asiakas>"), is_kept || kept.get(schema.find("client.phone").unwrap()).is_some());
    }

    /// A code comes back as itself, or its loss was told on the way.
    #[test]
    fn what_is_lost_is_told(
        table in prop::sample::select(&["services", "authors", "lossy", "coarse"][..]),
        source in prop::sample::select(&["vertaistuki", "neuvonta", "asiakas", "a", "b"][..]),
    ) {
        let rule = format!("{{ at = \"A\", is = \"service\", codes = \"{table}\" }}");
        let hetu = "{ at = \"H\", is = \"client.hetu\" }";
        let mapping = mapping(&format!(
            "record = \"sample\"\nformat = \"json\"\nfields = [ {hetu}, {rule} ]"
        ));
        let text = format!("{{\"H\":\"010594Y9021\",\"A\":\"{source}\"}}");
        let document = read(mapping.format(), text.as_bytes(), &Limits::default()).unwrap();
        if let Ok(decoded) = mapping.decode(&document, Strictness::Strict) {
            let (back, lossy) = mapping.encode_noting(&decoded.record.values, &[]).unwrap();
            let is_told = !decoded.lossy.is_empty() || !lossy.is_empty();
            prop_assert!(back == text.as_bytes() || is_told, "{table} {source}");
            let is_exact = ["services", "authors"].contains(&table);
            prop_assert!(!(is_exact && is_told), "{table} {source}");
        }
    }

    /// Mapped, ignored and unmapped are all there is, wherever things stand.
    #[test]
    fn every_leaf_is_accounted_for(need in stray_json(), goals in stray_json(), new in stray_json()) {
        let hetu = r#"{"identifier":[{"system":"urn:oid:1.2.246.21","value":"010594Y9032"}]}"#;
        let text = format!(
            r#"{{"type":"sample","client":{hetu},"need":{need},"goals":{goals},"new":{new}}}"#
        );
        // The account itself is held to in `read`.
        match crate::sample::read(&mapping(JSON), &text, Strictness::Strict) {
            Ok(read) => prop_assert!(read.counts.2 > 0 && !read.unmapped.is_empty()),
            Err(faults) => prop_assert!(faults.iter().all(|f| f.starts_with("missing-field goals["))),
        }
    }
}
