//! What must hold of a journal at the end, whatever has happened.

use std::{collections::HashMap, fmt};

use luotsi_flow::Receipt;
use luotsi_journal::{
    Entry, Journal, Phase, State,
    read::{self, Delivery},
};

use crate::world::{Hub, World, said};

/// Everything acknowledged is there, every delivery has one end or a reason to be pending, and the
/// disclosure log tells of every call.
pub(crate) fn check(world: &World, hub: &Hub<'_>, acknowledged: &[Receipt]) {
    hold(world, hub.journal(), acknowledged);
}

/// The same, of a journal that any hub may have open.
pub(crate) fn hold(world: &World, journal: &Journal, acknowledged: &[Receipt]) {
    for (system, far) in &world.systems {
        assert_eq!(far.wrongs(), [""; 0], "{system}");
    }
    check_told(journal);
    let mut calls = HashMap::new();
    for call in world.systems.values().flat_map(|far| far.calls()) {
        let (count, taken) = calls.entry(call.delivery).or_insert((0, 0));
        *count += 1;
        *taken += usize::from(call.taken);
    }
    for receipt in acknowledged {
        let id = receipt.message;
        let found = journal.read_now(|c| {
            let Some(message) = read::message(c, id)? else { return Ok(None) };
            Ok(Some((read::of_message(c, message.seq)?, read::trail(c, message.seq)?)))
        });
        let (deliveries, trail) = found.unwrap().expect("what was acknowledged is there");
        assert_eq!(deliveries.len(), receipt.deliveries, "of {id}");
        for delivery in deliveries {
            let own: Vec<_> = trail.iter().filter(|e| e.delivery == Some(delivery.id)).collect();
            let (called, taken) = calls.get(&delivery.id).copied().unwrap_or_default();
            check_trail(&delivery, &own, called, taken);
        }
    }
}

/// What the hub says itself is of a refusal, and each is told by one message of its own; or of a
/// recall, and then it is about nobody.
fn check_told(journal: &Journal) {
    for said in said(journal) {
        if said.envelope.kind.as_str() == "recall" {
            assert_eq!((said.envelope.subject, said.envelope.answers), (None, None));
            continue;
        }
        let delivery = said.envelope.answers.expect("it answers what it refuses");
        let refused = journal.read_now(|c| read::delivery(c, delivery)).unwrap();
        let refused = refused.expect("a delivery");
        assert_eq!(refused.state, State::Refused, "{refused:#?}");
        assert_eq!(refused.told, Some(said.envelope.id), "told once: {refused:#?}");
    }
}

/// What is told of a delivery for which a law does not hold. Written out only then.
struct What<'a>(&'a Delivery, &'a [&'a Entry]);

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#?}\n{:#?}", self.0, self.1)
    }
}

fn check_trail(delivery: &Delivery, own: &[&Entry], called: usize, taken: usize) {
    let of = |phase| own.iter().filter(move |entry| entry.phase == phase);
    let results =
        |word: &'static str| of(Phase::Outcome).filter(move |e| e.result.as_deref() == Some(word));
    let what = What(delivery, own);
    let (intents, outcomes) = (of(Phase::Intent).count(), of(Phase::Outcome).count());
    let open = usize::from(delivery.state == State::Sending);
    assert_eq!(intents, outcomes + open, "every intent has its outcome: {what}");
    assert!(called <= intents, "{called} calls: {what}");
    let is_open = |pair: &[&Entry]| pair[0].phase == Phase::Intent;
    let closed_at_once =
        own.windows(2).all(|pair| is_open(pair) == (pair[1].phase == Phase::Outcome));
    assert!(closed_at_once, "an outcome follows its intent: {what}");
    let delivered = results("delivered").count();
    assert_eq!(delivered, usize::from(delivery.state == State::Delivered), "one end: {what}");
    let last = own.last().map(|entry| entry.phase);
    match delivery.state {
        State::Delivered => assert!(taken > 0, "delivered, and nobody has it: {what}"),
        State::Refused => assert_eq!(last, Some(Phase::Refusal), "{what}"),
        State::Waiting => assert_eq!(last, Some(Phase::Wait), "{what}"),
        State::Dead | State::Replayed | State::Settled => {
            assert!(delivery.cause.is_some(), "dead for no reason: {what}");
        }
        State::Ready | State::Sending | State::Held => {}
    }
    let interrupted = results("interrupted").count();
    let twice = taken > delivered + interrupted + open;
    assert!(!twice, "taken {taken} times: {what}");
}
