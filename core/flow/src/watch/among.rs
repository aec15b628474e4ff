//! The watch where hubs share the journal: signs of life, shares, taking over and handing over.

use std::{collections::BTreeSet, sync::Arc};

use jiff::SignedDuration;
use luotsi_journal::{
    Error, NodeId,
    command::{Beat, Bequeath, Claim, Yield},
    read::{self, Lane, Node},
};
use tokio_util::sync::CancellationToken;

use super::{
    Kept, Role, Sharing, Turn, Watch,
    hold::Moment,
    view::{Ours, View},
};

/// Signs of life in the time of a lease.
const BEATS: u32 = 8;

impl Watch {
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
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
            biased;
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
        if !self.journal.write(sign).await? {
            // Another has said that this hub has gone, while the sign was on its way.
            self.lose_all();
        }
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
        for (nth, lane) in steps.claim.into_iter().enumerate() {
            // Each takes a commit. Where those are slow, a sign of life comes before the next lane.
            if nth > 0 && self.hold.is_worn(Moment::now(&*self.clock)) {
                self.changed.notify_one();
                break;
            }
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
            let turn = |lost, stop| Turn::held(fence.clone(), hold, lost, stop);
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
