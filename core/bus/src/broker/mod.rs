//! Over RabbitMQ: a durable queue a lane, of which one hub at a time hears.
//!
//! What crosses the broker is a place in the journal and nothing else (claim check). A place that is
//! lost is found again in the journal, and one that comes twice is looked up twice, so neither needs
//! to be prevented. The library's own recovery stays off: whatever breaks is thrown away whole and
//! built anew.

mod backoff;
mod hearing;
mod hint;
mod inspect;
mod keep;
mod link;
mod publishing;
mod settings;
mod topology;
mod transport;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::future::BoxFuture;
use luotsi_model::SystemId;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use hearing::{Heard, Hearing, Receipt};
pub use hint::Hint;
pub use inspect::{Finding, Unreachable, inspect};
pub use settings::{Settings, Unusable};
pub use transport::Transport;

use link::Link;

/// The hub's broker. Clones are the same one.
#[derive(Clone)]
pub struct Broker {
    transport: Arc<dyn Transport>,
}

/// How the broker is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// It takes what is announced.
    Ready,
    /// It is not there, or not as it must be.
    Away {
        /// What is the matter, and the mend where a person must do something.
        why: String,
    },
    /// It is there and has raised an alarm: it takes nothing until that is over.
    Blocked {
        /// Its own words.
        why: String,
    },
}

/// A RabbitMQ.
struct RabbitMq(Arc<Shared>);

struct Shared {
    settings: Settings,
    lanes: Mutex<BTreeSet<SystemId>>,
    link: watch::Sender<Option<Arc<Link>>>,
    condition: watch::Sender<Condition>,
    strangers: AtomicU64,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Broker {
    /// Keeps one connection that publishes and one that consumes, until `stop`: declares the
    /// [topology](Settings) each time, and connects again by itself, with a growing pause.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn start(
        settings: Settings,
        lanes: impl IntoIterator<Item = SystemId>,
        stop: CancellationToken,
        tasks: &TaskTracker,
    ) -> Self {
        let why = "it has not been reached yet".to_owned();
        let shared = Arc::new(Shared {
            settings,
            lanes: Mutex::new(lanes.into_iter().collect()),
            link: watch::Sender::new(None),
            condition: watch::Sender::new(Condition::Away { why }),
            strangers: AtomicU64::new(0),
            stop,
            tasks: tasks.clone(),
        });
        tasks.spawn(keep::keep(shared.clone()));
        Self::over(RabbitMq(shared))
    }

    /// Whatever else carries hints.
    pub fn over(transport: impl Transport + 'static) -> Self {
        Self { transport: Arc::new(transport) }
    }

    /// Adds a lane, after a reload. One that is there stays as it is.
    ///
    /// When the broker is away the lane is declared as soon as it is back.
    pub async fn add_lane(&self, lane: SystemId) {
        self.transport.add_lane(lane).await;
    }

    /// Publishes all of them, persistent and mandatory: the places that the broker has confirmed
    /// *and not returned*. What is not among them may have arrived all the same.
    ///
    /// Takes 5 s at most, begins nothing in the latter half of that, and tries nothing twice. One
    /// announcement goes after the other, so hints that go together should come together.
    pub async fn announce(&self, hints: Vec<Hint>) -> Vec<i64> {
        self.transport.announce(hints).await
    }

    /// How the broker is now.
    pub fn condition(&self) -> Condition {
        self.transport.conditions().borrow().clone()
    }

    /// How the broker is, and each change of it.
    pub fn conditions(&self) -> watch::Receiver<Condition> {
        self.transport.conditions()
    }

    /// Messages in the lanes' queues that were no hints, since the start. They are with the dead
    /// letters.
    pub fn strangers(&self) -> u64 {
        self.transport.strangers()
    }

    /// Hears a lane's hints until dropped, over however many connections; a lane that is not there
    /// is added. Of several who do so, in this process or in others, one hears; when it is gone the
    /// next one does, which takes some seconds where it went without a word.
    pub fn hear(&self, lane: SystemId) -> Hearing {
        self.transport.hear(lane)
    }
}

impl Transport for RabbitMq {
    fn announce(&self, hints: Vec<Hint>) -> BoxFuture<'_, Vec<i64>> {
        Box::pin(publishing::announce(&self.0, hints))
    }

    fn hear(&self, lane: SystemId) -> Hearing {
        Hearing::start(&self.0, lane)
    }

    fn add_lane(&self, lane: SystemId) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.0.lanes().insert(lane);
            if let Some(link) = self.0.link() {
                link.declare_lanes(&self.0).await;
            }
        })
    }

    fn conditions(&self) -> watch::Receiver<Condition> {
        self.0.condition.subscribe()
    }

    fn strangers(&self) -> u64 {
        self.0.strangers.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn lanes(&self) -> MutexGuard<'_, BTreeSet<SystemId>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn link(&self) -> Option<Arc<Link>> {
        self.link.borrow().clone()
    }

    /// Tells of a condition, once.
    fn is(&self, condition: Condition) {
        self.condition.send_if_modified(|now| {
            let is_new = *now != condition;
            if is_new {
                condition.log(&self.settings);
                *now = condition;
            }
            is_new
        });
    }
}

impl Condition {
    fn log(&self, settings: &Settings) {
        match self {
            Self::Ready => tracing::info!(broker = %settings, "the broker is ready"),
            Self::Away { why } => tracing::warn!(broker = %settings, why, "the broker is away"),
            Self::Blocked { why } => {
                tracing::warn!(broker = %settings, why, "the broker has raised an alarm");
            }
        }
    }
}
