//! Waiting for a basis.

use jiff::{SignedDuration, Timestamp};
use luotsi_journal::State;

use crate::{
    laws,
    papers::{consent, consent_from, peer_support, prohibition},
    world::World,
};

#[test]
fn a_consent_releases_what_waits_for_it_at_once_and_in_order() {
    let world = World::new(1);
    let hub = world.start();
    let mut receipts: Vec<_> =
        (0..5).map(|n| hub.post(&peer_support(&format!("L-{n}"), 1)).unwrap()).collect();
    let another = hub.post(&peer_support("L-1", 2)).unwrap();
    for receipt in receipts.iter().chain([&another]) {
        hub.wait_for_state(receipt, "malli-ry", State::Waiting);
        for system in ["home-care", "plan"] {
            hub.wait_for_state(receipt, system, State::Delivered);
        }
    }
    hub.stop();
    // That it waits outlives the hub.
    let hub = world.start();
    let given = hub.post(&consent("S-1", 1)).unwrap();
    assert_eq!(given.in_flight, Some(0));
    hub.wait_for_state(&receipts[4], "malli-ry", State::Delivered);
    let sent: Vec<_> = receipts.iter().map(|receipt| receipt.message).collect();
    assert_eq!(world.far("malli-ry").taken(&hub.client(1)), sent);
    assert_eq!(
        hub.delivery(&another, "malli-ry").state,
        State::Waiting,
        "she consented to nothing"
    );
    receipts.extend([another, given]);
    laws::check(&world, &hub, &receipts);
}

#[test]
fn a_consent_for_later_releases_on_its_day() {
    let world = World::new(4);
    let hub = world.start();
    let waits = hub.post(&peer_support("L-1", 1)).unwrap();
    hub.wait_for_state(&waits, "malli-ry", State::Waiting);
    let given = hub.post(&consent_from("S-1", 1, "22.11.2026")).unwrap();
    // The day begins at midnight in Finland, two hours ahead of UTC.
    let begins: Timestamp = "2026-11-21T22:00:00Z".parse().unwrap();
    hub.wait_for_due(&waits, "malli-ry", begins);
    world.clock.move_to(begins - SignedDuration::from_secs(2));
    let another = hub.post(&peer_support("L-2", 2)).unwrap();
    hub.wait_for_state(&another, "malli-ry", State::Waiting);
    assert_eq!(hub.delivery(&waits, "malli-ry").state, State::Waiting, "it is not yet the day");
    world.clock.pass(SignedDuration::from_secs(3));
    hub.wait_for_state(&waits, "malli-ry", State::Delivered);
    laws::check(&world, &hub, &[waits, given, another]);
}

#[test]
fn what_waits_too_long_is_refused() {
    let world = World::new(2);
    let hub = world.start();
    let waits = hub.post(&peer_support("L-1", 1)).unwrap();
    hub.wait_for_state(&waits, "malli-ry", State::Waiting);
    let deadline = hub.delivery(&waits, "malli-ry").deadline;
    world.clock.move_to(deadline - SignedDuration::from_secs(2));
    world.clock.pass(SignedDuration::from_secs(1));
    let later = hub.post(&peer_support("L-2", 2)).unwrap();
    hub.wait_for_state(&later, "malli-ry", State::Waiting);
    assert_eq!(hub.delivery(&waits, "malli-ry").state, State::Waiting, "a second is left");
    world.clock.pass(SignedDuration::from_secs(2));
    hub.wait_for_state(&waits, "malli-ry", State::Refused);
    assert_eq!(hub.delivery(&waits, "malli-ry").cause.as_deref(), Some("no-basis-in-time"));
    let late = hub.post(&consent("S-1", 1)).unwrap();
    hub.post(&consent("S-2", 2)).unwrap();
    hub.wait_for_state(&later, "malli-ry", State::Delivered);
    assert_eq!(world.far("malli-ry").taken(&hub.client(1)), [], "refused is refused");
    laws::check(&world, &hub, &[waits, later, late]);
}

#[test]
fn a_prohibition_ends_the_wait() {
    let world = World::new(3);
    let hub = world.start();
    let waits = hub.post(&peer_support("L-1", 1)).unwrap();
    hub.wait_for_state(&waits, "malli-ry", State::Waiting);
    hub.post(&prohibition("K-1", 1)).unwrap();
    hub.wait_for_state(&waits, "malli-ry", State::Refused);
    assert_eq!(hub.delivery(&waits, "malli-ry").cause.as_deref(), Some("prohibited"));
    assert_eq!(world.far("malli-ry").calls().len(), 0);
    laws::check(&world, &hub, &[waits]);
}
