//! Which lanes this hub works: what one hub at a time may do, be it to send to a system, to fetch
//! from one, to tell what is owed, or to keep the books.
//!
//! A hub that has the journal alone works all of them. Of hubs that share it, each gives signs of
//! life in the journal, takes its share of the lanes, and takes over those of a hub that has gone.
//! What must hold: nobody works a lane but in its [`Turn`]; every move of a send carries the turn's
//! fence, which the journal refuses once the lane has another owner; and what is on its way out stops
//! when this hub can no longer be sure that nobody has taken it for gone.

mod hold;
mod view;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::SignedDuration;
use luotsi_journal::{
    Error, Journal, NodeId,
    command::{Beat, Bequeath, Claim, Fence, SENDING, Yield},
    read::{self, Lane, Node},
};
use luotsi_model::{Clock, SystemId};
use luotsi_port::BoxFuture;
use tokio::{runtime::Handle, sync::Notify, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use hold::Over;
pub use hold::Turn;
use hold::{Hold, Moment};
use view::{Ours, View};

use crate::Entropy;

/// Signs of life in the time of a lease.
const BEATS: u32 = 8;

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
            kept.start(&place, None, |_| Turn::SOLE);
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
            inside.lanes.values_mut().for_each(|kept| kept.start(&place, None, |_| Turn::SOLE));
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
        turn: impl FnOnce(CancellationToken) -> Turn,
    ) {
        let Some(work) = self.work.clone() else { return };
        let (stop, lost) = (place.stop.child_token(), CancellationToken::new());
        let (before, ended) = (self.running.take(), place.ended.clone());
        let run = work.run(turn(lost.clone()), stop.clone());
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

/// What is done where the journal is shared.
impl Watch {
    async fn run(self: Arc<Self>, stop: CancellationToken) {
        let Some(sharing) = self.sharing.clone() else { return };
        let mut view = View::default();
        while !stop.is_cancelled() {
            if let Err(error) = self.turn(&sharing, &mut view).await {
                tracing::error!(%error, "no sign of life: the lanes of this hub may go to another");
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = self.pause(&sharing) => {}
            }
        }
        self.retire(&sharing).await;
    }

    /// Until the next sign of life is due, or there is something to do.
    async fn pause(&self, sharing: &Sharing) {
        let next = SignedDuration::try_from(sharing.lease / BEATS).unwrap_or(SignedDuration::MAX);
        tokio::select! {
            () = self.changed.notified() => {}
            () = self.clock.sleep_until(self.clock.now() + next) => {}
        }
    }

    /// One look around: lives, sees who else does, and takes and leaves lanes.
    async fn turn(&self, sharing: &Sharing, view: &mut View) -> Result<(), Error> {
        self.beat(sharing, &sharing.roles).await?;
        self.settle_ended().await?;
        let (nodes, lanes) = self.journal.read(|c| Ok((read::nodes(c)?, read::lanes(c)?))).await?;
        let now = Moment::now(&*self.clock);
        let mut freed = BTreeSet::new();
        for (gone, beat) in view.gone(sharing.node, &nodes, now, sharing.lease) {
            let has_gone = Bequeath { gone, beat, to: sharing.node };
            if self.journal.write(has_gone).await? {
                let name = nodes.iter().find(|node| node.id == gone).map(|node| &*node.name);
                tracing::warn!(hub = name, "a hub has gone: its lanes are taken over");
                freed.insert(gone);
            }
        }
        let alive = nodes.into_iter().filter(|node| !freed.contains(&node.id)).collect::<Vec<_>>();
        let free = |lane: Lane| Lane { owner: lane.owner.filter(|o| !freed.contains(o)), ..lane };
        let lanes: Vec<_> = lanes.into_iter().map(free).collect();
        for role in &sharing.roles {
            self.share(sharing, view, *role, &alive, &lanes).await?;
        }
        Ok(())
    }

    async fn beat(&self, sharing: &Sharing, roles: &[Role]) -> Result<(), Error> {
        let begun = Moment::now(&*self.clock);
        // Asked before the sign is given: one that comes too late must not make good what was lost.
        if self.hold.is_over(begun) {
            self.lose_all();
        }
        let [a, b, c, d, e, f, g, h, ..] = self.entropy.bytes();
        let sign = Beat {
            node: sharing.node,
            name: sharing.name.clone(),
            roles: roles.iter().map(|role| role.as_str().to_owned()).collect(),
            beat: i64::from_le_bytes([a, b, c, d, e, f, g, h]),
        };
        self.journal.write(sign).await?;
        self.hold.renew(begun);
        Ok(())
    }

    async fn share(
        &self,
        sharing: &Sharing,
        view: &mut View,
        role: Role,
        alive: &[Node],
        lanes: &[Lane],
    ) -> Result<(), Error> {
        let (wanted, worked) = self.lanes_of(role);
        let hubs = alive.iter().filter(|n| n.roles.iter().any(|r| r == role.as_str())).count();
        let (me, lease) = (sharing.node, sharing.lease);
        let ours = Ours { me, wanted: &wanted, worked: &worked, hubs, lease };
        let steps = view.steps(&ours, lanes, Moment::now(&*self.clock));
        for lane in steps.leave {
            if let Some(running) = self.inside().lanes.get(&lane).and_then(|k| k.running.as_ref()) {
                tracing::info!(lane, "left to another hub");
                running.stop.cancel();
            }
        }
        for lane in steps.claim {
            self.claim(sharing.node, lane).await?;
        }
        Ok(())
    }

    /// The lanes of a role that are to be worked and have nobody of this hub at them, or have.
    fn lanes_of(&self, role: Role) -> (Vec<String>, Vec<String>) {
        let inside = self.inside();
        let of_role = inside.lanes.iter().filter(|(_, kept)| kept.role == role);
        // One that is on its way out is neither to be claimed nor counted.
        let at_hand = of_role.filter(|(_, k)| k.is_worked() || k.running.is_none());
        let wanted = at_hand.clone().filter(|(_, kept)| kept.work.is_some());
        let worked = at_hand.filter(|(_, kept)| kept.is_worked());
        let names = |(name, _): (&String, &Kept)| name.clone();
        (wanted.map(names).collect(), worked.map(names).collect())
    }

    async fn claim(&self, node: NodeId, lane: String) -> Result<(), Error> {
        let Some(fence) = self.journal.write(Claim { lane: lane.clone(), node }).await? else {
            return Ok(());
        };
        tracing::info!(lane, epoch = fence.epoch, "taken on");
        let mut inside = self.inside();
        let place = inside.place.clone();
        if let (Some(place), Some(kept)) = (place, inside.lanes.get_mut(&lane)) {
            let hold = self.hold.clone();
            let turn = |lost| Turn::held(fence.clone(), hold, lost);
            kept.start(&place, Some(fence.clone()), turn);
        }
        Ok(())
    }

    /// Gives up in the journal what has ended here.
    async fn settle_ended(&self) -> Result<(), Error> {
        loop {
            let ended = {
                let mut inside = self.inside();
                let ended =
                    |kept: &Kept| kept.running.as_ref().is_some_and(|r| r.task.is_finished());
                let name =
                    inside.lanes.iter().find(|(_, k)| ended(k)).map(|(name, _)| name.clone());
                let Some(name) = name else { return Ok(()) };
                let Some(kept) = inside.lanes.get_mut(&name) else { return Ok(()) };
                let running = kept.running.take();
                if kept.work.is_none() {
                    inside.lanes.remove(&name);
                }
                running.and_then(|running| running.fence)
            };
            if let Some(fence) = ended {
                self.journal.write(Yield(fence)).await?;
            }
        }
    }

    /// Another may have taken them: nothing more goes out on any lane until each is claimed anew.
    fn lose_all(&self) {
        let inside = self.inside();
        let worked: Vec<_> =
            inside.lanes.values().filter_map(|kept| kept.running.as_ref()).collect();
        if worked.iter().any(|running| !running.lost.is_cancelled()) {
            tracing::warn!(lanes = worked.len(), "this hub may be taken for gone: its lanes rest");
        }
        for running in worked {
            running.lost.cancel();
            running.stop.cancel();
        }
    }

    /// Ends all work, and leaves each lane to the others as soon as it has ended. Until then this hub
    /// gives signs of life, and takes no lane.
    async fn retire(&self, sharing: &Sharing) {
        self.inside().lanes.values_mut().for_each(|kept| {
            kept.work = None;
            kept.running.iter().for_each(|running| running.stop.cancel());
        });
        loop {
            let ended = |kept: &Kept| kept.running.as_ref().is_none_or(|r| r.task.is_finished());
            let is_over = self.inside().lanes.values().all(ended);
            let told = match self.beat(sharing, &[]).await {
                Ok(()) => self.settle_ended().await,
                failed => failed,
            };
            if let Err(error) = told {
                tracing::warn!(%error, "lanes are not given up: they are taken over after the lease");
            }
            if is_over {
                return;
            }
            self.pause(sharing).await;
        }
    }
}
