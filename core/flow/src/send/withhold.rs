//! What happens to a send that gets no permit.

use jiff::Timestamp;
use luotsi_consent::{Outcome, Reason, Refusal};
use luotsi_journal::{
    Entry, Error, Phase, State,
    command::{Advance, Guard, Lost, Refuse, Undecided},
};

use super::{Attempt, JOURNAL_PAUSE, Moved, Sender};
use crate::{metrics::Stage, notices};

impl Sender {
    /// Waits for a basis, or ends refused. Both hold only while the directives stay as they are.
    pub(super) async fn withhold(
        &self,
        attempt: &Attempt<'_>,
        refusal: &Refusal,
    ) -> Result<Moved, Error> {
        if refusal.decision.outcome == Outcome::Deny(Reason::Undecidable) {
            return Ok(Ok(Some(self.undecided(attempt).await?)));
        }
        let late = attempt.now >= attempt.item.deadline;
        let (to, phase, result) = match refusal.decision.outcome {
            Outcome::Wait(_) if !late => (State::Waiting, Phase::Wait, "no-basis-yet"),
            Outcome::Wait(_) => (State::Refused, Phase::Refusal, "no-basis-in-time"),
            Outcome::Deny(reason) => (State::Refused, Phase::Refusal, reason.as_str()),
            // A refusal never permits; were it so by a defect, it is undecidable.
            Outcome::Permit => (State::Refused, Phase::Refusal, "undecidable"),
        };
        self.flow.metrics.decided("none", if to == State::Waiting { "wait" } else { "deny" });
        self.flow.metrics.message(&self.system, Stage::Gate, result);
        let entry = Entry { result: Some(result.into()), ..self.entry(attempt, phase) };
        let client = attempt.envelope.subject.clone();
        let advance = Advance {
            delivery: Some(attempt.item.seq),
            to,
            due: self.decided_again(attempt).await,
            attempts: attempt.item.attempts,
            cause: Some(result.into()),
            entry: Some(entry),
            guard: client.zip(refusal.epoch).map(|(client, epoch)| Guard { client, epoch }),
            fence: self.turn.fence(),
        };
        let moved = if to == State::Refused {
            self.refuse(attempt, advance).await?
        } else {
            self.flow.journal.write(advance).await?
        };
        Ok(moved.map(|()| None))
    }

    /// Denied for now, not for good: the store will be readable again.
    async fn undecided(&self, attempt: &Attempt<'_>) -> Result<Timestamp, Error> {
        let result = Reason::Undecidable.as_str();
        self.flow.metrics.decided("none", result);
        let entry = Entry { result: Some(result.into()), ..self.entry(attempt, Phase::Wait) };
        let begins = Undecided { delivery: attempt.item.seq, entry };
        if self.flow.journal.write(begins).await? {
            self.flow.metrics.message(&self.system, Stage::Gate, result);
        }
        Ok(attempt.now + JOURNAL_PAUSE)
    }

    /// Ends it; what its sender is to be told, and when, is then owed.
    async fn refuse(&self, attempt: &Attempt<'_>, end: Advance) -> Result<Result<(), Lost>, Error> {
        let is_owed = attempt.schema.task.is_none() && !attempt.envelope.source.is_hub();
        let due = || notices::due(attempt.item.deadline, attempt.now, self.flow.started);
        let refused = self.flow.journal.write(Refuse { end, tell: is_owed.then(due) }).await?;
        match &attempt.envelope.subject {
            Some(client) if refused.is_ok() => self.flow.bell.ring_for(client),
            _ => self.flow.bell.ring(),
        }
        Ok(refused)
    }

    /// When what waits is decided again at the latest: at its deadline, or when a directive of the
    /// client that lies in the future comes into force.
    async fn decided_again(&self, attempt: &Attempt<'_>) -> Timestamp {
        let directives = self.flow.gate.directives(attempt.envelope.subject.as_ref()).await;
        let all = directives.iter().flat_map(|directives| directives.all.iter());
        let starts = all.filter_map(|directive| directive.root.period.start);
        let next = starts.filter(|start| *start > attempt.now).min();
        next.map_or(attempt.item.deadline, |next| next.min(attempt.item.deadline))
    }
}
