//! What a hub makes of the others: who has gone, and which lanes are for it to take or to leave.
//! Pure.

use std::{collections::BTreeMap, time::Duration};

use luotsi_journal::{
    NodeId,
    read::{Lane, Node},
};

use super::hold::Moment;

/// So many leases a hub keeps what nobody else took, before it offers that again.
const OFFERED: u32 = 10;

/// What was seen of the others, and since when.
#[derive(Default)]
pub(super) struct View {
    beats: BTreeMap<NodeId, (i64, Moment)>,
    free: BTreeMap<String, Moment>,
    /// What it took beyond its share, since when. Now and then it is offered again.
    beyond: BTreeMap<String, Moment>,
}

/// What is to be done about the lanes of one role.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Steps {
    pub(super) claim: Vec<String>,
    pub(super) leave: Vec<String>,
}

/// How one hub stands to the lanes of a role.
pub(super) struct Ours<'a> {
    pub(super) me: NodeId,
    /// The lanes that it knows how to work.
    pub(super) wanted: &'a [String],
    /// Those of them that it works.
    pub(super) worked: &'a [String],
    /// The hubs of that role that live, itself among them.
    pub(super) hubs: usize,
    pub(super) lease: Duration,
}

impl View {
    /// The hubs whose beat has stood for a whole lease, each with that beat.
    pub(super) fn gone(
        &mut self,
        me: NodeId,
        nodes: &[Node],
        now: Moment,
        lease: Duration,
    ) -> Vec<(NodeId, i64)> {
        self.beats.retain(|id, _| nodes.iter().any(|node| node.id == *id));
        let mut gone = Vec::new();
        for node in nodes.iter().filter(|node| node.id != me) {
            let seen = self.beats.entry(node.id).or_insert((node.beat, now));
            if seen.0 != node.beat {
                *seen = (node.beat, now);
            }
            if now.is_after(seen.1, lease) {
                gone.push((node.id, node.beat));
            }
        }
        gone
    }

    /// A hub takes free lanes up to its share, and leaves what it has beyond it. What nobody takes
    /// for a whole lease it takes beyond its share: the others may not know that system.
    pub(super) fn steps(&mut self, ours: &Ours<'_>, lanes: &[Lane], now: Moment) -> Steps {
        let share = ours.wanted.len().div_ceil(ours.hubs.max(1));
        let owner = |name: &str| lanes.iter().find(|l| l.name == name).and_then(|l| l.owner);
        let mut room = share.saturating_sub(ours.worked.len());
        let mut steps = Steps::default();
        for name in ours.wanted.iter().filter(|name| !ours.worked.contains(name)) {
            let owner = owner(name);
            if owner.is_some_and(|owner| owner != ours.me) {
                self.free.remove(name);
                continue;
            }
            let since = *self.free.entry(name.clone()).or_insert(now);
            // One that was its own before it began anew waits for nobody else.
            let is_left = now.is_after(since, ours.lease);
            if room > 0 || is_left || owner == Some(ours.me) {
                if room == 0 && is_left {
                    self.beyond.insert(name.clone(), now);
                }
                room = room.saturating_sub(1);
                self.free.remove(name);
                steps.claim.push(name.clone());
            }
        }
        // What it has beyond its share since nobody took it would only come back.
        self.beyond.retain(|name, since| {
            let is_ours = ours.worked.contains(name) || steps.claim.contains(name);
            is_ours && !now.is_after(*since, ours.lease * OFFERED)
        });
        let leave = ours.worked.iter().filter(|name| !self.beyond.contains_key(*name));
        steps.leave = leave.skip(share).cloned().collect();
        steps
    }
}

#[cfg(test)]
mod tests;
