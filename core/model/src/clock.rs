//! Time, injected.

use std::{future::Future, pin::Pin};

use jiff::Timestamp;

/// Where the time comes from. Production has one, tests have one that stands still.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Resolves at `moment`, at once when it has passed.
    fn sleep_until(&self, moment: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}
