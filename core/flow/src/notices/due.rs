//! When a sender is told of a refusal.
//!
//! Not even the time may tell why: a missing consent is refused at the deadline, a prohibition at
//! once. So both are told at the same moment, counted from the deadline alone and late enough that
//! either decision has been taken by then.

use jiff::{SignedDuration, Timestamp};

/// After the deadline, what is decided there has been decided; so it has after a start.
const SETTLING: SignedDuration = SignedDuration::from_secs(5);
/// What loses its basis after its deadline is told at such steps from it, so that the moment in
/// which it lost it is not told.
const STEP: SignedDuration = SignedDuration::from_hours(1);

/// When a refusal decided `now` is told, of a delivery that could wait until `deadline`, by a hub
/// that has run since `started`. Never before [`earliest`].
pub(crate) fn due(deadline: Timestamp, now: Timestamp, started: Timestamp) -> Timestamp {
    let first = after(deadline, SETTLING);
    if now <= first || now <= earliest(started) {
        return first;
    }
    let late = now.duration_since(first);
    let steps = late.as_secs() / STEP.as_secs() + 1;
    after(first, SignedDuration::from_secs(steps.saturating_mul(STEP.as_secs())))
}

/// Nothing is told before: a deadline that passed while the hub was down is decided at its start,
/// whatever had been decided before.
pub(super) fn earliest(started: Timestamp) -> Timestamp {
    after(started, SETTLING)
}

fn after(moment: Timestamp, wait: SignedDuration) -> Timestamp {
    moment.checked_add(wait).unwrap_or(Timestamp::MAX)
}
