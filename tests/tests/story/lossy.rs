//! Codes that say less to a recipient than they do in the record: told for each recipient, by place
//! and table, never by code.

use std::process::Command;

use luotsi_tests::{
    documents::{self, Referral, Scope},
    paths,
    people::AINO,
    standin::Manner,
    world::{Setup, World},
};
use serde_json::{Value, json};

use super::plan::search;

/// Malli ry's list knows one urgency only.
const COARSE: &str = "source,target,equivalence\nasap,routine,wider\nasap,urgent,wider\n";

fn world() -> World {
    let setup = Setup::new();
    let mappings = setup.region.folder().join("../../mappings");
    std::fs::write(mappings.join("codes/malli-coarse.csv"), COARSE).expect("a writable copy");
    let rule = "is = \"priority\"";
    let coarse = "is = \"priority\", codes = \"malli-coarse\"";
    setup.region.edit("../../mappings/malli-ry/referral.toml", rule, coarse);
    setup.start()
}

/// What `luotsi trace` says of a message.
fn traced(world: &World, message: &str) -> String {
    let mut command = Command::new(paths::luotsi());
    command.args(["trace", message]).env("LUOTSI_DATA", &world.data);
    command.env("LUOTSI_OPS_URL", format!("http://{}", world.ops)).env_remove("LUOTSI_OPS_TOKEN");
    let output = command.output().expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What each intent says was lost.
fn lost(entries: &[Value]) -> Vec<&Value> {
    entries.iter().filter(|entry| entry["phase"] == "intent").map(|entry| &entry["lossy"]).collect()
}

#[test]
fn what_a_recipient_got_less_of_is_told_by_place_and_never_by_code() {
    let world = world();
    world.accept("serena", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
    world.malli_ry.be(Manner::Answer(503));
    let message = world.accept("serena", &Referral::to_peer_support("L-1", AINO).xml());
    world.malli_ry.wait("an attempt", |_| true);
    world.malli_ry.be(Manner::Answer(200));
    let sent = world.reaches(&message, "malli-ry", "delivered");
    let less = json!([{ "table": "malli-coarse", "at": "data/priority", "count": 1 }]);
    let attempts = lost(sent["entries"].as_array().expect("entries"));
    assert!(attempts.len() > 1 && attempts.iter().all(|one| **one == less), "{sent:#}");
    let others = world.reaches(&message, "plan", "delivered");
    assert_eq!(lost(others["entries"].as_array().expect("entries")), [&Value::Null]);

    let page = traced(&world, &message);
    let told: Vec<_> = page.lines().filter(|line| line.contains("says less")).collect();
    let [told] = &told[..] else { panic!("{page}") };
    assert!(told.ends_with("says less   data/priority: 1 code by malli-coarse"), "{page}");
    assert!(!page.contains("asap"), "{page}");

    search(&world, "serena", AINO).expect(200);
    let log = world.journal().entries();
    let read = log.iter().find(|entry| entry["message"].is_null() && entry["phase"] == "intent");
    let read = read.expect("the read is logged");
    assert_eq!(read["lossy"][0]["table"], "fhir-activity-status", "{read:#}");
}
