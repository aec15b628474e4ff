//! What a dispatcher finds in the journal where something was told.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use luotsi_journal::{
    Error, Session, State,
    read::{self, Delivery},
};
use luotsi_model::SystemId;

use super::lanes::LaneKey;
use crate::send::Item;

/// What the journal has of a lane.
pub(super) fn pending_in(
    c: &Session,
    system: &SystemId,
    key: &LaneKey,
) -> Result<Vec<Delivery>, Error> {
    match key {
        LaneKey::Client(client) => read::pending_of(c, system, client),
        LaneKey::Alone(seq) => {
            let found = read::pending(c, system, seq - 1, 1)?;
            Ok(found.into_iter().filter(|delivery| delivery.seq == *seq).collect())
        }
    }
}

/// What is found where something was told of.
pub(super) struct LookedAt {
    pub(super) found: Vec<Delivery>,
    /// What pends about the same clients, and nobody may have told of.
    pub(super) beside: Vec<Delivery>,
    /// The messages of both that are not at hand.
    pub(super) messages: Vec<read::Message>,
}

/// Looks at places that were told, those `at_hand` among them.
pub(super) fn looked_at(
    c: &Session,
    system: &SystemId,
    places: &BTreeSet<i64>,
    at_hand: &BTreeSet<i64>,
) -> Result<LookedAt, Error> {
    let mut found = read::deliveries_at(c, places)?;
    found.retain(|(delivery, _)| delivery.destination == *system);
    // Of each client how many are ready up to the last place, and how many of them are known.
    let mut clients = BTreeMap::new();
    for (delivery, ready) in &found {
        let Some(client) = &delivery.subject else { continue };
        let (most, known) = clients.entry(client).or_insert((0, 0));
        *most = (*most).max(*ready);
        *known += usize::from(delivery.state == State::Ready);
    }
    // Most have nothing else, and then are asked for no more.
    let more = clients.iter().filter(|(_, (ready, known))| ready > known);
    let mut beside = read::pending_of_all(c, system, more.map(|(client, _)| *client))?;
    beside.retain(|one| one.state == State::Ready && !places.contains(&one.seq));
    let found: Vec<Delivery> = found.into_iter().map(|(delivery, _)| delivery).collect();
    let goes = |delivery: &&Delivery| matches!(delivery.state, State::Ready | State::Sending);
    let others = found.iter().filter(goes).filter(|delivery| !at_hand.contains(&delivery.seq));
    let messages: Vec<i64> = others.chain(&beside).map(|delivery| delivery.message).collect();
    let messages = read::messages_at(c, &messages)?;
    Ok(LookedAt { found, beside, messages })
}

/// What waits for a basis has been decided on the directives of today, until its deadline.
pub(super) fn to_decide(delivery: Delivery, now: Timestamp) -> Option<Item> {
    match delivery.state {
        State::Waiting if delivery.deadline > now => None,
        State::Waiting => Some(Item::from(delivery).due_at(now)),
        _ => Some(delivery.into()),
    }
}
