//! Those who received something on a consent are told when it is taken back, to the end.

use jiff::SignedDuration;
use luotsi_flow::Receipt;
use luotsi_journal::{
    RecallState, State,
    read::{self, Held, Recall},
};
use luotsi_model::DeliveryId;
use tokio::sync::watch;

use crate::{
    far::Answer,
    laws,
    papers::{consent, peer_support, withdrawal},
    world::{Hub, World},
};

fn recalls(hub: &Hub<'_>) -> Vec<Recall> {
    hub.journal().read_now(|c| read::recalls(c, &RecallState::ALL, 100)).unwrap()
}

/// Waits for the only recall to stand there.
fn wait_for(hub: &Hub<'_>, state: RecallState) -> Recall {
    let what = format!("a recall to become {state:?}");
    hub.wait_until(&what, || matches!(&recalls(hub)[..], [one] if one.state == state));
    recalls(hub).remove(0)
}

/// What Malli ry answers to a task.
fn answer(hub: &Hub<'_>, task: DeliveryId, status: &str, reason: &str) -> Receipt {
    let body = format!(r#"{{"task": "{task}", "status": "{status}", "reason": "{reason}"}}"#);
    let body = if reason.is_empty() {
        format!(r#"{{"task": "{task}", "status": "{status}"}}"#)
    } else {
        body
    };
    hub.post_as("malli-ry", body.as_bytes()).unwrap()
}

/// A referral delivered to Malli ry on a consent, which is then taken back.
fn taken_back(world: &World, hub: &Hub<'_>) -> (Receipt, Recall) {
    hub.post(&consent("S-1", 1)).unwrap();
    let sent = hub.post(&peer_support("L-1", 1)).unwrap();
    for system in ["malli-ry", "home-care", "plan"] {
        hub.wait_for_state(&sent, system, State::Delivered);
    }
    hub.post(&withdrawal("P-1", 1, "S-1")).unwrap();
    let recall = wait_for(hub, RecallState::Sent);
    let notice = recall.notice.unwrap();
    hub.wait_until("the notice", || {
        world.far("malli-ry").calls().iter().any(|c| c.delivery == notice)
    });
    (sent, recall)
}

#[test]
fn an_acknowledged_notice_ends_the_recall() {
    let world = World::new(1);
    let hub = world.start();
    let (sent, recall) = taken_back(&world, &hub);
    assert_eq!(recall.held, Held::Delivery(hub.delivery(&sent, "malli-ry").id));
    assert_eq!(recall.client, hub.client(1));
    let calls = world.far("malli-ry").calls();
    assert_eq!(calls.len(), 2, "the referral and the notice");
    assert_eq!(calls[1].client, None, "the notice is about nobody");
    let acknowledged = answer(&hub, recall.notice.unwrap(), "accepted", "");
    assert_eq!(acknowledged.deliveries, 0, "the hub itself is who asked");
    wait_for(&hub, RecallState::Acknowledged);
    // Home care and the plan hold the same in their own register.
    assert_eq!(recalls(&hub).len(), 1);
    world.clock.pass(SignedDuration::from_hours(24 * 30));
    let later = hub.post(&peer_support("L-2", 2)).unwrap();
    hub.wait_for_state(&later, "home-care", State::Delivered);
    assert_eq!(recalls(&hub)[0].state, RecallState::Acknowledged);
    assert_eq!(world.far("malli-ry").calls().len(), 2, "told once");
    laws::check(&world, &hub, &[sent]);
}

#[test]
fn what_is_under_way_is_recalled_when_it_has_arrived_and_only_then() {
    for (n, arrives) in [(1, true), (2, false)] {
        let world = World::new(n);
        let (free, is_free) = watch::channel(false);
        let mut first = true;
        world.far("malli-ry").script(move |_| match std::mem::take(&mut first) {
            true if arrives => Answer::Hold(is_free.clone()),
            true => Answer::LoseAfter(is_free.clone()),
            false => Answer::Take,
        });
        let hub = world.start();
        hub.post(&consent("S-1", 1)).unwrap();
        let sent = hub.post(&peer_support("L-1", 1)).unwrap();
        for system in ["home-care", "plan"] {
            hub.wait_for_state(&sent, system, State::Delivered);
        }
        hub.wait_until("the send", || world.far("malli-ry").calls().len() == 1);
        let withdrawn = hub.post(&withdrawal("P-1", 1, "S-1")).unwrap();
        assert_eq!(withdrawn.in_flight, Some(1));
        // Something else is refused meanwhile, so what is owed has been looked at.
        world.clock.pass(SignedDuration::from_secs(2));
        let other = hub.post(&consent("S-2", 2)).unwrap();
        hub.wait_until("a look", || recalls(&hub).len() == 1);
        assert_eq!(recalls(&hub)[0].state, RecallState::Owed, "it does not overtake");
        free.send_replace(true);
        let end = if arrives { State::Delivered } else { State::Refused };
        let is_over = || hub.delivery(&sent, "malli-ry").state != State::Sending;
        hub.wait_until("its outcome", is_over);
        world.clock.pass(SignedDuration::from_secs(2));
        hub.wait_for_state(&sent, "malli-ry", end);
        if arrives {
            wait_for(&hub, RecallState::Sent);
        } else {
            let recall = wait_for(&hub, RecallState::Settled);
            assert_eq!(recall.cause.as_deref(), Some("what was under way did not reach them"));
            assert_eq!(world.far("malli-ry").calls().len(), 1, "no notice of what never came");
        }
        laws::check(&world, &hub, &[sent, withdrawn, other]);
    }
}

#[test]
fn what_is_not_acknowledged_goes_to_a_person() {
    let world = World::new(3);
    let hub = world.start();
    let (_, recall) = taken_back(&world, &hub);
    world.clock.move_to(recall.deadline.unwrap() - SignedDuration::from_secs(2));
    world.clock.pass(SignedDuration::from_secs(1));
    hub.crash();
    // That it is open outlives the hub; a second is left.
    let hub = world.start();
    assert_eq!(recalls(&hub)[0].state, RecallState::Sent);
    world.clock.pass(SignedDuration::from_secs(2));
    let late = wait_for(&hub, RecallState::ForAPerson);
    assert!(late.cause.unwrap().starts_with("not acknowledged by "));
    // Better late than never.
    answer(&hub, late.notice.unwrap(), "accepted", "");
    wait_for(&hub, RecallState::Acknowledged);
}

#[test]
fn a_recipient_who_does_not_stop_or_cannot_be_told_goes_to_a_person() {
    let world = World::new(4);
    let hub = world.start();
    let (_, recall) = taken_back(&world, &hub);
    answer(&hub, recall.notice.unwrap(), "rejected", "Ei onnistu.");
    let refused = wait_for(&hub, RecallState::ForAPerson);
    assert_eq!(refused.cause.as_deref(), Some("the recipient answered rejected"));

    let world = World::new(5);
    world.far("malli-ry").script(|call| match call.client {
        Some(_) => Answer::Take,
        None => Answer::Reject,
    });
    let hub = world.start();
    taken_back_unheard(&hub);
    let dead = wait_for(&hub, RecallState::ForAPerson);
    assert_eq!(dead.cause.as_deref(), Some("the notice ended as dead-letter: scripted"));

    for (without, cause) in [
        (
            ("connections/malli-ry.toml", ", \"malli-ry/recall\""),
            "no mapping of malli-ry writes a recall",
        ),
        (
            ("policy.toml", ", \"third-sector\", \"private\""),
            "the notice ended as refused: no-basis",
        ),
    ] {
        let world = World::without(6, without);
        let hub = world.start();
        taken_back_unheard(&hub);
        let recall = wait_for(&hub, RecallState::ForAPerson);
        assert_eq!(recall.cause.as_deref(), Some(cause));
        assert_eq!(world.far("malli-ry").calls().len(), 1, "the referral alone");
    }
}

fn taken_back_unheard(hub: &Hub<'_>) {
    hub.post(&consent("S-1", 1)).unwrap();
    let sent = hub.post(&peer_support("L-1", 1)).unwrap();
    hub.wait_for_state(&sent, "malli-ry", State::Delivered);
    hub.post(&withdrawal("P-1", 1, "S-1")).unwrap();
}

/// Whoever rejected it may have read it, so it is recalled; and nobody can send it any more.
#[test]
fn a_dead_letter_whose_basis_is_gone_is_refused() {
    let world = World::new(7);
    world.far("malli-ry").script(|call| match call.client {
        Some(_) => Answer::Reject,
        None => Answer::Take,
    });
    let hub = world.start();
    hub.post(&consent("S-1", 1)).unwrap();
    hub.post(&consent("S-2", 2)).unwrap();
    let [hers, others] = [1, 2].map(|n| hub.post(&peer_support("L-1", n)).unwrap());
    for sent in [&hers, &others] {
        hub.wait_for_state(sent, "malli-ry", State::Dead);
    }
    // A change that leaves its basis leaves the dead letter.
    hub.post(&consent("S-3", 1)).unwrap();
    hub.wait_until("the look", || {
        hub.journal().read_now(|c| read::reconsidering(c, 0, 9)).unwrap().is_empty()
    });
    assert_eq!(hub.delivery(&hers, "malli-ry").state, State::Dead);
    hub.post(&withdrawal("P-1", 1, "S-1")).unwrap();
    hub.post(&withdrawal("P-3", 1, "S-3")).unwrap();
    hub.wait_for_state(&hers, "malli-ry", State::Refused);
    assert_eq!(hub.delivery(&hers, "malli-ry").cause.as_deref(), Some("withdrawn"));
    assert_eq!(hub.delivery(&others, "malli-ry").state, State::Dead);
    wait_for(&hub, RecallState::Sent);
    laws::check(&world, &hub, &[hers, others]);
}
