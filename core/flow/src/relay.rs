//! Tells the hubs that work a lane what this one has taken in for it, over the broker.
//!
//! The outbox is the journal's, and a row of it is struck out when the broker has confirmed it and
//! returned nothing. What is announced twice is looked at twice, so nothing here needs to be exact.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use luotsi_bus::broker::{Broker, Condition, Hint};
use luotsi_journal::{Error, Journal, NodeId, command::Told, read};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::Flow;

/// Rows announced at once, each with what a group of commands is to tell of one lane.
const BATCH: usize = 64;
/// How often it is looked for what was not confirmed, or was left by a hub that has gone.
const SWEEP: Duration = Duration::from_secs(1);
/// How often at most: what comes meanwhile goes together, which costs everybody less.
const PACE: Duration = Duration::from_millis(50);
/// How long what the broker has may stand in the outbox: less than until it is announced again.
const STRUCK: Duration = Duration::from_millis(50);
/// So much may wait for the broker; beyond it nothing more is taken in.
const BEHIND_MAX: u64 = 20_000;

/// The way to other hubs.
pub(crate) struct Relay {
    by: Option<(NodeId, Broker)>,
    bell: Notify,
    behind: AtomicU64,
}

impl Relay {
    pub(crate) fn new(by: Option<(NodeId, Broker)>) -> Self {
        Self { by, bell: Notify::new(), behind: AtomicU64::new(0) }
    }

    pub(crate) fn broker(&self) -> Option<&Broker> {
        self.by.as_ref().map(|(_, broker)| broker)
    }

    /// Something may have been put into the outbox.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Why nothing more is to be taken in, if it is not: the broker has raised an alarm, or has been
    /// away for so long that too much waits for it.
    pub(crate) fn is_full(&self) -> Option<String> {
        let behind = self.behind.load(Ordering::Relaxed);
        match self.broker()?.condition() {
            Condition::Blocked { why } => Some(format!("the broker has raised an alarm: {why}")),
            Condition::Away { why } if behind > BEHIND_MAX => {
                Some(format!("{behind} deliveries wait for the broker: {why}"))
            }
            Condition::Ready | Condition::Away { .. } => None,
        }
    }
}

/// Runs until `stop`.
pub(crate) async fn run(flow: Arc<Flow>, stop: CancellationToken) {
    let Some((node, broker)) = flow.relay.by.clone() else { return };
    let mut conditions = broker.conditions();
    let mut round = Round { looks: true, ..Round::default() };
    while !stop.is_cancelled() {
        let Some(Rest { long, hears }) = round.go(&flow, node, &broker).await else { continue };
        round.looks = tokio::select! {
            biased;
            () = stop.cancelled() => false,
            () = flow.relay.bell.notified(), if hears => false,
            Ok(()) = conditions.changed() => true,
            () = flow.clock.sleep_until(flow.clock.now() + long) => false,
        };
        round.confirmed.strike_out(&flow);
    }
    if !round.confirmed.rows.is_empty() {
        struck_out(flow.journal.clone(), round.confirmed.rows).await;
    }
}

/// How far it is told on.
#[derive(Default)]
struct Round {
    /// The place up to which everything was announced.
    after: i64,
    /// When it last began anew.
    swept: Option<Duration>,
    /// Whether to look whatever the journal says.
    looks: bool,
    /// What the journal said when it was last looked.
    seen: Option<u64>,
    /// When that was.
    announced: Duration,
    confirmed: Confirmed,
}

/// Until when there is nothing to do.
struct Rest {
    long: Duration,
    /// Whether a ring ends it.
    hears: bool,
}

impl Round {
    /// Announces what there is, where it is time. `None`: there may be more.
    async fn go(&mut self, flow: &Flow, node: NodeId, broker: &Broker) -> Option<Rest> {
        // However much is rung meanwhile: what was not confirmed must not wait for a quiet moment.
        let now = flow.clock.steady();
        if self.swept.is_none_or(|swept| now.saturating_sub(swept) >= SWEEP) {
            (self.after, self.swept, self.looks) = (0, Some(now), true);
            count(flow).await;
        }
        // Of most that rings nothing is to be told: the lane is this hub's own.
        let moves = Some(flow.journal.outbox_moves());
        let due = PACE.saturating_sub(now.saturating_sub(self.announced));
        if self.looks || (moves != self.seen && due.is_zero()) {
            (self.seen, self.announced) = (moves, now);
            match self.announce(flow, node, broker).await {
                Ok(BATCH) => {
                    self.looks = true;
                    return None;
                }
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "the outbox is not told on"),
            }
        }
        let hears = moves == self.seen;
        let long = match (hears, self.confirmed.rows.is_empty()) {
            (false, _) => due,
            (true, false) => STRUCK,
            (true, true) => SWEEP,
        };
        Some(Rest { long, hears })
    }

    /// Announces what stands in the outbox; how many rows there were.
    async fn announce(
        &mut self,
        flow: &Flow,
        node: NodeId,
        broker: &Broker,
    ) -> Result<usize, Error> {
        if !matches!(broker.condition(), Condition::Ready) {
            return Ok(0);
        }
        let from = self.after;
        let rows = flow.journal.read(move |c| read::outbox(c, node, from, BATCH)).await?;
        let Some(last) = rows.last() else { return Ok(0) };
        self.after = last.seq;
        let hints = rows.iter().flat_map(|row| {
            let hint = |place: &i64| Hint { lane: row.destination.clone(), place: *place };
            row.deliveries.iter().map(hint)
        });
        let places = broker.announce(hints.collect()).await;
        let places: HashSet<i64> = places.into_iter().collect();
        let told = rows.iter().filter(|row| row.deliveries.iter().all(|at| places.contains(at)));
        self.confirmed.rows.extend(told.map(|row| row.seq));
        self.confirmed.strike_out(flow);
        Ok(rows.len())
    }
}

async fn count(flow: &Flow) {
    match flow.journal.read(read::outbox_count).await {
        Ok(behind) => flow.relay.behind.store(behind, Ordering::Relaxed),
        Err(error) => tracing::error!(%error, "what waits for the broker is not counted"),
    }
}

/// What the broker has, and the outbox still holds. Those rows are in nobody's way, and a commit of
/// their own would be: many are struck out at once.
#[derive(Default)]
struct Confirmed {
    rows: Vec<i64>,
    struck: Option<Duration>,
}

impl Confirmed {
    /// Strikes them out when it is time. Nothing waits for that commit.
    fn strike_out(&mut self, flow: &Flow) {
        let now = flow.clock.steady();
        let waits = self.struck.is_some_and(|struck| now.saturating_sub(struck) < STRUCK);
        if self.rows.is_empty() || (waits && self.rows.len() < BATCH) {
            return;
        }
        self.struck = Some(now);
        let rows = std::mem::take(&mut self.rows);
        tokio::spawn(struck_out(flow.journal.clone(), rows));
    }
}

/// What this fails for is announced again.
async fn struck_out(journal: Journal, rows: Vec<i64>) {
    if let Err(error) = journal.write(Told { rows, fence: None }).await {
        tracing::warn!(%error, "what the broker has is not struck out: it is announced again");
    }
}
