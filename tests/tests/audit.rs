//! The disclosure log, proven from outside: by the command, on the data folder of a hub that has
//! stopped, and by what was kept elsewhere.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
};

use luotsi_tests::{
    documents::{self, Referral, Scope},
    journal::Journal,
    paths,
    people::AINO,
    wait,
    world::World,
};
use serde_json::{Value, json};

/// A hub that has delivered two referrals about Aino, been asked about them, and stopped.
fn stopped() -> World {
    let world = World::new();
    world.accept("serena", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
    for reference in ["L-1", "L-2"] {
        let message = world.accept("serena", &Referral::to_peer_support(reference, AINO).xml());
        for system in ["malli-ry", "home-care", "plan"] {
            world.reaches(&message, system, "delivered");
        }
    }
    assert!(world.terminate().success());
    world
}

fn luotsi(world: &World, arguments: &[&str]) -> Output {
    let mut command = Command::new(paths::luotsi());
    command.args(arguments).env("LUOTSI_DATA", &world.data).env("NO_COLOR", "1");
    command.env("LUOTSI_OPS_URL", format!("http://{}", world.ops));
    command.output().expect("the binary runs")
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn verified(world: &World, arguments: &[&str]) -> (Option<i32>, Value) {
    let all = [&["audit", "verify", "--format", "ndjson"], arguments].concat();
    let output = luotsi(world, &all);
    let told = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), told)
}

#[test]
fn the_journal_of_a_stopped_hub_is_one_file() {
    let world = stopped();
    assert!(world.data.join("luotsi.db").exists());
    for beside in ["luotsi.db-wal", "luotsi.db-shm"] {
        assert!(!world.data.join(beside).exists(), "{beside} stays");
    }
}

#[test]
fn a_stopped_hub_leaves_a_log_that_verifies_and_a_checkpoint_of_all_of_it() {
    let world = stopped();
    let entries = world.journal().count("disclosure");
    let (code, told) = verified(&world, &[]);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!((&told["entries"], &told["covered"]), (&json!(entries), &json!(entries)));
    let note = fs::read_to_string(world.data.join("checkpoint.txt")).expect("a checkpoint");
    assert_eq!(text(&luotsi(&world, &["audit", "checkpoint"])), note);
    let key = text(&luotsi(&world, &["audit", "key"]));
    assert!(key.starts_with(note.lines().next().expect("an origin")), "{key} {note}");
    assert_eq!(note.lines().nth(1), Some(entries.to_string().as_str()));
    let mode = fs::metadata(world.data.join("log.key")).expect("a key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_changed_entry_is_named_and_a_copy_is_enough_to_see_it() {
    let world = stopped();
    let copy = world.data.join("copy.db");
    world.journal().sabotage(&format!("vacuum into '{}'", copy.display()));
    let db = copy.display().to_string();
    assert_eq!(verified(&world, &["--db", &db]).0, Some(0));
    let on_consent = |entry: &Value| entry.to_string().contains("\"S-1\"");
    let place = 1 + world.journal().entries().iter().position(on_consent).expect("one on consent");
    Journal::open(&copy).sabotage(&format!(
        "update disclosure set entry = replace(entry, 'S-1', 'S-9') where seq = {place}"
    ));
    let (code, told) = verified(&world, &["--db", &db]);
    assert_eq!(code, Some(1));
    assert_eq!(told["findings"][0]["entry"], json!(place), "{told}");
    assert_eq!(told["findings"][0]["code"], "entry-changed");
    let page = text(&luotsi(&world, &["audit", "verify", "--db", &db]));
    assert!(page.contains(&format!("entry {place} was changed after it was appended")), "{page}");
    assert_eq!(verified(&world, &[]).0, Some(0), "the hub's own is as it was");
}

#[test]
fn a_checkpoint_kept_elsewhere_holds_over_a_restart_and_betrays_a_log_written_anew() {
    let world = stopped();
    let kept = world.data.join("kept.txt");
    fs::copy(world.data.join("checkpoint.txt"), &kept).expect("a copy");
    let key = text(&luotsi(&world, &["audit", "key"]));
    let against = ["--checkpoint", kept.to_str().expect("UTF-8"), "--key", key.trim()];
    world.start();
    let message = world.accept("serena", &Referral::to_peer_support("L-3", AINO).xml());
    world.reaches(&message, "malli-ry", "delivered");
    assert!(world.terminate().success());
    assert_eq!(verified(&world, &against).0, Some(0), "it goes on from there");
    world.journal().sabotage(
        "update disclosure set entry = replace(entry, 'S-1', 'S-9');
         drop table leaf; drop table tree; drop table checkpoint; drop table directive_ref;
         drop index delivery_untold; drop index delivery_untold_of;
         alter table delivery drop column tell; alter table delivery drop column told;
         drop table recall; drop table reconsider; drop index delivery_dead_subject;
         drop table node; drop table lane; drop table outbox;
         drop index delivery_held; drop index delivery_held_subject;
         drop table client_key; drop table master; drop table erasure;
         pragma user_version = 1",
    );
    world.start();
    assert!(world.terminate().success());
    assert_eq!(verified(&world, &[]).0, Some(0), "by itself it looks whole");
    let (code, told) = verified(&world, &against);
    assert_eq!((code, &told["findings"][0]["code"]), (Some(1), &json!("rewritten")), "{told}");
}

#[test]
fn a_look_is_logged_before_it_is_answered_and_told_in_the_report() {
    let world = World::new();
    let message = world.accept("serena", &Referral::to_peer_support("L-1", AINO).xml());
    world.reaches(&message, "home-care", "delivered");
    let looks = || {
        let all = world.journal().entries();
        all.into_iter().filter(|entry| entry["phase"] == "use").collect::<Vec<_>>()
    };
    let before = looks().len();
    assert_eq!(luotsi(&world, &["why", &message, "--to", "malli-ry"]).status.code(), Some(4));
    let found = looks();
    let last = found.last().expect("a look");
    assert!(found.len() > before);
    assert_eq!(
        (&last["recipient"], &last["result"], &last["message"]),
        (&json!("ops.token"), &json!("why"), &json!(message))
    );
    let client = last["client"].as_str().expect("a reference").to_owned();
    let report =
        luotsi(&world, &["report", "disclosures", "--client", &client, "--format", "ndjson"]);
    let report: Value = serde_json::from_slice(&report.stdout).expect("JSON");
    let uses = report["uses"].as_array().expect("a list");
    assert_eq!(uses.last().map(|look| &look["what"]), Some(&json!("report")), "its own look too");
    assert!(uses.iter().any(|look| look["what"] == "why" && look["message"] == json!(message)));
    // What cannot be logged is not shown.
    world.journal().sabotage("alter table disclosure rename to elsewhere");
    let body = json!({ "client": client }).to_string();
    let answer = world.api("POST", "/reports/disclosures", &body).expect(503);
    assert!(!answer.text().contains("home-care"));
}

#[test]
fn a_report_speaks_three_languages_and_fhir() {
    let world = World::new();
    world.accept("serena", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
    let message = world.accept("serena", &Referral::to_peer_support("L-1", AINO).xml());
    world.reaches(&message, "malli-ry", "delivered");
    wait::holds("it is logged", || {
        world.journal().entries().iter().any(|e| e["result"] == "delivered")
    });
    let entries = world.journal().entries();
    let client = entries[0]["client"].as_str().expect("a reference");
    let report = |more: &[&str]| {
        let all = [&["report", "disclosures", "--client", client], more].concat();
        let output = luotsi(&world, &all);
        assert!(output.status.success(), "{output:?}");
        text(&output)
    };
    let pages = [
        (
            "fi",
            [
                "Luovutukset asiakkaasta",
                "toimitettu",
                "suostumus S-1 v1",
                "Lähete",
                "palvelutarve:",
            ],
        ),
        (
            "sv",
            ["Utlämnanden om klienten", "levererat", "samtycke S-1 v1", "Remiss", "servicebehov:"],
        ),
        ("en", ["Disclosures about", "delivered", "consent S-1 v1", "Referral", "need:"]),
    ];
    for (lang, words) in pages {
        let page = report(&["--lang", lang]);
        for word in words {
            assert!(page.contains(word), "{lang}: {word}\n{page}");
        }
        assert!(!page.contains(AINO), "{page}");
    }
    let bundle: Value =
        serde_json::from_str(&report(&["--format", "fhir", "--lang", "sv"])).expect("JSON");
    let events: Vec<_> =
        bundle["entry"].as_array().expect("entries").iter().map(|e| &e["resource"]).collect();
    let sent =
        events.iter().find(|e| e["agent"][1]["altId"] == "malli-ry").expect("the disclosure");
    assert_eq!((&sent["type"]["code"], &sent["outcome"]), (&json!("110106"), &json!("0")));
    assert_eq!(sent["agent"][0]["who"], sent["source"]["observer"], "BALP's val-audit-source");
    assert_eq!(sent["entity"][0]["what"]["identifier"]["value"], json!(client));
    assert_eq!(sent["entity"][2]["what"]["identifier"]["value"], "S-1");
    let refused = luotsi(&world, &["trace", &message, "--format", "fhir"]);
    assert_eq!(refused.status.code(), Some(2));
}
