//! What no rule knows, on a connection that parks it: accepted, and nothing leaves before a person
//! has looked.

use luotsi_tests::{
    documents::{self, Scope},
    paths,
    people::AINO,
    world::{Setup, World},
};
use serde_json::{Value, json};

/// The guidance system's documents are parked where they hold what no rule knows.
fn parking() -> World {
    let setup = Setup::new();
    setup.region.edit("connections/serena.toml", "\"refuse\"", "\"park\"");
    setup.start()
}

/// The same, and the client has consented.
fn world() -> World {
    let world = parking();
    world.accept("serena", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
    world
}

/// A referral with two leaves that no rule names.
fn strange() -> String {
    let referral = paths::text("mappings/serena/cases/referral-aino/input.xml");
    referral.replace("</Lahete>", "<Uusi koodi=\"1\">salainen</Uusi></Lahete>")
}

fn release(world: &World, message: &str) -> Value {
    world.api("POST", &format!("/messages/{message}/release"), "").expect(200).json()
}

fn held(world: &World) -> Vec<Value> {
    let held = world.api("GET", "/deliveries?state=held", "").expect(200).json();
    held.as_array().expect("a list").clone()
}

/// How many deliveries Malli ry got.
fn webhooks(world: &World) -> usize {
    world.malli_ry.received().len()
}

#[test]
fn what_is_parked_is_durable_shown_and_released_by_a_person() {
    let world = world();
    let message = world.accept("serena", &strange());
    let listed = held(&world);
    assert!(!listed.is_empty() && listed.iter().all(|row| row["message"] == message.as_str()));
    assert_eq!(listed[0]["unmapped"], json!(["Lahete/Uusi", "Lahete/Uusi/@koodi"]));
    world.kill();
    world.start();
    assert_eq!(held(&world), listed, "a crash releases nothing");
    // What comes after it, and is known, goes at once.
    let plain = strange().replace("<Uusi koodi=\"1\">salainen</Uusi>", "").replace("0001", "0002");
    let plain = world.accept("serena", &plain);
    world.reaches(&plain, "malli-ry", "delivered");
    assert_eq!(webhooks(&world), 1);
    assert_eq!(release(&world, &message)["released"], listed.len());
    world.reaches(&message, "malli-ry", "delivered");
    let received = world.malli_ry.received();
    assert_eq!(received.len(), 2);
    assert!(
        received.iter().all(|r| !r.text().contains("salainen")),
        "what no rule names goes nowhere"
    );
    assert_eq!(release(&world, &message)["released"], 0);
    let unknown = "/messages/01920000-0000-7000-8000-000000000001/release";
    world.api("POST", unknown, "").expect(404);
}

#[test]
fn a_release_is_decided_like_any_send() {
    let world = parking();
    let message = world.accept("serena", &strange());
    assert_eq!(release(&world, &message)["released"], 3);
    world.reaches(&message, "malli-ry", "waiting");
    assert_eq!(webhooks(&world), 0);
    world.accept("serena", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
    world.reaches(&message, "malli-ry", "delivered");
}

/// A person must not find one that may not go.
#[test]
fn a_withdrawal_refuses_what_is_held() {
    let world = world();
    let message = world.accept("serena", &strange());
    world.accept("serena", &documents::withdrawal("P-1", AINO, "S-1"));
    let delivery = world.reaches(&message, "malli-ry", "refused");
    assert_eq!(delivery["cause"], "withdrawn");
    release(&world, &message);
    world.reaches(&message, "malli-ry", "refused");
    assert_eq!(webhooks(&world), 0);
}

#[test]
fn a_replay_settles_what_was_held() {
    let world = world();
    let message = world.accept("serena", &strange());
    let path = format!("/messages/{message}/replay?to=malli-ry");
    let again = world.api("POST", &path, "").expect(202).json();
    let again = again["message"].as_str().expect("a message");
    world.reaches(again, "malli-ry", "delivered");
    world.reaches(&message, "malli-ry", "replayed");
    assert!(held(&world).iter().all(|row| row["destination"] != "malli-ry"));
}
