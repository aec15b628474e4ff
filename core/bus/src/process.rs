//! In process: a bounded queue a destination. A full one is a flag and never a loss.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use luotsi_model::{ClientRef, SystemId};
use tokio::sync::{Notify, mpsc};

/// Work on the way to one dispatcher. Beyond this a dispatcher reads from the journal instead.
const QUEUE_MAX: usize = 512;

/// What a dispatcher is told.
#[derive(Debug)]
pub enum Wake<T> {
    /// This was just accepted.
    Fresh(T),
    /// The directives of this client have changed.
    Client(ClientRef),
    /// Something older in the journal may go now.
    Journal,
    /// Look at the deliveries at these places in the journal.
    Look(Vec<i64>),
}

/// The way to every dispatcher.
pub struct Bus<T> {
    lanes: RwLock<BTreeMap<SystemId, Lane<T>>>,
}

struct Lane<T> {
    queue: mpsc::Sender<Wake<T>>,
    dropped: Arc<Dropped>,
}

/// Tells a dispatcher that the bus dropped something.
#[derive(Default)]
struct Dropped {
    flag: AtomicBool,
    notify: Notify,
}

/// One dispatcher's end.
pub struct Consumer<T> {
    queue: mpsc::Receiver<Wake<T>>,
    dropped: Arc<Dropped>,
}

/// What a consumer receives.
#[derive(Debug)]
pub enum Received<T> {
    /// Work.
    Wake(Wake<T>),
    /// Something was dropped: look into the journal.
    Dropped,
    /// The bus is gone.
    Closed,
}

impl<T> Default for Bus<T> {
    fn default() -> Self {
        Self { lanes: RwLock::default() }
    }
}

impl<T> Bus<T> {
    /// A bus to these destinations, and the end of each.
    pub fn new(
        destinations: impl IntoIterator<Item = SystemId>,
    ) -> (Self, Vec<(SystemId, Consumer<T>)>) {
        let bus = Self { lanes: RwLock::default() };
        let ends = destinations.into_iter().map(|system| (system.clone(), bus.add(system)));
        let ends = ends.collect();
        (bus, ends)
    }

    /// Adds a destination, and gives its end. One that was there loses its lane to the new one.
    pub fn add(&self, system: SystemId) -> Consumer<T> {
        let (queue, receiver) = mpsc::channel(QUEUE_MAX);
        let dropped = Arc::new(Dropped::default());
        let lane = Lane { queue, dropped: dropped.clone() };
        self.lanes.write().unwrap_or_else(PoisonError::into_inner).insert(system, lane);
        Consumer { queue: receiver, dropped }
    }

    /// Removes a destination: its end is then closed.
    pub fn remove(&self, system: &SystemId) {
        self.lanes.write().unwrap_or_else(PoisonError::into_inner).remove(system);
    }

    fn lanes(&self) -> RwLockReadGuard<'_, BTreeMap<SystemId, Lane<T>>> {
        self.lanes.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands work to a destination's dispatcher, never waiting for it.
    pub fn publish(&self, destination: &SystemId, wake: Wake<T>) {
        let lanes = self.lanes();
        let Some(lane) = lanes.get(destination) else { return };
        lane.publish(wake);
    }

    /// Tells every dispatcher that a client's directives have changed.
    pub fn client_changed(&self, client: &ClientRef) {
        self.lanes().values().for_each(|lane| lane.publish(Wake::Client(client.clone())));
    }
}

impl<T> Lane<T> {
    fn publish(&self, wake: Wake<T>) {
        if self.queue.try_send(wake).is_err() {
            self.dropped.raise();
        }
    }
}

impl Dropped {
    fn raise(&self) {
        self.flag.store(true, Ordering::Release);
        self.notify.notify_one();
    }
}

impl<T> Consumer<T> {
    /// Says that something is to be found in the journal.
    pub fn note_dropped(&self) {
        self.dropped.raise();
    }

    /// Work that is there already; none once something was dropped, since what comes after it in
    /// the queue may be later in its client's order.
    pub fn receive_now(&mut self) -> Option<Wake<T>> {
        let is_whole = !self.dropped.flag.load(Ordering::Acquire);
        is_whole.then(|| self.queue.try_recv().ok()).flatten()
    }

    /// The next thing to do. Cancelling it loses nothing.
    pub async fn receive(&mut self) -> Received<T> {
        if self.dropped.flag.swap(false, Ordering::AcqRel) {
            return Received::Dropped;
        }
        tokio::select! {
            biased;
            wake = self.queue.recv() => wake.map_or(Received::Closed, Received::Wake),
            () = self.dropped.notify.notified() => {
                self.dropped.flag.store(false, Ordering::Release);
                Received::Dropped
            }
        }
    }
}
