//! Keeps the logs' books: signs a checkpoint when the log has grown, and prunes what has reached
//! the end of its retention.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use luotsi_audit::SigningKey;
use luotsi_flow::Flow;
use luotsi_journal::{
    Error, Log,
    command::{Checkpoint, Prune},
};
use tokio_util::sync::CancellationToken;

use super::data::DataDir;
use crate::settings::Audit;

/// How often it is looked for what is to be pruned.
const PRUNING_PAUSE: Duration = Duration::from_secs(3600);
/// Entries looked at in one transaction: some milliseconds of the writer's time. After each it has as long
/// for others.
const PRUNED_AT_ONCE: usize = 250;

/// The file that the latest checkpoint is copied to, for whoever collects it.
const CHECKPOINT_FILE: &str = "checkpoint.txt";

/// The keeper of the books.
pub(super) struct Books {
    flow: Arc<Flow>,
    key: Arc<SigningKey>,
    data: Arc<DataDir>,
    settings: Audit,
}

impl Books {
    pub(super) fn new(
        flow: Arc<Flow>,
        key: SigningKey,
        data: Arc<DataDir>,
        settings: Audit,
    ) -> Self {
        Self { flow, key: Arc::new(key), data, settings }
    }

    /// Works until told that nothing is logged any more; signs a last checkpoint then.
    pub(super) async fn keep(self, closed: CancellationToken) {
        let every = Duration::from_secs(u64::from(self.settings.checkpoint_interval_s));
        let (mut published, mut pruned) = (None, None::<Instant>);
        loop {
            if pruned.is_none_or(|at| at.elapsed() >= PRUNING_PAUSE) {
                self.prune(&closed).await;
                pruned = Some(Instant::now());
            }
            self.sign(&mut published).await;
            if closed.is_cancelled() {
                return;
            }
            let _ = tokio::time::timeout(every, closed.cancelled()).await;
        }
    }

    /// A failure is told and tried again at the next turn: what is logged is in the tree already.
    async fn sign(&self, published: &mut Option<String>) {
        match self.flow.journal().write(Checkpoint { key: self.key.clone() }).await {
            Ok(note) if note != *published => {
                let text = note.as_deref().unwrap_or_default();
                match self.data.publish(CHECKPOINT_FILE, text) {
                    Ok(()) => *published = note,
                    Err(error) => tracing::error!(%error, "the checkpoint is not in its file"),
                }
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "no checkpoint is signed"),
        }
    }

    async fn prune(&self, closed: &CancellationToken) {
        let years = [
            (Log::Disclosure, self.settings.disclosure_retention_years),
            (Log::Use, self.settings.use_retention_years),
        ];
        for (log, years) in years {
            match self.prune_log(log, years, closed).await {
                Ok(0) => {}
                Ok(entries) => tracing::info!(log = log.as_str(), entries, "pruned"),
                Err(error) => tracing::error!(%error, log = log.as_str(), "not pruned"),
            }
        }
    }

    /// What a stop leaves is pruned after the next start.
    async fn prune_log(
        &self,
        log: Log,
        years: u16,
        closed: &CancellationToken,
    ) -> Result<usize, Error> {
        let at = self.flow.clock().now();
        let Some(before) = years_before(at, years) else { return Ok(0) };
        let mut entries = 0;
        loop {
            let prune = Prune { log, before, at, most: PRUNED_AT_ONCE };
            let begun = Instant::now();
            let pruned = self.flow.journal().write(prune).await?;
            entries += pruned.entries;
            if !pruned.more || closed.is_cancelled() {
                return Ok(entries);
            }
            tokio::time::sleep(begun.elapsed()).await;
        }
    }
}

fn years_before(at: Timestamp, years: u16) -> Option<Timestamp> {
    let then = at.to_zoned(TimeZone::UTC).checked_sub(i64::from(years).years());
    then.ok().map(|then| then.timestamp())
}
