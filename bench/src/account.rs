//! Sets what was acknowledged against what arrived.

use std::collections::HashMap;

use clap::ValueEnum;
use serde::Serialize;

use crate::{register::Arrival, request::number, spread::Spread, volley::Shot};

/// How arrivals are told to belong to the load.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Match {
    /// Each by the id it was posted with.
    Id,
    /// The hub delivers under ids of its own: those that came since the first post are counted. A
    /// lost message can then hide behind one delivered under two ids.
    Count,
}

/// What became of the messages.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Account {
    /// How arrivals were matched.
    pub matched: Match,
    /// Messages that arrived at least once.
    pub delivered: u64,
    /// Acknowledged, and never arrived.
    pub lost: u64,
    /// Arrivals beyond each message's first.
    pub duplicated: u64,
    /// Other ids that arrived since the first post; only by id.
    pub foreign: u64,
    /// Arrived, though the sender was never told so.
    pub unacknowledged: u64,
    /// From the first post to the last first arrival, in s.
    pub seconds: f64,
    /// Messages delivered a second over that time.
    pub per_second: f64,
    /// From the post to the first arrival; only by id.
    pub end_to_end: Option<Spread>,
}

impl Account {
    /// Of the messages `shots`, whose ids begin with `prefix`.
    #[must_use]
    pub fn of(shots: &[Shot], arrivals: &[Arrival], prefix: &str, by: Match) -> Self {
        let begun = shots.iter().map(|shot| shot.due_us).min().unwrap_or_default();
        let since: Vec<_> = arrivals.iter().filter(|arrival| arrival.at_us >= begun).collect();
        match by {
            Match::Id => Tally::by_id(shots, &since, prefix),
            Match::Count => Tally::by_count(shots, &since),
        }
        .over(begun)
    }
}

/// An account being made.
struct Tally {
    account: Account,
    waits: Vec<u32>,
    last_us: u64,
}

impl Tally {
    fn by_id(shots: &[Shot], arrivals: &[&Arrival], prefix: &str) -> Self {
        let mut tally = Self::new(Match::Id);
        let mut own = HashMap::new();
        for arrival in arrivals {
            match number(&arrival.id, prefix) {
                Some(number) => drop(own.insert(number, *arrival)),
                None => tally.account.foreign += 1,
            }
        }
        for shot in shots {
            match own.get(&shot.number) {
                Some(arrival) => tally.arrived(shot, arrival),
                None => tally.account.lost += u64::from(shot.acked()),
            }
        }
        tally
    }

    fn by_count(shots: &[Shot], arrivals: &[&Arrival]) -> Self {
        let acked = shots.iter().filter(|shot| shot.acked()).count() as u64;
        let mut tally = Self::new(Match::Count);
        arrivals.iter().for_each(|arrival| tally.count(arrival));
        let delivered = tally.account.delivered;
        tally.account.lost = acked.saturating_sub(delivered);
        tally.account.unacknowledged = delivered.saturating_sub(acked);
        tally
    }

    const fn new(matched: Match) -> Self {
        let account = Account {
            matched,
            delivered: 0,
            lost: 0,
            duplicated: 0,
            foreign: 0,
            unacknowledged: 0,
            seconds: 0.0,
            per_second: 0.0,
            end_to_end: None,
        };
        Self { account, waits: Vec::new(), last_us: 0 }
    }

    fn count(&mut self, arrival: &Arrival) {
        self.account.delivered += 1;
        self.account.duplicated += u64::from(arrival.times.saturating_sub(1));
        self.last_us = self.last_us.max(arrival.at_us);
    }

    fn arrived(&mut self, shot: &Shot, arrival: &Arrival) {
        self.count(arrival);
        self.account.unacknowledged += u64::from(!shot.acked());
        let wait = arrival.at_us.saturating_sub(shot.due_us);
        self.waits.push(u32::try_from(wait).unwrap_or(u32::MAX));
    }

    fn over(mut self, begun: u64) -> Account {
        let account = &mut self.account;
        account.seconds = self.last_us.saturating_sub(begun) as f64 / 1e6;
        if account.seconds > 0.0 {
            account.per_second = account.delivered as f64 / account.seconds;
        }
        account.end_to_end = Spread::of(self.waits);
        self.account
    }
}
