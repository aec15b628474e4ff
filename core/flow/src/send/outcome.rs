//! Hands a document to its adapter and records what became of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use luotsi_consent::Permitted;
use luotsi_journal::{
    Entry, Error, Phase, State,
    command::{Advance, Command},
    read,
};
use luotsi_port::{Outgoing, Receipt, SendError};

use super::{Again, Attempt, JOURNAL_PAUSE, Sender};
use crate::{metrics::Stage, retry};

/// For a destination whose connection has gone from the region.
const TIMEOUT: Duration = Duration::from_secs(10);

impl Sender {
    pub(super) async fn transmit(
        &self,
        attempt: &Attempt<'_>,
        parcel: Permitted<Outgoing>,
    ) -> Result<Receipt, SendError> {
        let started = Instant::now();
        let delivery = attempt.connection.delivery.as_ref();
        let limit = delivery.map_or(TIMEOUT, |d| d.timeout);
        let too_late = self.flow.clock.sleep_until(self.flow.clock.now() + limit);
        let answer = tokio::select! {
            biased;
            answer = attempt.outbound.deliver(parcel) => answer,
            () = too_late => Err(SendError::retry("the recipient did not answer in time")),
        };
        self.flow.metrics.took(Stage::Deliver, started.elapsed());
        answer
    }

    /// Records the outcome: delivered, to be tried again, or waiting for a person.
    pub(super) async fn conclude(
        &self,
        attempt: &Attempt<'_>,
        answer: Result<Receipt, SendError>,
    ) -> Result<Again, Error> {
        let attempts = attempt.item.attempts + 1;
        let now = self.flow.clock.now();
        let answered = matches!(answer, Ok(_) | Err(SendError::Reject { .. }));
        let (to, due, result, cause) = match answer {
            Ok(_) => (State::Delivered, now, "delivered", None),
            Err(SendError::Reject { why }) => (State::Dead, now, "rejected", Some(why)),
            Err(SendError::Retry { why, after, reached }) => {
                let result = if reached { "failed" } else { "unreached" };
                match self.retry_at(attempt, attempts, now, after).await {
                    Some(due) => (State::Ready, due, result, Some(why)),
                    None => (State::Dead, now, result, Some(format!("given up: {why}"))),
                }
            }
        };
        self.flow.metrics.message(&self.system, Stage::Deliver, result);
        self.flow.metrics.adapter(&self.system, answered);
        if let Some(cause) = &cause {
            tracing::warn!(system = %self.system, delivery = %attempt.item.id, attempts, %cause, result, "not delivered");
        }
        let entry =
            Entry { at: now, result: Some(result.into()), ..self.entry(attempt, Phase::Outcome) };
        let outcome = Advance {
            delivery: Some(attempt.item.seq),
            to,
            due,
            attempts,
            cause,
            entry: Some(entry),
            guard: None,
            fence: self.turn.fence(),
        };
        // Were the delivery elsewhere, someone else would have sent it: the journal tells.
        let moved = self.insist(outcome).await?;
        Ok((moved.is_ok() && to == State::Ready).then_some(due))
    }

    /// Records what has happened. Unlike an intent that cannot be left undone, so a journal that
    /// fails is asked until it takes it; the delivery keeps its lane meanwhile, and so its order.
    pub(super) async fn insist<C: Command + Sync>(&self, happened: C) -> Result<C::Reply, Error> {
        let happened = Arc::new(happened);
        loop {
            match self.flow.journal.write(happened.clone()).await {
                Err(error) if error != Error::Stopped => {
                    tracing::error!(%error, system = %self.system, "an outcome is not recorded yet");
                    self.flow.clock.sleep_until(self.flow.clock.now() + JOURNAL_PAUSE).await;
                }
                settled => return settled,
            }
        }
    }

    async fn retry_at(
        &self,
        attempt: &Attempt<'_>,
        attempts: u32,
        now: Timestamp,
        after: Option<Duration>,
    ) -> Option<Timestamp> {
        let policy = attempt.connection.delivery.as_ref().map(|d| d.retry).unwrap_or_default();
        let first = self.first_attempt(attempt).await;
        retry::next(&policy, attempts, first, now, after, self.flow.entropy.unit())
    }

    /// When it was first sent, which may be long after it was accepted: it may have waited for a
    /// basis, or behind others. As far as the journal can tell.
    async fn first_attempt(&self, attempt: &Attempt<'_>) -> Timestamp {
        if attempt.item.attempts == 0 {
            return attempt.now;
        }
        let (message, id) = (attempt.item.message, attempt.item.id);
        let trail = self.flow.journal.read(move |c| read::trail(c, message)).await;
        let own = |e: &&Entry| e.phase == Phase::Intent && e.delivery == Some(id);
        trail.ok().and_then(|trail| trail.iter().find(own).map(|e| e.at)).unwrap_or(attempt.now)
    }
}
