//! The generation in force: a region and the ways out of it, exchanged together or not at all.
//!
//! What must hold: a decision, what is sent on it and the way that it is sent by are of one
//! generation. Whoever decides holds a pass from before the generation is looked up until the intent
//! is durable, and an exchange waits for the passes that are out. So once an exchange has been made,
//! no intent is written, nothing is accepted and nothing is shown on a decision of the old one. What
//! the old one let out before is under way and has its intent in the log.

use std::{collections::BTreeMap, sync::Arc};

use luotsi_journal::{Error, command::Redecide};
use luotsi_model::{GenerationId, SystemId};
use luotsi_port::Outbound;
use luotsi_region::Region;
use tokio::sync::{Mutex, RwLock, RwLockReadGuard};

use crate::{Flow, Role, dispatch::Dispatching, watch};

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

/// How generations are exchanged: one after the other, and not while anybody decides.
#[derive(Default)]
pub(crate) struct Running {
    exchange: Mutex<()>,
    passes: RwLock<()>,
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
        let _one = self.running.exchange.lock().await;
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
            self.watch.leave(&watch::to(system));
        }
        let added: Vec<_> =
            ways.keys().filter(|system| !old.ways.contains_key(*system)).cloned().collect();
        if let Some(broker) = self.broker() {
            for system in &added {
                broker.add_lane(system.clone()).await;
            }
        }
        added.iter().for_each(|system| self.dispatch(system));
        self.warn_of_the_undeclared().await?;
        let (from, to) = (old.region.generation.clone(), region.generation.clone());
        Ok(Exchanged { from, to, added, removed, waiting })
    }

    /// Puts the first generation in force.
    pub(crate) async fn dispatch_all(self: &Arc<Self>, ways: Ways) {
        let _one = self.running.exchange.lock().await;
        let region = self.region();
        self.generation.store(Arc::new(Generation { region: region.clone(), ways: ways.clone() }));
        ways.keys().for_each(|system| self.dispatch(system));
    }

    /// Makes the sending to a system a lane of this hub's.
    fn dispatch(self: &Arc<Self>, system: &SystemId) {
        let work = Dispatching { flow: Arc::downgrade(self), system: system.clone() };
        self.watch.keep(watch::to(system), Role::Dispatch, Arc::new(work));
    }
}
