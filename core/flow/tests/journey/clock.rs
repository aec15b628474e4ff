//! Time that stands still until it is moved.

use std::{
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use luotsi_model::Clock;
use tokio::sync::watch;

pub(crate) struct StillClock {
    now: watch::Sender<Timestamp>,
    sleeps: AtomicUsize,
}

impl StillClock {
    pub(crate) fn at(moment: &str) -> Self {
        let moment = moment.parse().expect("a moment");
        Self { now: watch::Sender::new(moment), sleeps: AtomicUsize::new(0) }
    }

    pub(crate) fn move_to(&self, moment: Timestamp) {
        self.now.send_modify(|now| *now = moment.max(*now));
    }

    pub(crate) fn pass(&self, duration: SignedDuration) {
        self.move_to(self.now() + duration);
    }

    /// How often anybody has asked to be woken.
    pub(crate) fn sleeps(&self) -> usize {
        self.sleeps.load(Ordering::Relaxed)
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep_until(&self, moment: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.sleeps.fetch_add(1, Ordering::Relaxed);
        let mut seen = self.now.subscribe();
        Box::pin(async move {
            let _ = seen.wait_for(|now| *now >= moment).await;
        })
    }
}
