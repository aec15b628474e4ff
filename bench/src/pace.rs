//! Which message is posted next, and when it should be.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;

/// The pacer sleeps at least so long, so that a high rate does not cost a wake-up a message.
const NAP_MIN: Duration = Duration::from_micros(200);

/// A turn to post one message.
#[derive(Clone, Copy)]
pub struct Turn {
    /// The message's place in the load, from 0.
    pub index: u32,
    /// When it should be posted. Latency counts from here, so that a hub which stalls pays for
    /// every message that should have been sent meanwhile.
    pub due: Instant,
}

/// Hands out turns to however many connections ask.
pub struct Pace {
    begun: Instant,
    next: AtomicU32,
    count: u32,
    end: Option<Instant>,
    open: Option<Open>,
}

/// Turns that fall due by the clock, not by the hub's answers.
struct Open {
    rate: f64,
    due: Semaphore,
}

impl Pace {
    /// A closed loop: the next message is due whenever a connection is free, until `count` have
    /// been posted or `duration` has passed.
    #[must_use]
    pub fn closed(count: u32, duration: Option<Duration>) -> Arc<Self> {
        let begun = Instant::now();
        let end = duration.map(|duration| begun + duration);
        Arc::new(Self { begun, next: AtomicU32::new(0), count, end, open: None })
    }

    /// An open loop of `rate` messages a second, for `takers` connections. A thread of its own
    /// keeps the time: the runtime's timer counts in milliseconds.
    #[must_use]
    pub fn open(count: u32, rate: f64, takers: u32) -> Arc<Self> {
        let open = Some(Open { rate, due: Semaphore::new(0) });
        let begun = Instant::now();
        let pace = Arc::new(Self { begun, next: AtomicU32::new(0), count, end: None, open });
        let keeper = Arc::clone(&pace);
        thread::spawn(move || keeper.keep_time(takers));
        pace
    }

    /// When the load began.
    #[must_use]
    pub const fn begun(&self) -> Instant {
        self.begun
    }

    /// Waits for the next turn; `None` when the load is over.
    pub async fn turn(&self) -> Option<Turn> {
        if let Some(open) = &self.open {
            open.due.acquire().await.ok()?.forget();
        }
        let index = self.next.fetch_add(1, Relaxed);
        let due =
            self.open.as_ref().map_or_else(Instant::now, |open| open.moment(self.begun, index));
        let over = index >= self.count || self.end.is_some_and(|end| due >= end);
        (!over).then_some(Turn { index, due })
    }

    fn keep_time(&self, takers: u32) {
        let Some(open) = &self.open else { return };
        let mut given = 0;
        while given < self.count {
            let passed = self.begun.elapsed().as_secs_f64() * open.rate;
            let due = (passed as u32).saturating_add(1).min(self.count);
            open.due.add_permits((due - given) as usize);
            given = due;
            let nap = open.moment(self.begun, given).saturating_duration_since(Instant::now());
            thread::sleep(nap.max(NAP_MIN));
        }
        // One turn more for each taker, by which it learns that the load is over.
        open.due.add_permits(takers as usize);
    }
}

impl Open {
    fn moment(&self, begun: Instant, index: u32) -> Instant {
        begun + Duration::from_secs_f64(f64::from(index) / self.rate)
    }
}
