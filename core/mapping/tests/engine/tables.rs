//! Tables: rows as records, cells as values.

use luotsi_mapping::{Document, Limits};
use luotsi_model::hetu::Strictness;

use crate::sample::{CSV, NUMBERED, mapping, read, write};

const HEAD: &str = "Henkilötunnus;Puh./GSM;Palvelu;Lähetetty;Päivä;Paino;Kiire;Y-tunnus;Juuri;Tarve;Kieli;\
     Kotikunta\r\n";
const RECORD: &str = concat!(
    r#"{"client.hetu":"010594Y9021","client.phone":"+99900000101","service":"peer-support","#,
    r#""sent":"2026-11-14T07:30:00Z","day":"2026-11-14","weight":"-12.50","urgent":true,"#,
    r#""need":"=1+1; \"x\"","action":"give"}"#
);

#[test]
fn a_row_goes_both_ways() {
    let row = concat!(
        "010594Y9021;\"'+99900000101\";vertaistuki;14.11.2026 09:30;14.11.2026;\"'-12.50\";true;;;",
        "\"'=1+1; \"\"x\"\"\";;\r\n"
    );
    let mapping = mapping(CSV);
    let want = format!("{HEAD}{row}");
    assert_eq!(write(&mapping, RECORD, &[]), Ok(want.clone()));
    let read = read(&mapping, &want, Strictness::Strict).unwrap();
    assert_eq!((&*read.record, read.counts), (RECORD, (8, 0, 0)));
}

#[test]
fn columns_stand_in_any_order() {
    let text = "Rivi;Uusi tieto;Tarve;Henkilötunnus;\n1;x; y ;010594Y9021;z\n";
    let read = read(&mapping(CSV), text, Strictness::Strict).unwrap();
    let want = r#"{"client.hetu":"010594Y9021","need":"y","action":"give"}"#;
    assert_eq!((&*read.record, read.counts), (want, (2, 1, 2)));
    assert_eq!(read.unmapped, ["Uusi tieto", "5"]);
}

#[test]
fn columns_without_names_have_numbers() {
    let mapping = mapping(NUMBERED);
    let record =
        r#"{"client.hetu":"010594Y9021","day":"2026-11-14","need":"hätä","action":"give"}"#;
    let stored = luotsi_model::record::read(record.as_bytes(), mapping.schema()).unwrap();
    let bytes = mapping.encode(&stored.values, &[]).unwrap();
    assert_eq!(bytes, b"h\xe4t\xe4\t010594Y9021\t\t\t2026-11-14\r\n");
}

fn check_refused(file: &str, text: &str, want: &[&str]) {
    assert_eq!(read(&mapping(file), text, Strictness::Strict).unwrap_err(), want, "{text}");
}

#[test]
fn every_fault_has_its_place() {
    let head = "Henkilötunnus;Päivä\n";
    check_refused(CSV, &format!("{head}010594Y9022;14.11.2026"), &["wrong-hetu Henkilötunnus 2:1"]);
    check_refused(CSV, &format!("{head}010594Y9021;\"31.11.2026\""), &["wrong-type Päivä 2:13"]);
    check_refused(CSV, &format!("{head};14.11.2026"), &["missing-field Henkilötunnus 2:1"]);
    check_refused(CSV, head, &["no-record  1:1"]);
    check_refused(CSV, &format!("{head}010594Y9021\n"), &["not-well-formed  2:1"]);
    let two = format!("{head}010594Y9021;\n;;\n010594Y9032;\n");
    check_refused(CSV, &two, &["many-records  4:1"]);
    // A row in the header's place is nobody's header, and not shown.
    check_refused(CSV, "010594Y9021;Aino\n010594Y9032;Eero\n", &["unknown-document  2:1"]);
}

#[test]
fn each_row_is_a_record() {
    let mapping = mapping(CSV);
    let text = "Henkilötunnus;Tarve\n010594Y9021;a\n;\n\n010594Y9032;\"b\n\"\n010594Y9021;\n";
    let whole = luotsi_mapping::read(mapping.format(), text.as_bytes(), &Limits::default());
    let rows = whole.map(Document::records).unwrap();
    let decode = |row| mapping.decode(row, Strictness::Strict).unwrap();
    let needs = rows.iter().map(decode).map(|read| {
        assert_eq!(read.unmapped_count, 0);
        read.record.text(mapping.schema(), "need").map(str::to_owned)
    });
    let needs: Vec<_> = needs.collect();
    assert_eq!(needs, [Some("a".into()), Some("b\n".into()), None]);
}

/// A row parted from its table knows its place in the whole, however the lines end.
#[test]
fn each_row_keeps_its_place() {
    let mapping = mapping(CSV);
    let text = "Henkilötunnus;Tarve;Päivä\r\n010594Y9022;ä;\r010594Y9021;\"ä\n\r\nö\";x\n\n;ö;\r\n";
    let whole = luotsi_mapping::read(mapping.format(), text.as_bytes(), &Limits::default());
    let faults = whole.unwrap().records().into_iter().map(|row| {
        let faults = mapping.decode(&row, Strictness::Strict).unwrap_err();
        let places = faults.iter().map(|fault| (fault.code, fault.line, fault.column));
        (row.line(), places.collect::<Vec<_>>())
    });
    let want = [
        (2, vec![("wrong-hetu", 2, 1)]),
        (3, vec![("wrong-type", 5, 4)]),
        (7, vec![("missing-field", 7, 1)]),
    ];
    assert_eq!(faults.collect::<Vec<_>>(), want);
}

#[test]
fn what_a_cell_cannot_carry_is_refused() {
    let need = |text: &str| format!(r#"{{"need":"{text}","action":"give"}}"#);
    let control = write(&mapping(CSV), &need("a\\u0001b"), &[]);
    assert_eq!(control, Err(r#"wrong-type Tarve Some("need")"#.to_owned()));
    let beyond = write(&mapping(NUMBERED), &need("5 €"), &[]);
    assert_eq!(beyond, Err(r#"wrong-type 1 Some("need")"#.to_owned()));
}
