//! One hub that runs when it is given a turn, on the thread that gives it.

use std::sync::Arc;

use luotsi_flow::Flow;
use luotsi_journal::Journal;
use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinHandle, yield_now},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::store::{Mood, Store};
use crate::world::{World, masters};

/// Looks that must find nothing done before a hub is taken to rest; more than a step can dawdle.
const QUIET: usize = 3;
const TURNS: usize = 8;
/// Far more than anything here takes.
const LOOKS_MAX: usize = 100_000;

pub(super) struct Node {
    pub(super) flow: Arc<Flow>,
    store: Arc<Store>,
    runtime: Runtime,
    stop: CancellationToken,
    tasks: TaskTracker,
    starting: JoinHandle<()>,
}

impl Node {
    /// Starts to start: it may die before it has.
    pub(super) fn start(world: &World, seed: u64, mood: Mood) -> Self {
        let store = Arc::new(Store::new(seed, mood));
        let journal = Journal::by_hand(world.database(), masters(), None, store.clone()).unwrap();
        world.systems.values().for_each(|far| far.look_into(Some(journal.clone())));
        let flow = world.inside(journal, None);
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let starting = {
            let (flow, ways) = (flow.clone(), world.ways(|_| true));
            let (stop, tasks) = (stop.clone(), tasks.clone());
            runtime.spawn(async move { flow.start(ways, &stop, &tasks).await.unwrap() })
        };
        Self { flow, store, runtime, stop, tasks, starting }
    }

    pub(super) fn has_started(&self) -> bool {
        self.starting.is_finished()
    }

    pub(super) fn journal(&self) -> &Journal {
        self.flow.journal()
    }

    pub(super) fn is_dead(&self) -> bool {
        self.store.is_dead()
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut Mood)) {
        self.store.set(change);
    }

    /// Something that happens in it beside its own work.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.runtime.spawn(work)
    }

    /// What has been awaited and has ended.
    pub(super) fn take<T>(&self, ended: JoinHandle<T>) -> Option<T> {
        match self.runtime.block_on(ended) {
            Ok(value) => Some(value),
            Err(error) if error.is_cancelled() => None,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Lets everything in it go on so many times.
    pub(super) fn turn(&self, times: usize) {
        self.runtime.block_on(async {
            for _ in 0..times {
                yield_now().await;
            }
        });
    }

    /// Lets it do what it can at this moment.
    pub(super) fn settle(&self) {
        let (mut before, mut quiet) = (self.store.steps(), 0);
        for _ in 0..LOOKS_MAX {
            self.turn(TURNS);
            let now = self.store.steps();
            quiet = if now == before { quiet + 1 } else { 0 };
            before = now;
            if quiet == QUIET {
                return;
            }
        }
        panic!("it never rests");
    }

    /// Stops as a hub stops: what is under way may finish. `pass` lets time pass.
    pub(super) fn stop(self, pass: impl Fn()) {
        self.stop.cancel();
        self.tasks.close();
        while !self.tasks.is_empty() && !self.is_dead() {
            self.settle();
            pass();
        }
    }

    /// Stops as a hub that is killed.
    pub(super) fn crash(self) {
        drop(self);
    }
}
