//! The generation in force: a region and the ways out of it, exchanged together or not at all.
//!
//! What must hold: a decision, what is sent on it and the way that it is sent by are of one
//! generation. Whoever decides holds a pass from before the generation is looked up until the intent
//! is durable, and an exchange waits for the passes that are out. So once an exchange has been made,
//! no intent is written, nothing is accepted and nothing is shown on a decision of the old one. What
//! the old one let out before is under way and has its intent in the log.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, OnceLock},
};

use luotsi_bus::Consumer;
use luotsi_journal::{Error, command::Redecide};
use luotsi_model::{GenerationId, SystemId};
use luotsi_port::Outbound;
use luotsi_region::Region;
use tokio::{
    runtime::Handle,
    sync::{Mutex, RwLock, RwLockReadGuard},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Flow, dispatch, send::Item};

/// The way out to each system that gets deliveries.
pub type Ways = BTreeMap<SystemId, Arc<dyn Outbound>>;

/// Leave to decide by the generation that is looked up while it is held.
pub(crate) type Pass<'f> = RwLockReadGuard<'f, ()>;

pub(crate) struct Generation {
    pub(crate) region: Arc<Region>,
    pub(crate) ways: Ways,
}

/// What an exchange came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchanged {
    /// The generation that was in force.
    pub from: GenerationId,
    /// The one that is.
    pub to: GenerationId,
    /// Systems that get deliveries now, and did not.
    pub added: Vec<SystemId>,
    /// Systems that no longer do. What pends for them stays until they are declared again.
    pub removed: Vec<SystemId>,
    /// Deliveries that waited for a basis, and are decided again.
    pub waiting: usize,
}

/// The dispatchers that run, and what they run in.
#[derive(Default)]
pub(crate) struct Running {
    inside: OnceLock<Inside>,
    dispatchers: Mutex<HashMap<SystemId, Dispatching>>,
    passes: RwLock<()>,
}

/// What dispatchers are started with, whoever asks for an exchange.
struct Inside {
    stop: CancellationToken,
    tasks: TaskTracker,
    runtime: Handle,
}

struct Dispatching {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Flow {
    /// Leave to decide. Whoever holds one asks for no other: an exchange that waits would come
    /// between the two.
    pub(crate) async fn pass(&self) -> Pass<'_> {
        self.running.passes.read().await
    }

    pub(crate) fn generation(&self) -> Arc<Generation> {
        self.generation.load_full()
    }

    /// The ways out of the generation in force.
    pub fn ways(&self) -> Ways {
        self.generation.load().ways.clone()
    }

    /// Puts another generation in force, whole. What pends is decided by it; systems that it adds
    /// get a dispatcher, and those that it leaves out lose theirs.
    ///
    /// # Errors
    /// When the journal cannot be written. Then the generation is as it was.
    pub async fn exchange(
        self: &Arc<Self>,
        region: impl Into<Arc<Region>>,
        ways: Ways,
    ) -> Result<Exchanged, Error> {
        let region = region.into();
        // One exchange at a time.
        let mut dispatchers = self.running.dispatchers.lock().await;
        let old = self.generation();
        let waiting = {
            let _alone = self.running.passes.write().await;
            let waiting = self.journal.write(Redecide { at: self.clock.now() }).await?;
            let ways = ways.clone();
            self.generation.store(Arc::new(Generation { region: region.clone(), ways }));
            waiting
        };
        let removed: Vec<_> =
            old.ways.keys().filter(|system| !ways.contains_key(*system)).cloned().collect();
        for system in &removed {
            self.bus.remove(system);
            if let Some(leaving) = dispatchers.get(system) {
                leaving.stop.cancel();
            }
        }
        let added: Vec<_> =
            ways.keys().filter(|system| !old.ways.contains_key(*system)).cloned().collect();
        for system in &added {
            let end = self.bus.add(system.clone());
            self.dispatch(&mut dispatchers, system.clone(), end);
        }
        self.warn_of_the_undeclared().await?;
        let (from, to) = (old.region.generation.clone(), region.generation.clone());
        Ok(Exchanged { from, to, added, removed, waiting })
    }

    /// Starts the dispatchers of the first generation.
    pub(crate) async fn dispatch_all(
        self: &Arc<Self>,
        ends: Vec<(SystemId, Consumer<Item>)>,
        ways: Ways,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) {
        let mut dispatchers = self.running.dispatchers.lock().await;
        // Set once: a flow is started once.
        let (stop, tasks, runtime) = (stop.clone(), tasks.clone(), Handle::current());
        let _ = self.running.inside.set(Inside { stop, tasks, runtime });
        let region = self.region();
        self.generation.store(Arc::new(Generation { region, ways: ways.clone() }));
        for (system, end) in ends.into_iter().filter(|(system, _)| ways.contains_key(system)) {
            self.dispatch(&mut dispatchers, system, end);
        }
    }

    /// Starts a dispatcher, after the one that the system had before has ended: two would break the
    /// order.
    fn dispatch(
        self: &Arc<Self>,
        dispatchers: &mut HashMap<SystemId, Dispatching>,
        system: SystemId,
        end: Consumer<Item>,
    ) {
        let Some(inside) = self.running.inside.get() else { return };
        let stop = inside.stop.child_token();
        let before = dispatchers.remove(&system);
        let run = dispatch::run(self.clone(), system.clone(), end, stop.clone());
        let after_it = async move {
            if let Some(before) = before {
                // One that panicked has ended too.
                let _ = before.task.await;
            }
            run.await;
        };
        let task = inside.tasks.spawn_on(after_it, &inside.runtime);
        dispatchers.insert(system, Dispatching { stop, task });
    }
}
