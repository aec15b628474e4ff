//! What the hub owes others: messages of its own, each made when it is due and then sent as every
//! message is.
//!
//! One task works off what is owed, in the order in which it is due. What is owed stands in the
//! journal and is settled by the acceptance of its message, in one transaction: a crash neither
//! loses nor repeats any of it. The bell only shortens the way; whatever it does not tell is found
//! at the next look.

mod bell;
mod due;
mod known;
mod own;
mod recall;
mod reconsider;
mod refusal;

use std::{
    collections::BTreeSet,
    sync::{Arc, Weak},
};

use jiff::{SignedDuration, Timestamp};
use luotsi_journal::{Error, read};
use luotsi_model::{ClientRef, Kind, SystemId};
use luotsi_port::BoxFuture;
use luotsi_region::{Destination, Region};
use tokio_util::sync::CancellationToken;

use crate::{
    Flow, Refused,
    watch::{Turn, Work},
};

pub(crate) use bell::Bell;
pub(crate) use due::due;
use known::Known;

/// How long it is never left unlooked at: a clock that is set goes by no timer.
const SWEEP: SignedDuration = SignedDuration::from_secs(1);
/// What is worked off between two looks at the bell.
const BATCH: usize = 256;

/// The lane of it.
pub(crate) const LANE: &str = "luotsi:notices";

/// It, as the lane that it is.
pub(crate) struct Telling(pub(crate) Weak<Flow>);

impl Work for Telling {
    fn run(self: Arc<Self>, _: Turn, stop: CancellationToken) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            if let Some(flow) = self.0.upgrade() {
                run(flow, stop).await;
            }
        })
    }
}

/// Runs until `stop`, wherever it is then: what it leaves is found by whoever looks next.
async fn run(flow: Arc<Flow>, stop: CancellationToken) {
    stop.run_until_cancelled(work_on(&flow)).await;
}

async fn work_on(flow: &Flow) {
    let mut known = Known::default();
    loop {
        let clients = flow.bell.take();
        let now = flow.clock.now();
        if let Err(error) = work(flow, &clients, &mut known, now).await {
            tracing::error!(%error, "what the hub owes is not told yet");
            clients.iter().for_each(|client| flow.bell.note(client));
        }
        let wake = next(flow, now).await;
        tokio::select! {
            biased;
            () = flow.bell.rung() => {}
            () = flow.clock.sleep_until(wake) => {}
        }
    }
}

/// Works off what is due, and what has become due by a change of these clients' directives, or of others'
/// of which the bell does not tell: before a crash, or at another hub.
async fn work(
    flow: &Flow,
    clients: &BTreeSet<ClientRef>,
    known: &mut Known,
    now: Timestamp,
) -> Result<(), Error> {
    let mut clients = clients.clone();
    let mut found = None;
    if known.is_nothing() || flow.watch.is_shared() {
        let untold = flow.journal.read(read::untold_refusals).await?;
        clients.extend(known.news(&untold));
        found = Some(untold);
    }
    for client in &clients {
        refusal::of_client(flow, client).await?;
    }
    if let Some(untold) = found {
        known.learn(&untold);
    }
    reconsider::dead_letters(flow).await?;
    recall::what_is_owed(flow).await?;
    recall::what_is_overdue(flow, now).await?;
    refusal::what_is_due(flow, now).await
}

/// Whether what the hub answers a sender reaches it: a route leads there, and a mapping writes it.
pub(crate) fn leads_back(region: &Region, sender: &SystemId) -> bool {
    let kind = Kind::new(Kind::TASK_STATUS);
    let leads_there = |to: &Destination| match to {
        Destination::Answer { .. } => true,
        Destination::System { system, .. } => system == sender,
    };
    let routes = region.routes.iter().filter(|route| route.takes_from_hub());
    routes.flat_map(|route| &route.to).any(leads_there)
        && region.delivery_mapping(sender, &kind).is_some()
}

/// When to look again at the latest. What was due by `now` and is still owed could not be told.
async fn next(flow: &Flow, now: Timestamp) -> Timestamp {
    let sweep = now + SWEEP;
    let owed = flow.journal.read(read::next_untold).await.ok().flatten();
    let due = owed.map(|due| due.max(due::earliest(flow.started)));
    due.filter(|due| *due > now).map_or(sweep, |due| due.min(sweep))
}

/// Whether a message of the hub's own was taken in. The only refusal that it should meet is the
/// journal's, after which it is tried again.
fn kept<T>(accepted: Result<T, Refused>) -> Result<bool, Error> {
    match accepted {
        Ok(_) => Ok(true),
        Err(Refused::Journal(error)) => Err(error),
        Err(other) => {
            tracing::error!(code = other.code(), "a message of the hub's own is not taken in");
            Ok(false)
        }
    }
}
