//! How long to wait before the next attempt to connect.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use tokio::time::Instant;

const FIRST: Duration = Duration::from_millis(100);
/// So that a broker that comes back is found soon, and one that is away is not hammered.
const MAX: Duration = Duration::from_secs(5);

/// Pauses that double, each between half and the whole of its length, so that the hubs of a region
/// do not all come at once. What the spread is made of decides nothing that is kept.
pub(super) struct Backoff {
    next: Duration,
    since: Instant,
    spread: RandomState,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { next: FIRST, since: Instant::now(), spread: RandomState::new() }
    }

    /// It was there from now on. One that breaks as soon as it is there was not there.
    pub(super) fn connected(&mut self) {
        self.since = Instant::now();
    }

    pub(super) fn broke(&mut self) {
        if self.since.elapsed() > MAX {
            self.next = FIRST;
        }
    }

    pub(super) fn pause(&mut self) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(MAX);
        let part = self.spread.hash_one(self.since.elapsed()) % 512;
        whole / 2 + whole * u32::try_from(part).unwrap_or(0) / 1024
    }
}
