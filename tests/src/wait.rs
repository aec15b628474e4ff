//! Waiting on conditions.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long anything may take before a test gives it up: far more than it needs, for a machine that
/// does much else at once.
pub const LONG: Duration = Duration::from_secs(40);

/// How often a condition is looked at that nobody can announce.
const LOOK: Duration = Duration::from_millis(3);

/// The first answer that `look` gives.
///
/// # Panics
/// When it gives none for [`LONG`].
#[track_caller]
pub fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(LONG, what, look)
}

/// The first answer that `look` gives, for what may take longer than [`LONG`].
///
/// # Panics
/// When it gives none for so long.
#[track_caller]
pub fn within<T>(long: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + long;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within {long:?}");
        thread::park_timeout(LOOK);
    }
}

/// The same for a condition that only holds or not.
///
/// # Panics
/// When it does not hold within [`LONG`].
#[track_caller]
pub fn holds(what: &str, mut look: impl FnMut() -> bool) {
    until(what, || look().then_some(()));
}
