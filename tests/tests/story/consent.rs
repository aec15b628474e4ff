//! Consent before, after and never; prohibition over consent.

use std::time::Duration;

use luotsi_tests::{
    documents::{self, Referral, Scope},
    people::{AINO, EINO},
    standin,
    world::{Setup, World},
};

fn referral(reference: &str, hetu: &str) -> String {
    Referral::to_peer_support(reference, hetu).xml()
}

#[test]
fn a_referral_waits_for_its_consent_and_goes_within_a_second() {
    let world = World::new();
    let message = world.accept("serena", &referral("L-1", EINO));
    world.reaches(&message, "malli-ry", "waiting");
    // Nobody else waits for it: home care has a basis of its own.
    world.reaches(&message, "home-care", "delivered");
    world.reaches(&message, "plan", "delivered");
    // Another client's consent, and hers for something else, release nothing.
    world.accept("serena", &documents::consent("S-A", AINO, Scope::PEER_SUPPORT));
    let planning = Scope { purposes: &["suunnittelu"], ..Scope::PEER_SUPPORT };
    world.accept("serena", &documents::consent("S-P", EINO, planning));
    world.reaches(&message, "malli-ry", "waiting");
    assert!(world.malli_ry.received().is_empty());

    let given = standin::now();
    world.accept("serena", &documents::consent("S-E", EINO, Scope::PEER_SUPPORT));
    let received = world.malli_ry.wait("the released referral", |_| true);
    let took = Duration::from_micros((received.at - given).unsigned_abs());
    assert!(took < Duration::from_secs(1), "{took:?}");
    world.reaches(&message, "malli-ry", "delivered");
}

#[test]
fn what_waits_keeps_its_order() {
    let world = World::new();
    let references: Vec<String> = (0..8).map(|n| format!("L-{n}")).collect();
    let messages: Vec<String> =
        references.iter().map(|r| world.accept("serena", &referral(r, EINO))).collect();
    for message in &messages {
        world.reaches(message, "malli-ry", "waiting");
    }
    world.accept("serena", &documents::consent("S-E", EINO, Scope::PEER_SUPPORT));
    for message in &messages {
        world.reaches(message, "malli-ry", "delivered");
    }
    let got: Vec<String> = world
        .malli_ry
        .received()
        .iter()
        .map(|r| r.json()["data"]["reference"].as_str().expect("a reference").to_owned())
        .collect();
    assert_eq!(got, references);
}

#[test]
fn a_wait_ends_at_its_deadline() {
    let setup = Setup::new();
    setup.region.edit("routes.toml", "wait = \"14d\"", "wait = \"1s\"");
    let world = setup.start();
    let message = world.accept("serena", &referral("L-1", EINO));
    let delivery = world.reaches(&message, "malli-ry", "refused");
    assert_eq!(delivery["cause"], "no-basis-in-time");
    // A consent that comes too late revives nothing.
    world.accept("serena", &documents::consent("S-E", EINO, Scope::PEER_SUPPORT));
    let later = world.accept("serena", &referral("L-2", EINO));
    world.reaches(&later, "malli-ry", "delivered");
    world.reaches(&message, "malli-ry", "refused");
    assert_eq!(world.malli_ry.received().len(), 1);
}

#[test]
fn a_wait_outlives_a_crash_and_so_does_its_release() {
    let world = World::new();
    let message = world.accept("serena", &referral("L-1", EINO));
    world.reaches(&message, "malli-ry", "waiting");
    world.kill();
    world.start();
    world.reaches(&message, "malli-ry", "waiting");
    world.accept("serena", &documents::consent("S-E", EINO, Scope::PEER_SUPPORT));
    world.reaches(&message, "malli-ry", "delivered");
    assert_eq!(world.malli_ry.received().len(), 1);
}

#[test]
fn a_prohibition_goes_over_a_consent() {
    let check = |categories: &[&str], state: &str, needs: bool| {
        let world = World::new();
        world.accept("serena", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
        let scope = Scope { categories, purposes: &[], ..Scope::PEER_SUPPORT };
        world.accept("serena", &documents::prohibition("K-1", AINO, scope));
        let message = world.accept("serena", &referral("L-1", AINO));
        let delivery = world.reaches(&message, "malli-ry", state);
        // Use within the own register is no disclosure: a kielto has no say in it.
        world.reaches(&message, "home-care", "delivered");
        let got = world.malli_ry.received();
        match got.first() {
            None => assert_eq!(delivery["cause"], "prohibited"),
            Some(got) => {
                assert_eq!(got.json()["data"]["need"].is_string(), needs, "{categories:?}");
            }
        }
        assert_eq!(got.len(), usize::from(state == "delivered"), "{categories:?}");
    };
    check(&[], "refused", false);
    check(&["tarve"], "delivered", false);
    check(&["terveys"], "delivered", true);
    check(&["henkilotiedot", "yhteystiedot", "tarve", "suunnitelma", "hallinto"], "refused", false);
}

#[test]
fn a_prohibition_meets_what_waits() {
    let world = World::new();
    let message = world.accept("serena", &referral("L-1", EINO));
    world.reaches(&message, "malli-ry", "waiting");
    world.accept("serena", &documents::prohibition("K-1", EINO, Scope::PEER_SUPPORT));
    let delivery = world.reaches(&message, "malli-ry", "refused");
    assert_eq!(delivery["cause"], "prohibited");
}
