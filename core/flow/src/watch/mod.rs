//! Which lanes this hub works: what one hub at a time may do, be it to send to a system, to fetch
//! from one, to tell what is owed, or to keep the books.
//!
//! A hub that has the journal alone works all of them. Of hubs that share it, each gives signs of
//! life in the journal, takes its share of the lanes, and takes over those of a hub that has gone.
//! What must hold: nobody works a lane but in its [`Turn`]; every move of a send carries the turn's
//! fence, which the journal refuses once the lane has another owner; and what is on its way out stops
//! when this hub can no longer be sure that nobody has taken it for gone.

mod among;
mod hold;
mod view;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use luotsi_journal::{
    Journal, NodeId,
    command::{Fence, SENDING},
};
use luotsi_model::{Clock, SystemId};
use luotsi_port::BoxFuture;
use tokio::{runtime::Handle, sync::Notify, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use hold::Over;
pub use hold::Turn;
use hold::{Hold, Moment};

use crate::Entropy;

/// What a hub is there for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Takes in what systems post, and fetches from those that do not.
    Intake,
    /// Sends, and does what is to be done about what was sent.
    Dispatch,
    /// Answers operations.
    Ops,
}

impl Role {
    /// All of them, as they are listed.
    pub const ALL: [Self; 3] = [Self::Intake, Self::Dispatch, Self::Ops];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Dispatch => "dispatch",
            Self::Ops => "ops",
        }
    }
}

/// How a hub shares the journal with others.
#[derive(Clone, Debug)]
pub struct Sharing {
    /// Who it is, over its restarts.
    pub node: NodeId,
    /// What people call it.
    pub name: String,
    /// What it is there for.
    pub roles: Vec<Role>,
    /// How long it must give no sign of life before it is said to have gone.
    pub lease: Duration,
}

/// What is done on a lane.
pub trait Work: Send + Sync + 'static {
    /// Works until `stop`, and ends what it has begun.
    fn run(self: Arc<Self>, turn: Turn, stop: CancellationToken) -> BoxFuture<'static, ()>;
}

/// The name of the lane that sends to a system.
pub(crate) fn to(system: &SystemId) -> String {
    format!("{SENDING}{system}")
}

/// The lanes of one hub.
pub struct Watch {
    journal: Journal,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    sharing: Option<Sharing>,
    hold: Arc<Hold>,
    inside: Mutex<Inside>,
    changed: Arc<Notify>,
}

#[derive(Default)]
struct Inside {
    lanes: BTreeMap<String, Kept>,
    /// With what work is started, once the hub runs.
    place: Option<Place>,
}

#[derive(Clone)]
struct Place {
    runtime: Handle,
    tasks: TaskTracker,
    stop: CancellationToken,
    ended: Arc<Notify>,
}

/// A lane that this hub knows how to work, or is about to leave.
struct Kept {
    role: Role,
    /// None: it is not to be worked any more.
    work: Option<Arc<dyn Work>>,
    running: Option<Running>,
}

struct Running {
    fence: Option<Fence>,
    stop: CancellationToken,
    lost: CancellationToken,
    task: JoinHandle<()>,
}

impl Watch {
    pub(crate) fn new(
        journal: Journal,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        sharing: Option<Sharing>,
    ) -> Self {
        let lease = sharing.as_ref().map_or(Duration::MAX, |sharing| sharing.lease);
        let (inside, changed) = (Mutex::default(), Arc::default());
        Self { journal, clock, entropy, sharing, hold: Arc::new(Hold::of(lease)), inside, changed }
    }

    /// Whether other hubs may be on the journal.
    pub const fn is_shared(&self) -> bool {
        self.sharing.is_some()
    }

    /// How this hub shares the journal.
    pub const fn sharing(&self) -> Option<&Sharing> {
        self.sharing.as_ref()
    }

    /// Whether what only one hub may do can be done here: it has given a sign of life lately.
    pub fn is_alive(&self) -> bool {
        !self.is_shared() || !self.hold.is_over(Moment::now(&*self.clock))
    }

    /// The lanes that it works now.
    pub fn worked(&self) -> Vec<String> {
        let inside = self.inside();
        let worked = inside.lanes.iter().filter(|(_, kept)| kept.is_worked());
        worked.map(|(name, _)| name.clone()).collect()
    }

    /// From now on this hub knows how to work a lane. What it worked it by before ends first.
    pub fn keep(&self, lane: String, role: Role, work: Arc<dyn Work>) {
        let mut inside = self.inside();
        let place = inside.place.clone();
        let kept = inside.lanes.entry(lane).or_insert(Kept { role, work: None, running: None });
        kept.work = Some(work);
        if let Some(running) = &kept.running {
            running.stop.cancel();
        }
        if let (None, Some(place)) = (&self.sharing, place) {
            kept.start(&place, None, |_, _| Turn::SOLE);
        }
        drop(inside);
        self.changed.notify_one();
    }

    /// This hub works the lane no more. What is under way is ended; that is not waited for.
    pub fn leave(&self, lane: &str) {
        if let Some(kept) = self.inside().lanes.get_mut(lane) {
            kept.work = None;
            if let Some(running) = &kept.running {
                running.stop.cancel();
            }
        }
        self.changed.notify_one();
    }

    /// Begins to work, until `stop`.
    pub(crate) fn begin(self: &Arc<Self>, stop: &CancellationToken, tasks: &TaskTracker) {
        let (tasks, stop, ended) = (tasks.clone(), stop.clone(), self.changed.clone());
        let place = Place { runtime: Handle::current(), tasks, stop, ended };
        let mut inside = self.inside();
        inside.place = Some(place.clone());
        if self.is_shared() {
            place.tasks.spawn(self.clone().run(place.stop.clone()));
        } else {
            inside.lanes.values_mut().for_each(|kept| kept.start(&place, None, |_, _| Turn::SOLE));
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn is_worked(&self) -> bool {
        self.running.as_ref().is_some_and(|running| !running.stop.is_cancelled())
    }

    /// Starts its work, after what ran before has ended: two would break the order.
    fn start(
        &mut self,
        place: &Place,
        fence: Option<Fence>,
        turn: impl FnOnce(CancellationToken, CancellationToken) -> Turn,
    ) {
        let Some(work) = self.work.clone() else { return };
        let (stop, lost) = (place.stop.child_token(), CancellationToken::new());
        let (before, ended) = (self.running.take(), place.ended.clone());
        let run = work.run(turn(lost.clone(), stop.clone()), stop.clone());
        let after_it = async move {
            if let Some(before) = before {
                // One that panicked has ended too.
                let _ = before.task.await;
            }
            run.await;
            ended.notify_one();
        };
        let task = place.tasks.spawn_on(after_it, &place.runtime);
        self.running = Some(Running { fence, stop, lost, task });
    }
}
