//! A consent taken back: nothing goes any more but what was under way, and that is said.

use luotsi_tests::{
    documents::{self, Referral, Scope},
    people::AINO,
    standin::Manner,
    world::World,
};

/// Sends a referral; whatever goes elsewhere has arrived there, and is not under way.
fn refer(world: &World, reference: &str) -> String {
    let message = world.accept("serena", &Referral::to_peer_support(reference, AINO).xml());
    world.reaches(&message, "home-care", "delivered");
    world.reaches(&message, "plan", "delivered");
    message
}

fn consented() -> World {
    let world = World::new();
    world.accept("serena", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
    world
}

#[test]
fn a_withdrawal_stops_what_is_being_retried_and_what_comes_later() {
    let world = consented();
    world.malli_ry.be(Manner::Answer(503));
    let first = refer(&world, "L-1");
    let second = refer(&world, "L-2");
    luotsi_tests::wait::holds("it is retried", || {
        world.delivery(&first, "malli-ry")["attempts"].as_u64() > Some(1)
    });
    // Whether an attempt is under way at this very moment is the hub's to say.
    let answer =
        world.post("serena", &documents::withdrawal("P-1", AINO, "S-1")).expect(202).json();
    assert!(answer["in_flight"].as_u64().is_some_and(|n| n <= 1), "{answer}");
    for message in [&first, &second] {
        assert_eq!(world.reaches(message, "malli-ry", "refused")["cause"], "withdrawn");
    }
    let came = world.malli_ry.received().len();
    world.malli_ry.be(Manner::Answer(200));
    let later = refer(&world, "L-3");
    assert_eq!(world.reaches(&later, "malli-ry", "refused")["cause"], "withdrawn");
    assert_eq!(world.malli_ry.received().len(), came);

    // Given again, it goes again; what was refused stays refused.
    world.accept("serena", &documents::consent("S-2", AINO, Scope::PEER_SUPPORT));
    let anew = refer(&world, "L-4");
    world.reaches(&anew, "malli-ry", "delivered");
    assert_eq!(world.delivery(&first, "malli-ry")["state"], "refused");
}

#[test]
fn what_is_under_way_is_counted_in_the_receipt() {
    let world = consented();
    world.malli_ry.be(Manner::Hold);
    let sent = refer(&world, "L-1");
    let waits = refer(&world, "L-2");
    world.reaches(&sent, "malli-ry", "sending");
    world.malli_ry.wait("it is at the recipient", |_| true);

    let withdrawal = documents::withdrawal("P-1", AINO, "S-1");
    let first = world.post_keyed("serena", "w-1", &withdrawal).unwrap().expect(202).json();
    assert_eq!(first["in_flight"], 1, "{first}");
    // Its sender may have missed the answer: asking again must not make it look better.
    let again = world.post_keyed("serena", "w-1", &withdrawal).unwrap().expect(202).json();
    assert_eq!(again, first);

    // What was under way may end; what stood behind it is refused.
    world.malli_ry.be(Manner::Answer(200));
    world.reaches(&sent, "malli-ry", "delivered");
    assert_eq!(world.reaches(&waits, "malli-ry", "refused")["cause"], "withdrawn");
    assert_eq!(world.malli_ry.received().len(), 1);
}

#[test]
fn an_attempt_under_way_that_fails_is_not_tried_again() {
    let world = consented();
    world.malli_ry.be(Manner::Hold);
    let sent = refer(&world, "L-1");
    world.malli_ry.wait("it is at the recipient", |_| true);
    world.accept("serena", &documents::withdrawal("P-1", AINO, "S-1"));
    world.malli_ry.be(Manner::Answer(503));
    assert_eq!(world.reaches(&sent, "malli-ry", "refused")["cause"], "withdrawn");
    assert_eq!(world.malli_ry.received().len(), 1);
}

#[test]
fn a_withdrawal_of_nothing_is_refused() {
    let world = consented();
    let answer = world.post("serena", &documents::withdrawal("P-1", AINO, "S-9")).expect(422);
    assert_eq!(answer.json()["code"], "unknown-directive");
    let message = refer(&world, "L-1");
    world.reaches(&message, "malli-ry", "delivered");
}
