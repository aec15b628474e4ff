//! XLSX: what people see in the cells, and files that nobody honest sends.

use std::io::{Cursor, Write as _};

use luotsi_mapping::{Columns, Document, Fault, Format, Limits, Mapping};
use luotsi_model::hetu::Strictness;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::sample::{compiled, mapping};

const XLSX: &str = r#"
record = "sample"
format = "xlsx"
one_way = "in"
root = "Lähetteet"
fields = [
  { at = "Henkilötunnus", is = "client.hetu" },
  { at = "Lähetetty", is = "sent", format = "yyyy-MM-dd HH:mm:ss" },
  { at = "Päivä", is = "day" },
  { at = "Paino", is = "weight" },
  { at = "Kiire", is = "urgent" },
  { at = "Tarve", is = "need" },
]
"#;

const WORKBOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr/><sheets><sheet name="Lähetteet" sheetId="1" r:id="rId1"/><sheet name="Toinen" sheetId="2" r:id="rId2"/></sheets></workbook>"#;
const TARGETS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/></Relationships>"#;
const STYLES: &str = r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts><numFmt numFmtId="164" formatCode="[$-40B]d\.m\.yyyy\ h:mm;@"/><numFmt numFmtId="165" formatCode="0.0&quot;day&quot;"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>"#;
const STRINGS: &str = r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" uniqueCount="1000000000000"><si><t>Henkilötunnus</t></si><si><t>Tarve</t></si><si><r><t xml:space="preserve">a </t></r><r><t>b_x000D__x005F_x</t></r><rPh><t>no</t></rPh></si></sst>"#;
const HEAD: &str = r#"<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="inlineStr"><is><t>Päivä</t></is></c><c r="C2" t="inlineStr"><is><t>Lähetetty</t></is></c><c r="D2" t="inlineStr"><is><t>Paino</t></is></c><c r="E2" t="inlineStr"><is><t>Kiire</t></is></c><c r="G2" t="s"><v>1</v></c></row>"#;
const ROW: &str = r#"<row r="4"><c r="A4" t="str"><v> 010594Y9021 </v></c><c r="B4" s="1"><v>46340</v></c><c r="C4" s="2"><v>46340.395833333336</v></c><c r="D4" s="3"><v>4.3499999999999996</v></c><c r="E4" t="b"><v>1</v></c><c r="F4" s="1"/><c r="G4" t="s"><v>2</v></c></row>"#;

fn sheet(rows: &str) -> String {
    format!(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:XFD1048576"/><sheetData><row r="1"/>{rows}</sheetData></worksheet>"#
    )
}

/// A workbook whose first sheet has these rows, and the second one those.
fn workbook(first: &str, second: &str) -> Vec<u8> {
    zipped(&[
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", TARGETS),
        ("xl/styles.xml", STYLES),
        ("xl/sharedStrings.xml", STRINGS),
        ("xl/worksheets/sheet1.xml", &sheet(first)),
        ("xl/worksheets/sheet2.xml", &sheet(second)),
    ])
}

fn zipped(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn read(bytes: &[u8]) -> Result<Document<'_>, Fault> {
    luotsi_mapping::read(Format::Xlsx(Columns::Named), bytes, &Limits::default())
}

fn decoded(mapping: &Mapping, bytes: &[u8]) -> Result<String, String> {
    let shown =
        |fault: &Fault| format!("{} {} {}:{}", fault.code, fault.at, fault.line, fault.column);
    let row = read(bytes).and_then(Document::record).map_err(|fault| shown(&fault))?;
    let decoded = mapping.decode(&row, Strictness::Strict);
    let decoded = decoded.map_err(|faults| shown(&faults[0]))?;
    assert_eq!(decoded.mapped as usize, row.leaves());
    let record = luotsi_model::record::write(&decoded.record, mapping.schema());
    Ok(String::from_utf8(record).unwrap())
}

#[test]
fn cells_are_read_as_people_see_them() {
    let want = concat!(
        r#"{"client.hetu":"010594Y9021","sent":"2026-11-14T07:30:00Z","day":"2026-11-14","#,
        r#""weight":"4.35","urgent":true,"need":"a b\r_x"}"#
    );
    let mapping = mapping(XLSX);
    assert_eq!(decoded(&mapping, &workbook(&format!("{HEAD}{ROW}"), "")).as_deref(), Ok(want));
}

/// The row with one thing changed.
fn check(from: &str, to: &str, want: &str) {
    let rows = format!("{HEAD}{ROW}");
    assert!(rows.contains(from), "{from}");
    let got = decoded(&mapping(XLSX), &workbook(&rows.replace(from, to), ""));
    assert_eq!(got, Err(want.to_owned()), "{from} -> {to}");
}

#[test]
fn every_fault_has_its_place() {
    check("010594Y9021", "010594Y9022", "wrong-hetu Henkilötunnus 4:1");
    check("<v>46340</v>", "<v>60</v>", "not-well-formed  4:2");
    check("<v>46340</v>", "<v>46340.5</v>", "wrong-type Päivä 4:2");
    check("<v>46340</v>", "<v>1e300</v>", "not-well-formed  4:2");
    check(r#"t="b"><v>1"#, r#"t="e"><v>#N/A"#, "not-well-formed  4:5");
    check(r#"t="s"><v>2"#, r#"t="s"><v>7"#, "not-well-formed  4:7");
    check(r#"r="C4""#, r#"r="A4""#, "too-large  4:1");
    check(r#"r="G4""#, r#"r="XFD4""#, "too-large  4:1");
    check(r#"<row r="4""#, r#"<row r="1048576""#, "too-large  1:1");
    check(r#"<row r="4""#, r#"<row r="2""#, "too-large  1:1");
}

#[test]
fn one_sheet_and_one_row_are_taken() {
    let mapping = mapping(XLSX);
    let rows = format!("{HEAD}{ROW}");
    let second = ROW.replace("r=\"4\"", "r=\"9\"");
    let second =
        ('A'..='G').fold(second, |text, c| text.replace(&format!("{c}4"), &format!("{c}9")));
    let two = decoded(&mapping, &workbook(&format!("{rows}{second}"), ""));
    assert_eq!(two, Err("many-records  9:1".to_owned()));
    let other = decoded(&mapping, &workbook(&rows, HEAD));
    assert_eq!(other, Err("many-records  1:1".to_owned()));
    let named = decoded(&mapping, &workbook("", &rows));
    assert_eq!(named, Err("unknown-document  4:1".to_owned()));
    let any = crate::sample::mapping(&XLSX.replace("root = \"Lähetteet\"\n", ""));
    assert!(decoded(&any, &workbook("", &rows)).is_ok());
    assert_eq!(decoded(&any, &workbook("", HEAD)), Err("no-record  1:1".to_owned()));
}

#[test]
fn what_is_inflated_is_bounded() {
    let numbered = Format::Xlsx(Columns::Numbered);
    let code = |bytes: &[u8]| {
        luotsi_mapping::read(numbered, bytes, &Limits::default()).map(|_| ()).unwrap_err().code
    };
    let cells = r#"<c t="s"><v>0</v></c>"#;
    let space = " ".repeat(20 << 20);
    assert_eq!(code(&workbook(&space, "")), "too-large");
    assert_eq!(code(&workbook(&format!("<row>{}</row>", cells.repeat(2_000)), "")), "too-large");
    let row = format!("<row>{}</row>", cells.repeat(10));
    assert_eq!(code(&workbook(&row.repeat(12_000), "")), "too-large");
    // One long text in many cells is small in the file and would be large in memory.
    let strings = STRINGS.replace("Henkilötunnus", &"x".repeat(1 << 20));
    let rows = r#"<row><c t="s"><v>0</v></c></row>"#.repeat(20);
    let long = zipped(&[
        (
            "xl/workbook.xml",
            &WORKBOOK.replace("<sheet name=\"Toinen\" sheetId=\"2\" r:id=\"rId2\"/>", ""),
        ),
        ("xl/_rels/workbook.xml.rels", TARGETS),
        ("xl/sharedStrings.xml", &strings),
        ("xl/worksheets/sheet1.xml", &sheet(&rows)),
    ]);
    assert_eq!(code(&long), "too-large");
    assert_eq!(code(&workbook(&"<a>".repeat(500), "")), "too-deep");
    assert_eq!(code(&workbook("<row>", "")), "not-well-formed");
    assert_eq!(code(&zipped(&[("xl/workbook.xml", "<!DOCTYPE a><a/>")])), "not-well-formed");
    assert_eq!(code(b"PK\x03\x04"), "not-well-formed");
    assert_eq!(code(b""), "not-well-formed");
}

#[test]
fn a_workbook_is_not_written() {
    let (mapping, found) = compiled(&XLSX.replace("one_way = \"in\"\n", ""));
    assert!(mapping.is_none());
    assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), ["LU108"]);
    let (_, found) = compiled(&XLSX.replace("one_way", "csv = { delimiter = \";\" }\none_way"));
    assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), ["LU101"]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(256) })]

    /// Whatever byte is another, the file is read or refused.
    #[test]
    fn mutations_are_survived(at in 0..4000_usize, to: u8) {
        let mut bytes = workbook(&format!("{HEAD}{ROW}"), "");
        let at = at % bytes.len();
        bytes[at] = to;
        if let Err(fault) = read(&bytes) {
            proptest::prop_assert!(fault.line > 0 && fault.column > 0);
        }
    }

    /// The same where the zip holds and what is in it does not.
    #[test]
    fn mutated_parts_are_survived(part in 0..5_usize, at in 0..2000_usize, put in "[<>&\"'a =/_x0-9-]{0,4}") {
        let sheet = sheet(&format!("{HEAD}{ROW}"));
        let mut parts = [
            ("xl/workbook.xml", WORKBOOK), ("xl/_rels/workbook.xml.rels", TARGETS),
            ("xl/styles.xml", STYLES), ("xl/sharedStrings.xml", STRINGS),
            ("xl/worksheets/sheet1.xml", &*sheet), ("xl/worksheets/sheet2.xml", "<worksheet/>"),
        ];
        let text = parts[part].1;
        let at = (0..=at % text.len()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let text = format!("{}{put}{}", &text[..at], text[at..].chars().skip(put.len()).collect::<String>());
        parts[part].1 = &text;
        if let Err(fault) = read(&zipped(&parts)) {
            proptest::prop_assert!(fault.line > 0 && fault.column > 0);
        }
    }
}
