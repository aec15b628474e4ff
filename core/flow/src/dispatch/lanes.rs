//! The order of deliveries: one lane a client, one delivery of a lane under way at a time.
//!
//! A delivery that is to be retried keeps its place and so holds back the later ones of its lane,
//! and of no other. Deliveries without a client have a lane each: nothing orders them.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
};

use jiff::Timestamp;
use luotsi_model::ClientRef;

use crate::send::Item;

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) enum LaneKey {
    Client(ClientRef),
    Alone(i64),
}

impl LaneKey {
    fn of(item: &Item) -> Self {
        item.subject.clone().map_or(Self::Alone(item.seq), Self::Client)
    }
}

/// In order of acceptance. While `busy`, its head is with a sender and not in `items`.
#[derive(Default)]
struct Lane {
    items: std::collections::VecDeque<Item>,
    busy: bool,
}

/// All lanes of one destination.
#[derive(Default)]
pub(super) struct Lanes {
    lanes: HashMap<LaneKey, Lane>,
    /// When each lane's head is due. An entry whose lane has moved on is skipped when met.
    due: BinaryHeap<Reverse<(Timestamp, i64, LaneKey)>>,
    known: HashSet<i64>,
}

impl Lanes {
    /// Deliveries held, under way or not.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Adds a delivery at its place; one that is known already is left as it is.
    pub(super) fn insert(&mut self, item: Item) {
        if !self.known.insert(item.seq) {
            return;
        }
        let key = LaneKey::of(&item);
        let lane = self.lanes.entry(key.clone()).or_default();
        let at = lane.items.partition_point(|other| other.seq < item.seq);
        lane.items.insert(at, item);
        if at == 0 {
            self.announce(key);
        }
    }

    /// Makes a client's delivery due now, adding it where it is not known.
    pub(super) fn hasten(&mut self, client: &ClientRef, item: Item) {
        let key = LaneKey::Client(client.clone());
        let due = item.due;
        let known = self
            .lanes
            .get_mut(&key)
            .and_then(|lane| lane.items.iter_mut().find(|other| other.seq == item.seq));
        match known {
            Some(known) => {
                known.due = known.due.min(due);
                self.announce(key);
            }
            // Under way: it is decided by its own attempt, whose intent the journal checks.
            None if self.known.contains(&item.seq) => {}
            None => self.insert(item),
        }
    }

    /// The next delivery that is due, now its lane's only one under way.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<(LaneKey, Item)> {
        loop {
            let Reverse((due, seq, _)) = self.due.peek()?;
            if *due > now {
                return None;
            }
            let seq = *seq;
            let Reverse((due, _, key)) = self.due.pop()?;
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            let current = lane.items.front().is_some_and(|head| head.seq == seq && head.due == due);
            if lane.busy || !current {
                continue;
            }
            lane.busy = true;
            return lane.items.pop_front().map(|item| (key, item));
        }
    }

    /// The delivery under way has left; the next of its lane may go.
    pub(super) fn done(&mut self, key: &LaneKey, seq: i64) {
        self.known.remove(&seq);
        self.free(key);
    }

    /// The delivery under way is to be tried again, before all later ones of its lane.
    pub(super) fn again(&mut self, key: &LaneKey, item: Item) {
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.items.push_front(item);
        }
        self.free(key);
    }

    /// When the next delivery is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.peek().map(|Reverse((due, ..))| *due)
    }

    fn free(&mut self, key: &LaneKey) {
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.busy = false;
            if lane.items.is_empty() {
                self.lanes.remove(key);
            } else {
                self.announce(key.clone());
            }
        }
    }

    fn announce(&mut self, key: LaneKey) {
        let Some(lane) = self.lanes.get(&key) else { return };
        if let Some(head) = lane.items.front().filter(|_| !lane.busy) {
            self.due.push(Reverse((head.due, head.seq, key)));
        }
    }
}
