//! When a failed send is tried again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use luotsi_region::Retry;

/// The next attempt after `attempts` failed ones, `None` when it is over and a person must look.
///
/// Exponential with jitter: each wait is between half of its step and the whole, so that what
/// failed together does not come back together. `random` is uniform in `0.0..1.0`. A recipient's
/// own wish (`after`) is honoured where it is later.
pub(crate) fn next(
    retry: &Retry,
    attempts: u32,
    first: Timestamp,
    now: Timestamp,
    after: Option<Duration>,
    random: f64,
) -> Option<Timestamp> {
    let step = retry.first.as_secs_f64() * retry.factor.powi(attempts.saturating_sub(1) as i32);
    let step = step.min(retry.each_max.as_secs_f64());
    let wait = Duration::from_secs_f64(step * (0.5 + random / 2.0)).max(after.unwrap_or_default());
    let due = later(now, wait);
    (due <= later(first, retry.total_max)).then_some(due)
}

/// No wish of a recipient is so long that it fails the arithmetic: the end of time will do.
fn later(moment: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    moment.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_is_capped_and_ends() {
        let retry = Retry::default();
        let start = Timestamp::UNIX_EPOCH;
        let wait = |attempts, random| {
            next(&retry, attempts, start, start, None, random)
                .map(|due| due.duration_since(start).as_secs_f64())
        };
        assert_eq!(wait(1, 1.0), Some(0.5), "the first retry comes within a second");
        assert_eq!(wait(1, 0.0), Some(0.25));
        assert_eq!(wait(4, 1.0), Some(4.0));
        assert_eq!(wait(60, 1.0), Some(3600.0), "capped at an hour");
        let late = start + SignedDuration::from_hours(121);
        assert_eq!(next(&retry, 60, start, late, None, 0.0), None, "over after five days");
    }

    #[test]
    fn a_recipients_wish_is_honoured() {
        let start = Timestamp::UNIX_EPOCH;
        let wish = Some(Duration::from_secs(30));
        let due = next(&Retry::default(), 1, start, start, wish, 0.5).unwrap();
        assert_eq!(due.duration_since(start).as_secs(), 30);
        let absurd = Some(Duration::MAX);
        assert_eq!(next(&Retry::default(), 1, start, start, absurd, 0.5), None, "a person looks");
    }
}
