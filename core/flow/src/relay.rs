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

/// Rows announced at once.
const BATCH: usize = 512;
/// How often it is looked for what was not confirmed, or was left by a hub that has gone.
const SWEEP: Duration = Duration::from_secs(1);
/// How often at most: what comes meanwhile goes together, which costs everybody less.
const PACE: Duration = Duration::from_millis(25);
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
    let (mut after, mut swept) = (0, None);
    let (mut seen, mut looks) = (None, true);
    let (mut confirmed, mut announced) = (Confirmed::default(), Duration::ZERO);
    while !stop.is_cancelled() {
        // However much is rung meanwhile: what was not confirmed must not wait for a quiet moment.
        let now = flow.clock.steady();
        if swept.is_none_or(|swept| now.saturating_sub(swept) >= SWEEP) {
            (after, swept, looks) = (0, Some(now), true);
            count(&flow).await;
        }
        // Of most that rings nothing is to be told: the lane is this hub's own.
        let moves = Some(flow.journal.outbox_moves());
        let due = PACE.saturating_sub(now.saturating_sub(announced));
        if looks || (moves != seen && due.is_zero()) {
            (seen, announced) = (moves, now);
            match announce(&flow, node, &broker, &mut after, &mut confirmed).await {
                Ok(BATCH) => {
                    looks = true;
                    continue;
                }
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "the outbox is not told on"),
            }
        }
        let waits = moves != seen;
        let rest = match (waits, confirmed.rows.is_empty()) {
            (true, _) => due,
            (false, false) => STRUCK,
            (false, true) => SWEEP,
        };
        looks = tokio::select! {
            biased;
            () = stop.cancelled() => false,
            () = flow.relay.bell.notified(), if !waits => false,
            Ok(()) = conditions.changed() => true,
            () = flow.clock.sleep_until(flow.clock.now() + rest) => false,
        };
        confirmed.strike_out(&flow);
    }
    if !confirmed.rows.is_empty() {
        struck_out(flow.journal.clone(), confirmed.rows).await;
    }
}

async fn count(flow: &Flow) {
    match flow.journal.read(read::outbox_count).await {
        Ok(behind) => flow.relay.behind.store(behind, Ordering::Relaxed),
        Err(error) => tracing::error!(%error, "what waits for the broker is not counted"),
    }
}

/// Announces what stands in the outbox after place `after`; how many rows there were.
async fn announce(
    flow: &Flow,
    node: NodeId,
    broker: &Broker,
    after: &mut i64,
    confirmed: &mut Confirmed,
) -> Result<usize, Error> {
    if !matches!(broker.condition(), Condition::Ready) {
        return Ok(0);
    }
    let from = *after;
    let rows = flow.journal.read(move |c| read::outbox(c, node, from, BATCH)).await?;
    let Some(last) = rows.last() else { return Ok(0) };
    *after = last.seq;
    let hint = |row: &read::Untold| Hint { lane: row.destination.clone(), place: row.delivery };
    let places = broker.announce(rows.iter().map(hint).collect()).await;
    let places: HashSet<i64> = places.into_iter().collect();
    let told = rows.iter().filter(|row| places.contains(&row.delivery));
    confirmed.rows.extend(told.map(|row| row.seq));
    confirmed.strike_out(flow);
    Ok(rows.len())
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
