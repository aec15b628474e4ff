//! A record kind with every type, its code tables, and one mapping in each format.

use std::{collections::BTreeMap, sync::Arc};

use luotsi_mapping::{Document, Format, Limits, Lookup, Mapping, codes, compile, schema};
use luotsi_model::{Diagnostic, Kind, Schema, Severity, hetu::Strictness};

const SCHEMA: &str = r#"
kind = "sample"
subject = "client.hetu"
[codes]
action = ["give", "prohibit"]
[[field]]
path = "client.hetu"
type = "hetu"
category = "identity"
required = true
[[field]]
path = "client.phone"
type = "phone"
category = "contact"
[[field]]
path = "service"
type = "code"
category = "administrative"
[[field]]
path = "sent"
type = "instant"
category = "administrative"
[[field]]
path = "day"
type = "date"
category = "administrative"
[[field]]
path = "weight"
type = "decimal"
category = "health"
[[field]]
path = "urgent"
type = "boolean"
category = "need"
[[field]]
path = "organisation"
type = "ytunnus"
category = "administrative"
[[field]]
path = "root"
type = "oid"
category = "administrative"
[[field]]
path = "municipality"
type = "municipality"
category = "contact"
[[field]]
path = "need"
type = "text"
category = "need"
[[field]]
path = "language"
type = "code"
category = "identity"
[[field]]
path = "action"
type = "code"
codes = "action"
category = "administrative"
[[field]]
path = "goals[]"
type = "group"
category = "plan"
[[field]]
path = "goals[].text"
type = "text"
category = "plan"
required = true
[[field]]
path = "goals[].author"
type = "code"
category = "plan"
[[field]]
path = "goals[].steps[]"
type = "group"
category = "plan"
[[field]]
path = "goals[].steps[].text"
type = "text"
category = "plan"
"#;

pub(crate) const XML: &str = r#"
record = "sample"
format = "xml"
root = "Lahete"
namespace = "urn:test:1"
fields = [
  { is = "action", constant = "give" },
  { at = "@kiire", is = "urgent" },
  { at = "Asiakas/Henkilotunnus", is = "client.hetu" },
  { at = "Asiakas/Puhelin", is = "client.phone" },
  { at = "Palvelu/@koodi", is = "service", codes = "services" },
  { at = "Lahetetty", is = "sent", format = "dd.MM.yyyy HH:mm" },
  { at = "Paiva", is = "day", format = "dd.MM.yyyy" },
  { each = "goals[]" },
  { at = "Tunniste[@laji=y]", is = "organisation" },
  { at = "Juuri[Laji/@koodi=oid]/Arvo", is = "root" },
  { at = "Paino", is = "weight" },
  { at = "Kotikunta", is = "municipality" },
  { at = "Tarve", is = "need" },
  { at = "Kieli", is = "language" },
]
ignored = [ { at = "Tulostus", why = "print layout only" } ]
[[each]]
at = "Tavoitteet/Tavoite"
is = "goals[]"
fields = [ { at = "Kuvaus", is = "text" }, { at = "@tekija", is = "author", codes = "authors" } ]
[[each.each]]
at = "Askel"
is = "steps[]"
fields = [ { at = ".", is = "text" } ]
"#;

pub(crate) const JSON: &str = r#"
record = "sample"
format = "json"
match = { at = "type", value = "sample" }
fields = [
  { is = "action", constant = "give" },
  { at = "version", constant = 2 },
  { at = "client/identifier[system=urn:oid:1.2.246.21]/value", is = "client.hetu" },
  { at = "client/telecom[0]/value", is = "client.phone" },
  { at = "service", is = "service" },
  { at = "sent", is = "sent" },
  { at = "day", is = "day" },
  { at = "weight", is = "weight" },
  { at = "urgent", is = "urgent" },
  { at = "organisation", is = "organisation" },
  { at = "roots[kind/code=oid]/value", is = "root" },
  { at = "municipality", is = "municipality" },
  { at = "need", is = "need" },
  { at = "language", is = "language" },
]
[[each]]
at = "goals"
is = "goals[]"
fields = [ { at = "text", is = "text" }, { at = "author", is = "author" } ]
[[each.each]]
at = "steps"
is = "steps[]"
fields = [ { at = ".", is = "text" } ]
"#;

/// Every column that a row can carry; groups have no place in one.
pub(crate) const CSV: &str = r#"
record = "sample"
format = "csv"
fields = [
  { is = "action", constant = "give" },
  { at = "Henkilötunnus", is = "client.hetu" },
  { at = "Puh./GSM", is = "client.phone" },
  { at = "Palvelu", is = "service", codes = "services" },
  { at = "Lähetetty", is = "sent", format = "dd.MM.yyyy HH:mm" },
  { at = "Päivä", is = "day", format = "dd.MM.yyyy" },
  { at = "Paino", is = "weight" },
  { at = "Kiire", is = "urgent" },
  { at = "Y-tunnus", is = "organisation" },
  { at = "Juuri", is = "root" },
  { at = "Tarve", is = "need" },
  { at = "Kieli", is = "language" },
  { at = "Kotikunta", is = "municipality" },
]
ignored = [ { at = "Rivi", why = "print layout only" } ]
[csv]
delimiter = ";"
"#;

/// The same without a header row, in another encoding.
pub(crate) const NUMBERED: &str = r#"
record = "sample"
format = "csv"
fields = [
  { is = "action", constant = "give" },
  { at = "2", is = "client.hetu" },
  { at = "1", is = "need" },
  { at = "5", is = "day" },
]
[csv]
delimiter = "\t"
header = false
encoding = "iso-8859-1"
"#;

pub(crate) const HL7: &str = r#"
record = "sample"
format = "hl7v2"
root = "REF^I12^REF_I12"
fields = [
  { is = "action", constant = "give" },
  { at = "MSH-7", is = "sent", format = "yyyyMMddHHmm" },
  { at = "MSH-12", constant = "2.5.1" },
  { at = "RF1-1", is = "urgent" },
  { at = "RF1-3", is = "service", codes = "services" },
  { at = "RF1-10[0]", is = "need" },
  { at = "PID-3[5=HETU].1", is = "client.hetu" },
  { at = "PID-3[5=LAITOS].4.2", is = "root" },
  { at = "PID-7", is = "day", format = "yyyyMMdd" },
  { at = "PID-11.9", is = "municipality" },
  { at = "PID-13", is = "client.phone" },
  { each = "goals[]" },
  { at = "OBX[3.1=malli-paino]-5", is = "weight" },
  { at = "OBX[3.1=malli-kieli]-5", is = "language" },
  { at = "PRD-7[2=malli-y]", is = "organisation" },
]
ignored = [ { at = "ZZZ", why = "print layout only" }, { at = "MSH-10", why = "the receipt names it" } ]
[[each]]
at = "GOL"
is = "goals[]"
fields = [ { at = "3.2", is = "text" }, { at = "2", is = "author", codes = "authors" } ]
[[each.each]]
at = "4"
is = "steps[]"
fields = [ { at = ".", is = "text" } ]
"#;

pub(crate) fn schema() -> Arc<Schema> {
    let (schema, found) = schema::parse("sample.toml", SCHEMA);
    assert_eq!(found, []);
    Arc::new(schema.unwrap())
}

pub(crate) fn compiled(text: &str) -> (Option<Mapping>, Vec<Diagnostic>) {
    let schemas = BTreeMap::from([(Kind::new("sample"), schema())]);
    let table = |name: &str, rows: &str| {
        let (table, found) = codes::parse(
            &format!("codes/{name}.csv"),
            &format!("source,target,equivalence\n{rows}"),
        );
        assert_eq!(found, []);
        Arc::new(table.unwrap())
    };
    let codes = BTreeMap::from([
        (
            "services".to_owned(),
            table("services", "vertaistuki,peer-support,equivalent\nneuvonta,advice,equivalent\n"),
        ),
        (
            "authors".to_owned(),
            table("authors", "asiakas,client,equivalent\nammattilainen,worker,equivalent\n"),
        ),
        ("actions".to_owned(), table("actions", "anna,give,equivalent\n")),
        ("acts".to_owned(), table("acts", "anna,giv,equivalent\nkiella,prohibit,equivalent\n")),
        ("lossy".to_owned(), table("lossy", "a,x,equivalent\nb,x,narrower\n")),
        ("coarse".to_owned(), table("coarse", "a,x,narrower\na,y,narrower\nb,z,equivalent\n")),
    ]);
    compile("sample.toml", text, &Lookup { schemas: &schemas, codes: &codes })
}

/// A mapping that has nothing wrong with it.
pub(crate) fn mapping(text: &str) -> Mapping {
    let (mapping, found) = compiled(text);
    let errors: Vec<_> = found.iter().filter(|d| d.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    mapping.unwrap()
}

/// What reading gave, in a form to compare: the stored record, the counts, what is unmapped; or
/// the faults.
pub(crate) fn read(
    mapping: &Mapping,
    text: &str,
    strictness: Strictness,
) -> Result<Read, Vec<String>> {
    let shown = |fault: &luotsi_mapping::Fault| {
        format!("{} {} {}:{}", fault.code, fault.at, fault.line, fault.column)
    };
    let document = luotsi_mapping::read(mapping.format(), text.as_bytes(), &Limits::default())
        .and_then(Document::record);
    let document = document.map_err(|fault| vec![shown(&fault)])?;
    let decoded = mapping
        .decode(&document, strictness)
        .map_err(|faults| faults.iter().map(shown).collect::<Vec<_>>())?;
    let count = decoded.mapped + decoded.ignored + decoded.unmapped_count;
    assert_eq!(count as usize, document.leaves(), "the account must add up");
    let record = luotsi_model::record::write(&decoded.record, mapping.schema());
    Ok(Read {
        record: String::from_utf8(record).unwrap(),
        counts: (decoded.mapped, decoded.ignored, decoded.unmapped_count),
        unmapped: decoded.unmapped,
        warnings: decoded.warnings.iter().map(shown).collect(),
    })
}

#[derive(Debug, PartialEq)]
pub(crate) struct Read {
    pub(crate) record: String,
    pub(crate) counts: (u32, u32, u32),
    pub(crate) unmapped: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// What writing a stored record gives; or the fault.
pub(crate) fn write(
    mapping: &Mapping,
    stored: &str,
    context: &[(&str, &str)],
) -> Result<String, String> {
    let record = luotsi_model::record::read(stored.as_bytes(), mapping.schema()).unwrap();
    match mapping.encode(&record.values, context) {
        Ok(bytes) => {
            let limits = Limits::default();
            luotsi_mapping::read(mapping.format(), &bytes, &limits).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            let body = match mapping.format() {
                Format::Xml => text.split_once('\n').unwrap().1.to_owned(),
                Format::Json | Format::Csv(_) | Format::Hl7 | Format::Xlsx(_) => text,
            };
            Ok(body)
        }
        Err(fault) => Err(format!("{} {} {:?}", fault.code, fault.at, fault.field)),
    }
}
