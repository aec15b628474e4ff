//! Time, injected.

use std::{future::Future, pin::Pin, time::Duration};

use jiff::Timestamp;

/// Where the time comes from. Production has one, tests have one that stands still.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Time since some moment, by a clock that nobody sets. One that has no such clock gives its only
    /// one.
    fn steady(&self) -> Duration {
        self.now().duration_since(Timestamp::UNIX_EPOCH).unsigned_abs()
    }

    /// Resolves at `moment`, at once when it has passed.
    fn sleep_until(&self, moment: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}
