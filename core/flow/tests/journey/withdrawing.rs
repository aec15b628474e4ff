//! A consent taken back while a message is on its way.

use std::{
    sync::{Arc, mpsc::channel},
    thread,
};

use luotsi_journal::State;
use tokio::{runtime::Builder, sync::watch};

use crate::{
    far::Answer,
    laws,
    papers::{consent, peer_support, withdrawal},
    world::{World, incoming},
};

#[test]
fn a_withdrawal_between_decision_and_intent_is_obeyed() {
    let world = World::new(1);
    let hub = world.start();
    hub.post(&consent("S-1", 1)).unwrap();
    let (told, receipt) = channel();
    let flow = Arc::downgrade(&hub.flow);
    // In the middle of the send: permitted, mapped out, its intent not yet written.
    world.entropy.at_next_send(move || {
        let accepted = thread::spawn(move || {
            let flow = flow.upgrade().expect("a hub");
            let paper = withdrawal("P-1", 1, "S-1");
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(flow.accept(incoming(&paper))).unwrap()
        });
        told.send(accepted.join().unwrap()).unwrap();
    });
    world.far("home-care").script(|_| Answer::Hang);
    world.far("plan").script(|_| Answer::Hang);
    let sent = hub.post(&peer_support("L-1", 1)).unwrap();
    let withdrawn = receipt.recv().unwrap();
    hub.wait_for_state(&sent, "malli-ry", State::Refused);
    assert_eq!(hub.delivery(&sent, "malli-ry").cause.as_deref(), Some("withdrawn"));
    assert_eq!(world.far("malli-ry").calls().len(), 0, "nothing has left");
    assert!(withdrawn.in_flight.is_some());
    laws::check(&world, &hub, &[sent, withdrawn]);
}

#[test]
fn a_withdrawal_during_a_send_is_told_so() {
    let world = World::new(2);
    let (free, is_free) = watch::channel(false);
    world.far("malli-ry").script(move |_| Answer::Hold(is_free.clone()));
    let hub = world.start();
    hub.post(&consent("S-1", 1)).unwrap();
    let first = hub.post(&peer_support("L-1", 1)).unwrap();
    let second = hub.post(&peer_support("L-2", 1)).unwrap();
    for system in ["home-care", "plan"] {
        hub.wait_for_state(&second, system, State::Delivered);
    }
    hub.wait_until("the first to be under way", || world.far("malli-ry").calls().len() == 1);
    let withdrawn = hub.post(&withdrawal("P-1", 1, "S-1")).unwrap();
    assert_eq!(withdrawn.in_flight, Some(1));
    free.send_replace(true);
    hub.wait_for_state(&first, "malli-ry", State::Delivered);
    hub.wait_for_state(&second, "malli-ry", State::Refused);
    let sent = [&first, &second].map(|one| hub.delivery(one, "malli-ry").id);
    // The notice of the recall may have come as well.
    let calls = world.far("malli-ry").calls();
    let of_these: Vec<_> = calls.iter().map(|c| c.delivery).filter(|d| sent.contains(d)).collect();
    assert_eq!(of_these, sent[..1]);
    let again = hub.post(&withdrawal("P-2", 1, "S-1")).unwrap();
    assert_eq!(again.in_flight, Some(0));
    laws::check(&world, &hub, &[first, second, withdrawn, again]);
}

#[test]
fn a_withdrawal_between_two_attempts_is_obeyed() {
    let world = World::new(3);
    world.far("malli-ry").script(|_| Answer::Fail);
    let hub = world.start();
    hub.post(&consent("S-1", 1)).unwrap();
    let sent = hub.post(&peer_support("L-1", 1)).unwrap();
    hub.wait_until("a failure", || hub.delivery(&sent, "malli-ry").attempts == 1);
    hub.post(&withdrawal("P-1", 1, "S-1")).unwrap();
    hub.wait_for_state(&sent, "malli-ry", State::Refused);
    let refused = hub.delivery(&sent, "malli-ry").id;
    // The notice of the recall may have come as well.
    let calls = world.far("malli-ry").calls();
    assert_eq!(calls.iter().filter(|call| call.delivery == refused).count(), 1);
    laws::check(&world, &hub, &[sent]);
}
