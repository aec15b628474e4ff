//! One hub that runs when it is given a turn, on the thread that gives it.

use std::{sync::Arc, time::Duration};

use luotsi_bus::broker::Broker;
use luotsi_consent::Permitted;
use luotsi_flow::{Flow, Role, Sharing, Ways};
use luotsi_journal::{Journal, NodeId};
use luotsi_model::SystemId;
use luotsi_port::{BoxFuture, Outbound, Outgoing, Receipt, SendError};
use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinHandle, yield_now},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use super::store::{Mood, Store};
use crate::{
    far::Far,
    world::{World, masters},
};

/// How long a hub must give no sign of life before the others say that it has gone.
pub(super) const LEASE: Duration = Duration::from_secs(60);

pub(super) struct Node {
    pub(super) flow: Arc<Flow>,
    store: Arc<Store>,
    runtime: Runtime,
    stop: CancellationToken,
    tasks: TaskTracker,
    starting: JoinHandle<()>,
    /// It gets no turn, and knows of no time: as a process that is stopped.
    pub(super) is_stopped: bool,
}

/// The way to a system from one of several hubs.
struct Way(NodeId, Arc<Far>);

impl Outbound for Way {
    fn deliver(&self, parcel: Permitted<Outgoing>) -> BoxFuture<'_, Result<Receipt, SendError>> {
        Box::pin(self.1.called(Some(self.0), parcel))
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), SendError>> {
        self.1.probe()
    }
}

/// Whoever shares the journal calls by its name.
fn ways(world: &World, node: Option<NodeId>) -> Ways {
    let Some(node) = node else { return world.ways(|_| true) };
    let way = |(system, far): (&&str, &Arc<Far>)| {
        let way: Arc<dyn Outbound> = Arc::new(Way(node, far.clone()));
        (SystemId::new(system), way)
    };
    world.systems.iter().map(way).collect()
}

impl Node {
    /// Starts to start: it may die before it has. `nth`: of those that share the journal; `None`: it
    /// has the journal alone, and tells nobody by a broker.
    pub(super) fn start(
        world: &World,
        nth: Option<u128>,
        broker: Option<Broker>,
        seed: u64,
        mood: Mood,
    ) -> Self {
        let store = Arc::new(Store::new(seed, mood));
        let node = nth.map(|nth| NodeId(Uuid::from_u128(nth + 1)));
        let journal = Journal::by_hand(world.database(), masters(), node, store.clone()).unwrap();
        let sharing = node.map(|node| {
            let (name, roles) = (node.0.to_string(), Role::ALL.into());
            Sharing { node, name, roles, lease: LEASE }
        });
        let flow = world.inside(journal, sharing, broker);
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let starting = {
            let (flow, ways) = (flow.clone(), ways(world, node));
            let (stop, tasks) = (stop.clone(), tasks.clone());
            runtime.spawn(async move { flow.start(ways, &stop, &tasks).await.unwrap() })
        };
        Self { flow, store, runtime, stop, tasks, starting, is_stopped: false }
    }

    pub(super) fn has_started(&self) -> bool {
        self.starting.is_finished()
    }

    pub(super) fn is_dead(&self) -> bool {
        self.store.is_dead()
    }

    /// Steps begun and ended: they stand still when it has nothing to do.
    pub(super) fn steps(&self) -> u64 {
        self.store.steps()
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

    /// Lets everything in it go on so many times, unless it is stopped or dead.
    pub(super) fn turn(&self, times: usize) {
        if self.is_stopped || self.is_dead() {
            return;
        }
        self.runtime.block_on(async {
            for _ in 0..times {
                yield_now().await;
            }
        });
    }

    /// Is told to end. What is under way may finish.
    pub(super) fn end(&self) {
        self.stop.cancel();
        self.tasks.close();
    }

    pub(super) fn has_ended(&self) -> bool {
        self.tasks.is_empty() || self.is_dead()
    }
}
