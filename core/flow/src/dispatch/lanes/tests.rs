//! Against a model: the journal is a table of pending deliveries, and time is a number.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::*;

fn at(second: u64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second as i64)
}

fn item(seq: i64, client: Option<u64>, due: Timestamp) -> Item {
    let subject = client.map(|n| ClientRef::new(format!("c-{n}")));
    Item::for_lane(seq, subject, due)
}

/// Splitmix64: a stream of numbers out of a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

/// What the journal has of one delivery.
#[derive(Clone, Copy)]
struct Row {
    client: Option<u64>,
    due: u64,
}

struct Model {
    lanes: Lanes,
    journal: BTreeMap<i64, Row>,
    /// Which of them wait for a basis: pending, but nobody's turn.
    waiting: BTreeSet<i64>,
    under_way: Vec<(LaneKey, i64)>,
    now: u64,
    seq: i64,
}

impl Model {
    fn rows(&self, key: &LaneKey) -> Vec<Item> {
        let own = self.journal.iter().filter(|(seq, _)| !self.waiting.contains(seq));
        own.map(|(seq, row)| item(*seq, row.client, at(row.due)))
            .filter(|item| LaneKey::of(item) == *key)
            .collect()
    }

    fn accept(&mut self, dice: &mut Dice) {
        self.seq += 1;
        let client = dice.below(5).checked_sub(1);
        self.journal.insert(self.seq, Row { client, due: self.now });
        self.lanes.insert(item(self.seq, client, at(self.now)), at(self.now));
    }

    fn look(&mut self) {
        while let Some(key) = self.lanes.take_woken(at(self.now)) {
            let found = self.rows(&key);
            self.lanes.refresh(&key, found, at(self.now));
        }
        while let Some((key, taken)) = self.lanes.take(at(self.now)) {
            self.check_turn(&key, taken.seq);
            self.under_way.push((key, taken.seq));
        }
    }

    /// It is its lane's only one under way, and the first of those that do not wait.
    fn check_turn(&self, key: &LaneKey, seq: i64) {
        assert!(self.under_way.iter().all(|(other, _)| other != key), "two of {key:?} under way");
        if self.journal.contains_key(&seq) && !self.waiting.contains(&seq) {
            assert_eq!(self.rows(key).first().map(|row| row.seq), Some(seq), "out of order");
        }
    }

    fn come_back(&mut self, dice: &mut Dice) {
        if self.under_way.is_empty() {
            return;
        }
        let at_index = dice.below(self.under_way.len() as u64) as usize;
        let (key, seq) = self.under_way.swap_remove(at_index);
        match dice.below(4) {
            0 if self.journal.contains_key(&seq) => {
                let due = self.now + dice.below(20);
                self.journal.entry(seq).and_modify(|row| row.due = due);
                self.lanes.again(&key, seq, at(due));
            }
            1 if matches!(key, LaneKey::Client(_)) && self.journal.contains_key(&seq) => {
                self.waiting.insert(seq);
                // The directive that releases it may come before the dispatcher has it back.
                if dice.below(2) == 0 {
                    self.direct(&key);
                }
                self.lanes.done(&key, seq);
            }
            _ => {
                self.journal.remove(&seq);
                self.lanes.done(&key, seq);
            }
        }
    }

    /// Her directives change: all of hers are due now.
    fn direct(&mut self, key: &LaneKey) {
        for (seq, row) in &mut self.journal {
            let own = LaneKey::of(&item(*seq, row.client, at(row.due))) == *key;
            if own {
                self.waiting.remove(seq);
                row.due = row.due.min(self.now);
            }
        }
        let found = self.rows(key);
        self.lanes.refresh(key, found, at(self.now));
    }
}

fn simulate(seed: u64) {
    let mut dice = Dice(seed);
    let mut model = Model {
        lanes: Lanes::default(),
        journal: BTreeMap::new(),
        waiting: BTreeSet::new(),
        under_way: Vec::new(),
        now: 0,
        seq: 0,
    };
    for _ in 0..200 {
        match dice.below(8) {
            0..3 => model.accept(&mut dice),
            3 => model.now += dice.below(5),
            4 => {
                let key = LaneKey::Client(ClientRef::new(format!("c-{}", dice.below(4))));
                model.direct(&key);
            }
            5 => {
                let key = LaneKey::Client(ClientRef::new(format!("c-{}", dice.below(4))));
                model.lanes.rest(&key, at(model.now + 1));
            }
            _ => model.come_back(&mut dice),
        }
        model.look();
    }
    let clients = (0..4).map(|n| LaneKey::Client(ClientRef::new(format!("c-{n}"))));
    clients.for_each(|key| model.direct(&key));
    while !model.journal.is_empty() {
        model.now += 1;
        model.look();
        assert!(model.now < 10_000, "seed {seed}: never taken: {:?}", model.journal.keys());
        for (key, seq) in std::mem::take(&mut model.under_way) {
            model.journal.remove(&seq);
            model.lanes.done(&key, seq);
        }
    }
    model.look();
    assert_eq!((model.lanes.len(), model.lanes.lanes.len()), (0, 0), "seed {seed}: left behind");
}

#[test]
fn each_client_in_order_and_nothing_lost() {
    (0..500).for_each(simulate);
}

#[test]
fn what_rests_takes_no_room() {
    let mut lanes = Lanes::default();
    for seq in 1..=5000 {
        lanes.insert(item(seq, Some(1), at(0)), at(0));
    }
    let (key, first) = lanes.take(at(0)).unwrap();
    assert_eq!((lanes.len(), first.seq), (5000, 1));
    lanes.again(&key, 1, at(3600));
    assert_eq!((lanes.len(), lanes.next_woken()), (0, Some(at(3600))));
    assert_eq!((lanes.take_woken(at(3599)), lanes.take(at(3599)).map(|_| ())), (None, None));
    assert_eq!(lanes.take_woken(at(3600)), Some(key));
}

#[test]
fn a_lane_that_rests_wakes_sooner_where_the_journal_says_so_and_never_later() {
    let mut lanes = Lanes::default();
    lanes.insert(item(1, Some(0), at(60)), at(0));
    let key = LaneKey::of(&item(1, Some(0), at(60)));
    let other = LaneKey::Alone(9);
    for (due, wakes) in [(90, 60), (60, 60), (5, 5), (7, 5)] {
        lanes.hasten(&key, at(due));
        lanes.hasten(&other, at(due));
        assert_eq!(lanes.take_woken(at(wakes) - SignedDuration::from_nanos(1)), None, "{due}");
        assert_eq!(lanes.next_woken(), Some(at(wakes)), "{due}");
    }
    assert_eq!(lanes.take_woken(at(5)), Some(key), "and what does not rest does not wake");
    assert_eq!(lanes.take_woken(at(5)), None);
}
