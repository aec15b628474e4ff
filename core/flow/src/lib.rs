//! The journey of a message, and the one place that orders its steps:
//!
//! ```text
//! bytes ─ intake: read, map in, route ─► journal.accept (commit) ─► acknowledged
//!            dispatch: per destination, per client in order ─► send:
//!            gate (permit) ─► project ─► map out ─► intent (commit) ─► deliver ─► outcome (commit)
//! ```
//!
//! What must hold: nothing is acknowledged before it is durable; nothing leaves but through
//! [`send`] and [`disclose`], and there only under a permit minted for that attempt whose intent is
//! durable; every accepted message comes to one end.
//!
//! Deliberately absent: SQL, sockets, and the name of any adapter.

mod alarm;
mod attested;
mod client;
mod clock;
mod consents;
mod disclose;
mod dispatch;
mod entropy;
mod erase;
mod fhir;
mod gate;
mod generation;
pub mod inspect;
mod intake;
mod lossy;
mod metrics;
mod notices;
mod plan;
mod relay;
mod release;
mod replay;
mod retry;
mod send;
pub mod shadow;
mod trace_context;
mod watch;

use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use luotsi_bus::{Bus, broker::Broker};
use luotsi_journal::{
    Journal,
    command::{Fence, Recover},
};
use luotsi_model::{Clock, SystemId};
use luotsi_region::Region;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use client::ClientKey;
pub use clock::SystemClock;
pub use consents::{ConsentRead, ConsentSeen};
pub use disclose::Unseen;
pub use entropy::{Entropy, SystemEntropy};
pub use generation::{Exchanged, Ways};
pub use intake::{ConsentWrite, Incoming, PlanWrite, Receipt, Refused, RowReceipt, Taken};
pub use metrics::Metrics;
pub use plan::{PlanRead, PlanSeen, Store};
pub use replay::NotReplayed;
pub use watch::{Role, Sharing, Turn, Watch, Work};

use gate::Gate;
use generation::{Generation, Running};
use notices::Bell;
use relay::Relay;
use send::Item;

/// The hub's inside: what every step shares.
pub struct Flow {
    generation: ArcSwap<Generation>,
    running: Running,
    journal: Journal,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    clients: ClientKey,
    gate: Arc<Gate>,
    bus: Arc<Bus<Item>>,
    metrics: Metrics,
    intake_turns: Semaphore,
    bell: Arc<Bell>,
    watch: Arc<Watch>,
    relay: Arc<Relay>,
    started: Timestamp,
}

/// Messages being accepted at once; the others wait their turn. A delivery needs two commits and an
/// acceptance one, so without a bound the intake would take the commits, and work would pile up
/// between the two that no recipient is slow for.
const INTAKE_TURNS: usize = 24;

impl Flow {
    /// Puts the inside of a hub together that has the journal alone. Nothing runs until
    /// [`Flow::start`].
    pub fn new(
        region: impl Into<Arc<Region>>,
        journal: Journal,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        clients: ClientKey,
    ) -> Arc<Self> {
        Self::among(region, journal, clock, entropy, clients, None, None)
    }

    /// The same for a hub that may share the journal with others, and tells them over a broker where
    /// there is one.
    pub fn among(
        region: impl Into<Arc<Region>>,
        journal: Journal,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        clients: ClientKey,
        sharing: Option<Sharing>,
        broker: Option<Broker>,
    ) -> Arc<Self> {
        let region = region.into();
        let started = clock.now();
        let relay = Relay::new(sharing.as_ref().map(|sharing| sharing.node).zip(broker));
        let watch = Watch::new(journal.clone(), clock.clone(), entropy.clone(), sharing);
        let flow = Self {
            generation: ArcSwap::from_pointee(Generation { region, ways: Ways::new() }),
            running: Running::default(),
            gate: Gate::new(journal.clone()).into(),
            journal,
            clock,
            entropy,
            clients,
            bus: Arc::default(),
            metrics: Metrics::new(),
            intake_turns: Semaphore::new(INTAKE_TURNS),
            bell: Arc::default(),
            watch: Arc::new(watch),
            relay: relay.into(),
            started,
        };
        Arc::new(flow)
    }

    /// Begins to work: a lane for each destination, on which what a crash left open is settled first,
    /// and one for the messages that the hub owes itself.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn start(
        self: &Arc<Self>,
        ways: Ways,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) -> Result<(), luotsi_journal::Error> {
        if !self.watch.is_shared() {
            self.recover(None, None).await?;
        }
        self.warn_of_the_undeclared().await?;
        self.dispatch_all(ways).await;
        let notices = notices::Telling(Arc::downgrade(self));
        self.watch.keep(notices::LANE.into(), Role::Dispatch, Arc::new(notices));
        self.watch.begin(stop, tasks);
        tasks.spawn(relay::run(self.clone(), stop.clone()));
        Ok(())
    }

    /// Settles the sends whose outcome nobody recorded: those to a destination, or all.
    pub(crate) async fn recover(
        &self,
        destination: Option<SystemId>,
        fence: Option<Fence>,
    ) -> Result<(), luotsi_journal::Error> {
        let at = self.clock.now();
        let interrupted = self.journal.write(Recover { at, destination, fence }).await?;
        if interrupted > 0 {
            tracing::warn!(interrupted, "sends without an outcome are sent again, same id");
        }
        Ok(())
    }

    /// Deliveries to a system that the region no longer declares have no dispatcher: they stay until
    /// it is declared again, and must not stay unseen.
    async fn warn_of_the_undeclared(&self) -> Result<(), luotsi_journal::Error> {
        let region = self.region();
        for load in self.journal.read(luotsi_journal::read::loads).await? {
            let declared =
                region.connection(&load.destination).is_some_and(|c| c.delivery.is_some());
            if !declared && load.state.is_pending() {
                tracing::warn!(
                    system = %load.destination, count = load.count,
                    "deliveries are stuck: the region no longer declares where they go"
                );
            }
        }
        Ok(())
    }

    /// The generation in force.
    pub fn region(&self) -> Arc<Region> {
        self.generation.load().region.clone()
    }

    /// The journal.
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The time.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The key that makes client references.
    pub const fn clients(&self) -> &ClientKey {
        &self.clients
    }

    /// Whether this hub is there for that.
    pub fn has(&self, role: Role) -> bool {
        self.watch.sharing().is_none_or(|sharing| sharing.roles.contains(&role))
    }

    /// The broker that other hubs are told over.
    pub fn broker(&self) -> Option<&Broker> {
        self.relay.broker()
    }

    /// The lanes that this hub works.
    pub const fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    /// The instruments.
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}
