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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moment_of_the_refusal_is_not_told() {
        let deadline: Timestamp = "2026-12-04T08:00:00Z".parse().unwrap();
        let at = |seconds: i64| deadline + SignedDuration::from_secs(seconds);
        let long_ago = at(-86_400 * 30);
        // When it is refused, when the hub started, when it is told; seconds from the deadline.
        let cases = [
            (-86_400, long_ago, 5),
            (0, long_ago, 5),
            (5, long_ago, 5),
            // It went once, and lost its basis later.
            (6, long_ago, 3605),
            (3_604, long_ago, 3605),
            (3_606, long_ago, 7205),
            (86_400 * 5, long_ago, 86_400 * 5 + 5),
            // The deadline passed while the hub was down: as if it had been refused before.
            (100, at(98), 5),
            (103, at(98), 5),
            (104, at(98), 3605),
        ];
        for (refused, started, told) in cases {
            assert_eq!(due(deadline, at(refused), started), at(told), "refused at {refused}");
        }
        assert_eq!(earliest(at(98)), at(103), "and told no sooner than what is decided there");
    }
}
