//! The order of deliveries: one lane a client, one delivery of a lane under way at a time.
//!
//! A delivery that is to be retried keeps its place and so holds back the later ones of its lane,
//! and of no other. Deliveries without a client have a lane each: nothing orders them.
//!
//! A lane whose head is not due yet rests: nothing of it is held in memory but when to look for it
//! in the journal again. So what is stuck for days takes no room from what can go.

#[cfg(test)]
mod tests;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet, VecDeque},
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
    pub(super) fn of(item: &Item) -> Self {
        Self::about(item.subject.as_ref(), item.seq)
    }

    pub(super) fn about(client: Option<&ClientRef>, seq: i64) -> Self {
        client.cloned().map_or(Self::Alone(seq), Self::Client)
    }
}

/// In order of acceptance, and due.
#[derive(Default)]
struct Lane {
    items: VecDeque<Item>,
    /// Its head while it is with a sender, and not in `items`: its place, and when it was due.
    busy: Option<(i64, Timestamp)>,
    /// The journal has changed about what is under way: ask it again when that comes back.
    outdated: bool,
}

/// All lanes of one destination.
#[derive(Default)]
pub(super) struct Lanes {
    lanes: HashMap<LaneKey, Lane>,
    /// When each lane's head is due. An entry whose lane has moved on is skipped when met.
    due: BinaryHeap<Reverse<(Timestamp, i64, LaneKey)>>,
    known: HashSet<i64>,
    resting: HashMap<LaneKey, Timestamp>,
    /// When each resting lane wakes, with the same kind of leftovers.
    wakes: BinaryHeap<Reverse<(Timestamp, LaneKey)>>,
}

impl Lanes {
    /// Deliveries held, under way or not.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether a delivery is held, or is left to the journal with its lane.
    pub(super) fn knows(&self, key: &LaneKey, seq: i64) -> bool {
        self.known.contains(&seq) || self.resting.contains_key(key)
    }

    /// Whether a delivery has its turn or waits for it, due at that time, to the microsecond as in the journal.
    pub(super) fn holds(&self, key: &LaneKey, seq: i64, due: Timestamp) -> bool {
        let Some(lane) = self.lanes.get(key).filter(|_| self.known.contains(&seq)) else {
            return false;
        };
        let held = lane.items.iter().map(|item| (item.seq, item.due));
        let micros = |due: Timestamp| due.as_microsecond();
        held.chain(lane.busy).any(|(at, then)| at == seq && micros(then) == micros(due))
    }

    /// Whether a delivery is with a sender.
    pub(super) fn sends(&self, key: &LaneKey, seq: i64) -> bool {
        self.lanes.get(key).and_then(|lane| lane.busy).is_some_and(|(busy, _)| busy == seq)
    }

    /// Whether a lane is left to the journal.
    pub(super) fn rests(&self, key: &LaneKey) -> bool {
        self.resting.contains_key(key)
    }

    /// Adds a delivery at its place. One that is known already is left as it is; one of a resting
    /// lane is left to the journal.
    pub(super) fn insert(&mut self, item: Item, now: Timestamp) {
        let key = LaneKey::of(&item);
        if self.resting.contains_key(&key) || !self.known.insert(item.seq) {
            return;
        }
        let lane = self.lanes.entry(key.clone()).or_default();
        let at = lane.items.partition_point(|other| other.seq < item.seq);
        let rests = at == 0 && lane.busy.is_none() && item.due > now;
        let due = item.due;
        lane.items.insert(at, item);
        if rests {
            self.rest(&key, due);
        } else if at == 0 {
            self.announce(key);
        }
    }

    /// Takes over what the journal has of a lane: for one that wakes, or whose client's directives
    /// have changed.
    pub(super) fn refresh(&mut self, key: &LaneKey, found: Vec<Item>, now: Timestamp) {
        self.resting.remove(key);
        if let Some(lane) = self.lanes.get_mut(key).filter(|lane| lane.busy.is_some()) {
            let held = |item: &Item| lane.items.iter().any(|other| other.seq == item.seq);
            lane.outdated |= found.iter().any(|item| self.known.contains(&item.seq) && !held(item));
        }
        found.into_iter().for_each(|item| self.insert(item, now));
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
            if lane.busy.is_some() || !current {
                continue;
            }
            lane.busy = Some((seq, due));
            return lane.items.pop_front().map(|item| (key, item));
        }
    }

    /// The next resting lane that is to be looked for in the journal. It rests until
    /// [`Lanes::refresh`]; when that cannot be, it is to [`Lanes::rest`] on.
    pub(super) fn take_woken(&mut self, now: Timestamp) -> Option<LaneKey> {
        loop {
            if self.wakes.peek()?.0.0 > now {
                return None;
            }
            let Reverse((due, key)) = self.wakes.pop()?;
            if self.resting.get(&key) == Some(&due) {
                return Some(key);
            }
        }
    }

    /// The delivery under way has left; the next of its lane may go.
    pub(super) fn done(&mut self, key: &LaneKey, seq: i64) {
        self.known.remove(&seq);
        let Some(lane) = self.lanes.get_mut(key) else { return };
        lane.busy = None;
        if lane.outdated {
            self.rest(key, Timestamp::MIN);
        } else if lane.items.is_empty() {
            self.lanes.remove(key);
        } else {
            self.announce(key.clone());
        }
    }

    /// The delivery under way is to be tried again at `due`, before all later ones of its lane.
    pub(super) fn again(&mut self, key: &LaneKey, seq: i64, due: Timestamp) {
        self.known.remove(&seq);
        let Some(lane) = self.lanes.get_mut(key) else { return };
        lane.busy = None;
        let due = if lane.outdated { Timestamp::MIN } else { due };
        self.rest(key, due);
    }

    /// Leaves a lane to the journal until `due`; one with a delivery under way until that is back.
    pub(super) fn rest(&mut self, key: &LaneKey, due: Timestamp) {
        if let Some(busy) = self.lanes.get_mut(key).filter(|lane| lane.busy.is_some()) {
            busy.outdated = true;
            return;
        }
        if let Some(lane) = self.lanes.remove(key) {
            for item in &lane.items {
                self.known.remove(&item.seq);
            }
        }
        self.resting.insert(key.clone(), due);
        self.wakes.push(Reverse((due, key.clone())));
    }

    /// A lane that rests, rests until `due` at most.
    pub(super) fn hasten(&mut self, key: &LaneKey, due: Timestamp) {
        if self.resting.get(key).is_some_and(|rests| *rests > due) {
            self.rest(key, due);
        }
    }

    /// When the next delivery is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.peek().map(|Reverse((due, ..))| *due)
    }

    /// When the next resting lane wakes.
    pub(super) fn next_woken(&self) -> Option<Timestamp> {
        self.wakes.peek().map(|Reverse((due, _))| *due)
    }

    fn announce(&mut self, key: LaneKey) {
        let Some(lane) = self.lanes.get(&key) else { return };
        if let Some(head) = lane.items.front().filter(|_| lane.busy.is_none()) {
            self.due.push(Reverse((head.due, head.seq, key)));
        }
    }
}
