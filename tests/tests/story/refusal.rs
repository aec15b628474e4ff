//! A refusal goes back to its sender over its own socket, and does not tell why.

use std::time::Duration;

use luotsi_tests::{
    documents::{self, Referral, Scope},
    people::{AINO, EINO},
    standin::{self, Received},
    wait,
    world::{Setup, World},
};

/// The wait of the tests' route, and what the hub adds before it tells.
const TOLD_AFTER: Duration = Duration::from_secs(1 + 5);

/// The demo region with a short wait, and a second system that records prohibitions.
fn impatient() -> World {
    let setup = Setup::new();
    setup.region.edit("routes.toml", "wait = \"14d\"", "wait = \"1s\"");
    setup.region.edit(
        "connections/huoltajat.toml",
        "\"serena/withdrawal\"]",
        "\"serena/withdrawal\", \"serena/prohibition\"]",
    );
    setup.start()
}

fn refer(world: &World, reference: &str, hetu: &str) -> String {
    world.accept("serena", &Referral::to_peer_support(reference, hetu).xml())
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let start = text.find(from).expect(from) + from.len();
    &text[start..start + text[start..].find(to).expect(to)]
}

/// Every byte of it but ids, times and the sender's own reference, which keep their lengths.
fn bare(received: &Received, reference: &str) -> String {
    let whole = String::from_utf8_lossy(&received.bytes).into_owned();
    let body = received.text();
    let mut own = vec![reference, between(&body, "<Aika>", "</Aika>")];
    own.extend(received.delivery());
    own.extend(received.header("traceparent"));
    own.iter().fold(whole, |text, own| text.replace(own, &"-".repeat(own.len())))
}

fn told(world: &World, reference: &str) -> Received {
    world.serena.wait("the refusal", |received| received.text().contains(reference))
}

#[test]
fn a_missing_and_a_prohibiting_directive_are_told_in_the_same_bytes() {
    let world = impatient();
    world.accept("huoltajat", &documents::prohibition("K-1", AINO, Scope::PEER_SUPPORT));
    let posted = standin::now();
    let prohibited = refer(&world, "L-PROHI", AINO);
    let missing = refer(&world, "L-MISSI", EINO);
    world.reaches(&prohibited, "malli-ry", "refused");
    let waits = world.reaches(&missing, "malli-ry", "waiting");
    assert_eq!(waits["wanted"]["who"], "mallikunta-guidance", "{waits:#}");
    let releases = waits["wanted"]["releases"].as_array().expect("what would release it");
    assert!(
        releases.iter().any(|what| what.as_str().unwrap_or("").contains("consent")),
        "{waits:#}"
    );
    let (one, other) = (told(&world, "L-PROHI"), told(&world, "L-MISSI"));
    assert_eq!(bare(&one, "L-PROHI"), bare(&other, "L-MISSI"));
    assert_eq!(one.bytes.len(), other.bytes.len());
    let reason = between(&one.text(), "<Syy>", "</Syy>").to_owned();
    assert_eq!(reason, "no basis to send to malli-ry");
    for received in [&one, &other] {
        let after = Duration::from_micros((received.at - posted).unsigned_abs());
        assert!(after >= TOLD_AFTER, "{after:?}");
    }
    for message in [&prohibited, &missing] {
        let refused = world.reaches(message, "malli-ry", "refused");
        assert_eq!(refused["task"], "rejected");
        assert_eq!(
            (&refused["heard"]["system"], &refused["heard"]["has_way_back"]),
            (&"serena".into(), &true.into())
        );
        assert!(refused["heard"]["message"].is_string(), "{refused:#}");
    }
    assert_eq!(world.serena.count(), 2, "each once");
}

#[test]
fn a_senders_own_prohibition_is_told_at_once_and_by_name() {
    let world = World::new();
    world.accept("serena", &documents::prohibition("K-OMA", AINO, Scope::PEER_SUPPORT));
    refer(&world, "L-1", AINO);
    let document = told(&world, "L-1").text();
    assert_eq!(between(&document, "<Tehtava>", "</Tehtava>"), "hylatty");
    assert_eq!(between(&document, "<Syy>", "</Syy>"), "prohibited by the directive K-OMA");
    assert_eq!(between(&document, "<Tekija>", "</Tekija>"), "luotsi");
}

#[test]
fn a_sender_without_a_way_back_is_shown_as_such() {
    let setup = Setup::new();
    setup.region.edit("routes.toml", "[\"luotsi\"]", "[\"home-care\"]");
    let world = setup.start();
    world.accept("serena", &documents::prohibition("K-OMA", AINO, Scope::PEER_SUPPORT));
    let message = refer(&world, "L-1", AINO);
    world.reaches(&message, "malli-ry", "refused");
    let is_told = || world.delivery(&message, "malli-ry")["heard"]["message"].is_string();
    wait::holds("the hub to have said it", is_told);
    let heard = &world.delivery(&message, "malli-ry")["heard"];
    assert_eq!(heard["has_way_back"], false, "{heard:#}");
    assert!(world.log().contains("has something to say and no way there"), "{}", world.log());
    assert_eq!(world.serena.count(), 0);
}
