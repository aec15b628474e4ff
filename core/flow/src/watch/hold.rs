//! How long this hub may believe that its lanes are still its own.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use luotsi_journal::command::Fence;
use luotsi_model::Clock;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A moment by both clocks: one of them may be set, or stand while the machine sleeps.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Moment {
    wall: Timestamp,
    steady: Duration,
}

impl Moment {
    pub(super) fn now(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), steady: clock.steady() }
    }

    /// Whether by either clock as much has passed since `earlier`.
    fn may_be_after(self, earlier: Self, span: Duration) -> bool {
        self.by_wall(earlier) >= as_signed(span) || self.by_steady(earlier) >= span
    }

    /// Whether by both clocks as much has passed since `earlier`.
    pub(super) fn is_after(self, earlier: Self, span: Duration) -> bool {
        self.by_wall(earlier) >= as_signed(span) && self.by_steady(earlier) >= span
    }

    fn by_wall(self, earlier: Self) -> SignedDuration {
        self.wall.duration_since(earlier.wall)
    }

    fn by_steady(self, earlier: Self) -> Duration {
        self.steady.saturating_sub(earlier.steady)
    }
}

fn as_signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
}

/// From this hub's latest sign of life on its lanes are its own for a while: less than another waits
/// before it says that this one has gone.
pub(super) struct Hold {
    span: Duration,
    since: Mutex<Option<Moment>>,
}

impl Hold {
    /// Of a lease; nobody's yet.
    pub(super) fn of(lease: Duration) -> Self {
        // What is left out is for clocks that do not run alike, and for what is on its way out.
        Self { span: lease - lease / 5, since: Mutex::new(None) }
    }

    /// A sign of life was made durable that was begun at `moment`.
    pub(super) fn renew(&self, moment: Moment) {
        *self.since() = Some(moment);
    }

    pub(super) fn is_over(&self, now: Moment) -> bool {
        self.since().is_none_or(|since| now.may_be_after(since, self.span))
    }

    /// Whether half of it is over.
    pub(super) fn is_worn(&self, now: Moment) -> bool {
        self.since().is_none_or(|since| now.may_be_after(since, self.span / 2))
    }

    fn since(&self) -> MutexGuard<'_, Option<Moment>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to work one lane, while it lasts.
#[derive(Clone)]
pub struct Turn(Option<Held>);

#[derive(Clone)]
struct Held {
    fence: Fence,
    hold: Arc<Hold>,
    lost: CancellationToken,
    stop: CancellationToken,
}

/// The right was lost: another may be at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Over;

impl Turn {
    /// Of a hub that has the journal alone.
    pub(crate) const SOLE: Self = Self(None);

    /// It ends when `lost` is cancelled; what works by it is told to end by `stop`.
    pub(super) const fn held(
        fence: Fence,
        hold: Arc<Hold>,
        lost: CancellationToken,
        stop: CancellationToken,
    ) -> Self {
        Self(Some(Held { fence, hold, lost, stop }))
    }

    /// What the journal knows it by.
    pub(crate) fn fence(&self) -> Option<Fence> {
        self.0.as_ref().map(|held| held.fence.clone())
    }

    /// Whether others share the journal.
    pub(crate) const fn is_shared(&self) -> bool {
        self.0.is_some()
    }

    /// Does something as long as the right lasts, and not a step of it afterwards. A hub that was
    /// stopped in the middle asks the clock before it goes on.
    pub(crate) async fn within<F: Future>(
        &self,
        clock: &dyn Clock,
        work: F,
    ) -> Result<F::Output, Over> {
        let Some(held) = &self.0 else { return Ok(work.await) };
        let mut work = pin!(work);
        let step = poll_fn(|context| {
            if held.hold.is_over(Moment::now(clock)) {
                // Once over, it stays over, though a sign of life on its way may yet be taken: what was
                // left in the middle is settled by whoever has the lane next, before anything else.
                held.lost.cancel();
                held.stop.cancel();
                return Poll::Ready(Err(Over));
            }
            work.as_mut().poll(context).map(Ok)
        });
        tokio::select! {
            biased;
            () = held.lost.cancelled() => Err(Over),
            done = step => done,
        }
    }
}

#[cfg(test)]
mod tests;
