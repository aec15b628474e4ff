//! Those who received something on a consent that was taken back are told to stop, to the end.

use std::process::Command;

use luotsi_tests::{
    canary::Canaries,
    dice::Dice,
    documents::{self, Referral, Scope},
    hub::Hub,
    paths,
    standin::{Manner, Received},
    wait,
    world::{Setup, World},
};
use serde_json::Value;

/// A referral at Malli ry, every field of which is a canary, and then the withdrawal.
fn taken_back(world: &World, canaries: &mut Canaries) -> (String, String) {
    let hetu = canaries.hetu("client.hetu");
    world.accept("serena", &documents::consent("S-1", &hetu, Scope::PEER_SUPPORT));
    let referral = Referral {
        given: canaries.text("client.given"),
        family: canaries.text("client.family"),
        phone: canaries.phone("client.phone"),
        need: canaries.text("need"),
        ..Referral::to_peer_support("L-1", &hetu)
    };
    let message = world.accept("serena", &referral.xml());
    for system in ["malli-ry", "home-care", "plan"] {
        world.reaches(&message, system, "delivered");
    }
    let received = world.malli_ry.wait("the referral", |_| true);
    assert!(!canaries.found_in(received.text().as_bytes()).is_empty(), "it was about her");
    world.accept("serena", &documents::withdrawal("P-1", &hetu, "S-1"));
    (message, received.delivery().expect("an id").to_owned())
}

fn recalls(hub: &Hub) -> Vec<Value> {
    hub.api("GET", "/recalls", "").expect(200).json().as_array().expect("a list").clone()
}

fn becomes(world: &World, state: &str) -> Value {
    wait::until(&format!("the recall to be {state}"), || {
        recalls(world).into_iter().find(|recall| recall["state"] == state)
    })
}

#[test]
fn a_notice_holds_nothing_of_the_client_and_its_answer_ends_the_recall() {
    let world = World::new();
    let mut canaries = Canaries::new(Dice::of(7));
    let (message, held) = taken_back(&world, &mut canaries);
    let notice = world.malli_ry.wait("the notice", Received::is_notice);
    let client = world.journey(&message)["subject"].as_str().unwrap().to_owned();
    let whole = [notice.head(), notice.text().as_bytes()].concat();
    assert_eq!(canaries.found_in(&whole), [""; 0], "{}", notice.text());
    assert!(!String::from_utf8_lossy(&whole).contains(&client), "not even the hub's name for her");
    let data = &notice.json()["data"];
    assert_eq!(data["received"], held);
    assert_eq!((&data["what"], &data["action"]), (&"task".into(), &"stop-processing".into()));
    assert_ne!(data["task"], held);
    let members: Vec<_> = data.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["action", "received", "since", "task", "what"]);

    let sent = becomes(&world, "sent");
    assert_eq!((&sent["held"], &sent["message"]), (&data["received"], &message.into()));
    let metrics = world.metrics();
    let series = metrics
        .lines()
        .find(|line| line.starts_with("luotsi_open_recalls{") && line.contains("state=\"sent\""));
    assert!(series.is_some_and(|line| line.ends_with(" 1")), "{series:?}");
    let task = data["task"].as_str().unwrap();
    world.accept("malli-ry", &documents::answer(task, "accepted", None, None));
    becomes(&world, "acknowledged");
    let open = world.api("GET", "/recalls?open=true", "").expect(200).json();
    assert_eq!(open, Value::Array(Vec::new()));
    let settle = format!("/recalls/{}/settled", sent["recall"].as_str().unwrap());
    assert_eq!(world.api("POST", &settle, "").expect(409).json()["code"], "not-by-hand");
    assert_eq!(canaries.found_in(world.log().as_bytes()), [""; 0]);
}

#[test]
fn what_the_hub_cannot_bring_to_its_end_a_person_does() {
    let setup = Setup::new();
    setup.region.edit("connections/malli-ry.toml", ", \"malli-ry/recall\"", "");
    let world = setup.start();
    let (message, _) = taken_back(&world, &mut Canaries::new(Dice::of(8)));
    let recall = becomes(&world, "for-a-person");
    assert_eq!(recall["cause"], "no mapping of malli-ry writes a recall");
    assert_eq!(world.malli_ry.everything().iter().filter(|one| one.is_notice()).count(), 0);
    let of = |deed| format!("/recalls/{}/{deed}", recall["recall"].as_str().unwrap());
    world.api("POST", &of("again"), "").expect(200);
    becomes(&world, "for-a-person");
    let ops = format!("http://{}", world.ops);
    let mut command = Command::new(paths::luotsi());
    command.args(["recalls", "--open", "--ops", &ops, "--data"]).arg(&world.data);
    let listed = command.output().unwrap();
    let page = String::from_utf8(listed.stdout).unwrap();
    assert!(page.contains("for-a-person") && page.contains("no mapping of malli-ry"), "{page}");
    assert_eq!(listed.status.code(), Some(1), "somebody is waited for");
    world.api("POST", &of("settled"), "").expect(200);
    assert_eq!(becomes(&world, "settled")["cause"], "settled by ops.token");
    world.api("POST", &of("settled"), "").expect(409);
    world.api("POST", "/recalls/no-such/settled", "").expect(404);
    let client = world.journey(&message)["subject"].clone();
    let asked = serde_json::json!({ "client": client }).to_string();
    let report = world.api("POST", "/reports/disclosures", &asked).expect(200).json();
    let uses: Vec<_> = report["uses"].as_array().unwrap().iter().map(|one| &one["what"]).collect();
    for what in ["recall-again", "recall-settled"] {
        assert!(uses.contains(&&Value::from(what)), "{uses:?}");
    }
}

/// Whatever is down, the notice comes when it is up again; a crash of the hub forgets none.
#[test]
fn a_notice_outlives_a_crash() {
    let world = World::new();
    let mut canaries = Canaries::new(Dice::of(9));
    world.malli_ry.be(Manner::Answer(200));
    let (_, held) = taken_back(&world, &mut canaries);
    world.kill();
    world.start();
    let notice = world.malli_ry.wait("the notice", Received::is_notice);
    assert_eq!(notice.json()["data"]["received"], held);
    becomes(&world, "sent");
    assert_eq!(recalls(&world).len(), 1);
}
