//! Time that stands still until it is moved.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use luotsi_model::Clock;

pub(crate) struct StillClock(Mutex<Time>);

struct Time {
    shown: Timestamp,
    /// How long it has run: a clock that is set wakes nobody.
    run: SignedDuration,
    sleeps: usize,
    /// Whoever sleeps, in the order in which they are to be woken.
    sleepers: BTreeMap<Bed, Waker>,
}

/// Until when, and which sleep.
type Bed = (SignedDuration, usize);

impl StillClock {
    pub(crate) fn at(moment: &str) -> Self {
        let shown = moment.parse().expect("a moment");
        let (run, sleepers) = (SignedDuration::ZERO, BTreeMap::new());
        Self(Mutex::new(Time { shown, run, sleeps: 0, sleepers }))
    }

    pub(crate) fn move_to(&self, moment: Timestamp) {
        self.pass(moment.duration_since(self.now()).max(SignedDuration::ZERO));
    }

    pub(crate) fn pass(&self, duration: SignedDuration) {
        let mut time = self.time();
        time.shown += duration;
        time.run += duration;
        let asleep = (time.run, usize::MAX);
        let mut woken = time.sleepers.split_off(&asleep);
        std::mem::swap(&mut time.sleepers, &mut woken);
        drop(time);
        woken.into_values().for_each(Waker::wake);
    }

    /// Sets it, forward or back.
    pub(crate) fn set_by(&self, duration: SignedDuration) {
        self.time().shown += duration;
    }

    /// How often anybody has asked to be woken.
    pub(crate) fn sleeps(&self) -> usize {
        self.time().sleeps
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One sleep.
struct Sleep<'c> {
    clock: &'c StillClock,
    bed: Bed,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut time = self.clock.time();
        if time.run >= self.bed.0 {
            return Poll::Ready(());
        }
        time.sleepers.insert(self.bed, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        self.clock.time().sleepers.remove(&self.bed);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        self.time().shown
    }

    fn steady(&self) -> Duration {
        self.time().run.unsigned_abs()
    }

    fn sleep_until(&self, moment: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut time = self.time();
        time.sleeps += 1;
        let bed = (time.run + moment.duration_since(time.shown), time.sleeps);
        Box::pin(Sleep { clock: self, bed })
    }
}
