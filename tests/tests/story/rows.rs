//! Files of several rows: each row becomes what the region's routes say, all of them or none.

use std::{
    io::{Cursor, Write as _},
    thread,
    time::Duration,
};

use luotsi_tests::{
    dice::{Seed, count},
    documents::{self, Scope},
    http::{Answer, Request},
    hub::token,
    people::{AINO, AINO_MISSPELT, hetu},
    standin::StandIn,
    world::{Setup, World},
};
use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

const HEAD: &str = "Tunnus;Lähetetty;Kanava;Aihe;Henkilötunnus;Kysymys\n";

/// To guidance, to Malli ry, and to guidance once she consents.
fn three(id: &str) -> [[String; 6]; 3] {
    let row = |n: u8, topic: &str, hetu: &str, question: &str| {
        let sent = "20.11.2026 09:00".to_owned();
        [format!("{id}-{n}"), sent, "puhelin".into(), topic.into(), hetu.into(), question.into()]
    };
    [
        row(1, "omaishoito", "", "Saako lomaa hoivasta?"),
        row(2, "vertaistuki", "", "Onko leskille omaa ryhmää?"),
        row(3, "kotihoito", AINO, "Milloin hoitaja tulee?"),
    ]
}

fn csv(rows: &[[String; 6]]) -> String {
    let lines = rows.iter().map(|row| row.join(";") + "\n");
    HEAD.to_owned() + &lines.collect::<String>()
}

fn messages(answer: &Answer) -> Vec<(u64, String)> {
    let rows = answer.json()["rows"].as_array().expect("a receipt for each row").clone();
    let row = |row: &Value| {
        let message = row["message"].as_str().expect("a message").to_owned();
        (row["row"].as_u64().expect("a row's number"), message)
    };
    rows.iter().map(row).collect()
}

/// Each of the three goes where the region says, and the third waits for her consent.
fn each_goes_its_way(world: &World, taken: &[(u64, String)]) {
    let [(_, guidance), (_, peers), (_, client)] = taken else { panic!("three rows: {taken:?}") };
    world.reaches(guidance, "serena", "delivered");
    world.reaches(peers, "malli-ry", "delivered");
    world.reaches(client, "serena", "waiting");
    let scope = Scope { recipients: &["serena"], purposes: &[], ..Scope::PEER_SUPPORT };
    world.accept("serena", &documents::consent("S-1", AINO, scope));
    world.reaches(client, "serena", "delivered");
    let asked = world.serena.wait("her question", |r| r.text().contains(AINO));
    assert!(asked.text().contains("Milloin hoitaja tulee?"), "{}", asked.text());
}

#[test]
fn each_row_of_a_csv_file_goes_its_way_and_the_file_again_is_no_second_one() {
    let world = World::new();
    let document = csv(&three("Y"));
    let answer = world.post("malli-kerho", &document).expect(202);
    assert_eq!(answer.header("luotsi-repeated"), None);
    let taken = messages(&answer);
    assert_eq!(taken.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [2, 3, 4]);
    each_goes_its_way(&world, &taken);
    let before = world.journal().count("message");
    let again = world.post("malli-kerho", &document).expect(202);
    assert_eq!(again.header("luotsi-repeated"), Some("true"));
    assert_eq!(again.json(), answer.json());
    let keyed = |document: &str| world.post_keyed("malli-kerho", "tiistai", document).unwrap();
    let named = keyed(&document).expect(202);
    assert_ne!(messages(&named), taken, "another key is another file");
    assert_eq!(keyed(&document).expect(202).json(), named.json());
    let other = keyed(&csv(&three("Z"))).expect(422).json();
    assert_eq!(other["code"], "idempotency-key-reused");
    assert_eq!(world.journal().count("message"), before + 3);
}

#[test]
fn each_row_of_a_workbook_goes_its_way() {
    let world = World::new();
    let rows = three("X").map(|mut row| {
        // What a spreadsheet program has in the cell of a day with a time: 20.11.2026 9.00.
        row[1] = "46346.375".into();
        row
    });
    let body = workbook(&rows);
    let answer = world.send(
        &Request::new("POST", "/in/malli-kerho-lista")
            .bearer(&token("malli-kerho-lista"))
            .body(&body),
    );
    let taken = messages(&answer.expect(202));
    assert_eq!(taken.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [2, 3, 4]);
    each_goes_its_way(&world, &taken);
}

/// Of `rows` some are bad: all of those are named, no value is, and nothing is kept.
fn check_refused(world: &World, document: &str, want: &[(&str, u64, u64)]) {
    let before = world.journal().count("message");
    let answer = world.post("malli-kerho", document).expect(422);
    let problem = answer.json();
    assert_eq!(problem["code"], "bad-rows", "{problem:#}");
    let faults = problem["faults"].as_array().expect("faults");
    let place = |fault: &Value| {
        let number = |name: &str| fault[name].as_u64().expect("a place");
        json!([fault["code"], number("line"), number("column")])
    };
    let want: Vec<_> =
        want.iter().map(|(code, line, column)| json!([code, line, column])).collect();
    assert_eq!(faults.iter().map(place).collect::<Vec<_>>(), want, "{problem:#}");
    for value in [AINO, AINO_MISSPELT, "lottoarvonta", "Salainen"] {
        assert!(!answer.whole().contains(value), "{value}: {problem:#}");
    }
    assert_eq!(world.journal().count("message"), before);
}

#[test]
fn every_bad_row_is_named_and_none_is_taken() {
    let world = World::new();
    let mut rows = three("Y").to_vec();
    rows.extend(three("Z"));
    rows[1][3] = "lottoarvonta".into();
    rows[2][4] = AINO_MISSPELT.into();
    rows[4][5] = String::new();
    let bad = [("unknown-code", 3, 30), ("wrong-hetu", 4, 40), ("missing-field", 6, 1)];
    check_refused(&world, &csv(&rows), &bad);
    // What the journal refuses is told of each row in the same way.
    let peers = three("Y")[1].clone();
    let asked = world.accept("malli-kerho", &csv(&[peers]));
    let task = world.delivery(&asked, "malli-ry")["delivery"].as_str().unwrap().to_owned();
    let nobodys = "01a20055-d6d3-7bc0-b5d7-d2550dd87aad";
    let head = "Tehtävä;Tila;Syy;Viesti\n";
    let document = format!("{head}{task};hyväksytty;;Salainen\n{nobodys};valmis;;\n");
    check_refused(&world, &document, &[("unknown-task", 2, 1), ("unknown-task", 3, 1)]);
}

#[test]
fn the_steps_of_a_task_are_taken_in_the_order_of_the_file_or_not_at_all() {
    let club = StandIn::start();
    let setup = Setup::new();
    let file = "connections/malli-kerho.toml";
    setup.region.edit(file, "127.0.0.1:7916", &club.address.to_string());
    let world = setup.start();
    let scope = Scope { recipients: &["malli-kerho"], ..Scope::PEER_SUPPORT };
    world.accept("serena", &documents::consent("S-1", AINO, scope));
    let referral = documents::Referral::to_peer_support("L-1", AINO).xml();
    let referral = referral.replace("koodi=\"vertaistuki\"", "koodi=\"malli-yhteisruokailu\"");
    let message = world.accept("serena", &referral);
    world.reaches(&message, "malli-kerho", "delivered");
    let row = club.wait("the row", |r| r.text().contains("Yhteisruokailu"));
    let delivery = row.delivery().expect("its id").to_owned();
    assert!(row.text().contains(&delivery) && !row.text().contains(AINO), "{}", row.text());
    let file = |states: &[&str]| {
        let rows = states.iter().map(|state| format!("{delivery};{state};Siksi.;Salainen\n"));
        "Tehtävä;Tila;Syy;Viesti\n".to_owned() + &rows.collect::<String>()
    };
    let bad = [("illegal-transition", 3, 1)];
    check_refused(&world, &file(&["hyväksytty", "hyväksytty", "valmis"]), &bad);
    let answer = world.post("malli-kerho", &file(&["hyväksytty", "käynnissä", "valmis"]));
    let taken = messages(&answer.expect(202));
    for (_, status) in &taken {
        world.reaches(status, "serena", "delivered");
    }
    assert_eq!(world.delivery(&message, "malli-kerho")["task"], "completed");
}

#[test]
fn a_file_has_up_to_a_thousand_rows() {
    let world = World::new();
    let rows = |count: u32| {
        let row = |n| format!("Y-{n};20.11.2026 09:00;puhelin;omaishoito;;Saako lomaa?\n");
        HEAD.to_owned() + &(0..count).map(row).collect::<String>()
    };
    let problem = world.post("malli-kerho", &rows(1001)).expect(413).json();
    assert_eq!(problem["code"], "too-large");
    assert_eq!(problem["faults"][0]["line"], 1002);
    assert_eq!(world.journal().count("message"), 0);
    let answer = world.post("malli-kerho", &rows(1000)).expect(202);
    assert_eq!(messages(&answer).len(), 1000);
    assert_eq!(world.journal().count("message"), 1000);
}

/// Whenever it is killed, a file is there whole or not at all, and its sender posts it again.
#[test]
fn a_hub_killed_while_a_file_comes_in_has_it_whole_or_not_at_all() {
    const ROWS: u32 = 150;
    let cycles = count("LUOTSI_CYCLES", 12);
    let seed = Seed::take();
    let mut dice = seed.dice();
    let world = World::new();
    let kept = || world.journal().count("message where envelope like '%\"malli-kerho\"%'");
    let mut met = [0; 2];
    for cycle in 0..cycles {
        let row = |n| {
            let hetu = hetu(cycle as u32 * ROWS + n);
            format!("Y-{cycle}-{n};20.11.2026 09:00;puhelin;kotihoito;{hetu};Milloin?\n")
        };
        let document = HEAD.to_owned() + &(0..ROWS).map(row).collect::<String>();
        let (key, before) = (format!("file-{cycle}"), kept());
        let whole = before + i64::from(ROWS);
        let first = thread::scope(|scope| {
            let posting = scope.spawn(|| world.post_keyed("malli-kerho", &key, &document));
            // No condition is waited for here: the moment itself is the random choice.
            thread::park_timeout(Duration::from_micros(dice.within(0..250_000)));
            world.kill();
            posting.join().expect("a sender").ok()
        });
        world.start();
        let found = kept();
        assert!(found == before || found == whole, "{before} became {found}");
        met[usize::from(found == whole)] += 1;
        let again = world.post_keyed("malli-kerho", &key, &document).expect("an answer");
        let again = again.expect(202).json();
        if let Some(first) = first {
            assert_eq!((first.expect(202).json(), found), (again, whole), "acknowledged");
        }
        assert_eq!(kept(), whole);
    }
    println!("{cycles} cycles, seed {}: {} without, {} with the file", seed.seed, met[0], met[1]);
}

/// The rows as XLSX, `Lähetetty` in cells that show a day with a time.
fn workbook(rows: &[[String; 6]]) -> Vec<u8> {
    let text = |at: usize, text: &str| match at {
        1 => format!(r#"<c s="1"><v>{text}</v></c>"#),
        _ => format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#),
    };
    let head = HEAD.trim_end().split(';');
    let head: String =
        head.map(|name| format!(r#"<c t="inlineStr"><is><t>{name}</t></is></c>"#)).collect();
    let row = |row: &[String; 6]| {
        let cells = row.iter().enumerate().map(|(at, cell)| text(at, cell));
        format!("<row>{}</row>", cells.collect::<String>())
    };
    let rows: String = rows.iter().map(row).collect();
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let targets = "http://schemas.openxmlformats.org/package/2006/relationships";
    let parts = [
        (
            "xl/workbook.xml",
            format!(
                r#"<workbook xmlns="{main}" xmlns:r="{relations}"><sheets><sheet name="Kysymykset" sheetId="1" r:id="rId1"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                r#"<Relationships xmlns="{targets}"><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                r#"<styleSheet xmlns="{main}"><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>"#
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(
                r#"<worksheet xmlns="{main}"><sheetData><row>{head}</row>{rows}</sheetData></worksheet>"#
            ),
        ),
    ];
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(name, SimpleFileOptions::default()).expect("a zip in memory");
        writer.write_all(text.as_bytes()).expect("a zip in memory");
    }
    writer.finish().expect("a zip in memory").into_inner()
}
