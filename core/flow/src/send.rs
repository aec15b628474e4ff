//! One attempt to deliver: the only place from which a record leaves.
//!
//! The order is the law: permit → project → map out → intent (durable) → send → outcome (durable).

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use luotsi_consent::{Grant, Outcome, Permit, Permitted, Reason, Refusal, Request};
use luotsi_journal::{
    Entry, Error, GroundEntry, Phase, State,
    command::{Advance, Guard, Lost},
    read::{self, Delivery},
};
use luotsi_mapping::Format;
use luotsi_model::{
    ClientRef, DeliveryId, Envelope, FieldId, Purpose, Record, Schema, SystemId, record,
};
use luotsi_port::{Outbound, Outgoing, Receipt, SendError};
use luotsi_region::{Connection, Region};

use crate::{Flow, metrics::Stage, retry, trace_context};

/// How long to leave a delivery alone when the journal cannot be written.
const JOURNAL_PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// A message with its record in memory, as its acceptance left it.
#[derive(Debug)]
pub(crate) struct Carried {
    pub(crate) envelope: Envelope,
    pub(crate) record: Record,
}

/// One delivery to make.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) seq: i64,
    pub(crate) id: DeliveryId,
    pub(crate) subject: Option<ClientRef>,
    pub(crate) due: Timestamp,
    message: i64,
    purpose: Purpose,
    attempts: u32,
    accepted: Timestamp,
    deadline: Timestamp,
    /// Absent when it is read from the journal, and dropped after the first attempt: what waits
    /// for long must not fill the memory.
    carried: Option<Arc<Carried>>,
}

impl Item {
    pub(crate) fn fresh(
        seq: i64,
        id: DeliveryId,
        purpose: Purpose,
        deadline: Timestamp,
        carried: Arc<Carried>,
        message: Option<i64>,
    ) -> Self {
        Self {
            seq,
            id,
            subject: carried.envelope.subject.clone(),
            due: carried.envelope.received,
            message: message.unwrap_or_default(),
            purpose,
            attempts: 0,
            accepted: carried.envelope.received,
            deadline,
            carried: Some(carried),
        }
    }
}

impl From<Delivery> for Item {
    fn from(delivery: Delivery) -> Self {
        Self {
            seq: delivery.seq,
            id: delivery.id,
            subject: delivery.subject,
            due: delivery.due,
            message: delivery.message,
            purpose: delivery.purpose,
            attempts: delivery.attempts,
            accepted: delivery.accepted,
            deadline: delivery.deadline,
            carried: None,
        }
    }
}

/// What came of an attempt.
#[derive(Debug)]
pub(crate) enum Next {
    /// It has left the dispatcher's hands: ended, or waiting for a basis in the journal.
    Done,
    /// Try again when its due time comes.
    Again(Item),
}

/// Sends to one destination.
pub(crate) struct Sender {
    pub(crate) flow: Arc<Flow>,
    pub(crate) system: SystemId,
    pub(crate) outbound: Arc<dyn Outbound>,
}

/// One attempt's surroundings.
struct Attempt<'a> {
    item: &'a Item,
    envelope: &'a Envelope,
    record: &'a Record,
    schema: &'a Schema,
    region: &'a Region,
    connection: &'a Connection,
    now: Timestamp,
}

impl Sender {
    /// Makes one attempt. A journal that cannot be written means no attempt: without a durable
    /// intent nothing may leave, and the delivery is still in the journal.
    pub(crate) async fn attempt(&self, item: Item) -> Next {
        match self.try_attempt(&item).await {
            Ok(None) => Next::Done,
            Ok(Some((due, attempts))) => Next::Again(Item { due, attempts, carried: None, ..item }),
            Err(error) => {
                tracing::error!(%error, delivery = %item.id, "the journal fails: not sent");
                let due = self.flow.clock.now() + JOURNAL_PAUSE;
                Next::Again(Item { due, carried: None, ..item })
            }
        }
    }

    async fn try_attempt(&self, item: &Item) -> Result<Option<(Timestamp, u32)>, Error> {
        let region = self.flow.region();
        let carried = match self.carried(item, &region).await? {
            Ok(carried) => carried,
            Err(why) => return self.bury(item, why).await,
        };
        let (Some(connection), Some(schema)) =
            (region.connection(&self.system), region.schema(&carried.envelope.kind))
        else {
            return self
                .bury(item, "the region no longer declares its kind or destination".into())
                .await;
        };
        // A change of directives between decision and intent makes the decision stale; each turn
        // decides anew, so the loop ends with the first decision that still holds.
        loop {
            let attempt = Attempt {
                item,
                envelope: &carried.envelope,
                record: &carried.record,
                schema,
                region: &region,
                connection,
                now: self.flow.clock.now(),
            };
            match self.decide_and_send(&attempt).await? {
                Ok(next) => return Ok(next),
                Err(Lost::Elsewhere) => return Ok(None),
                Err(Lost::Stale) => {
                    if let Some(client) = &carried.envelope.subject {
                        self.flow.gate.forget(client);
                    }
                }
            }
        }
    }

    /// The message in memory, or from the journal when it was not kept or was mapped under another
    /// generation, whose field ids mean nothing here.
    async fn carried(
        &self,
        item: &Item,
        region: &Region,
    ) -> Result<Result<Arc<Carried>, String>, Error> {
        if let Some(carried) = &item.carried
            && carried.envelope.generation == region.generation
        {
            return Ok(Ok(carried.clone()));
        }
        let at = item.message;
        let Some(message) = self.flow.journal.read(move |c| read::message_at(c, at)).await? else {
            return Ok(Err("its message is not in the journal".into()));
        };
        let Some(schema) = region.schema(&message.envelope.kind) else {
            return Ok(Err("the region no longer declares its record kind".into()));
        };
        Ok(record::read(&message.record, schema)
            .map(|record| Arc::new(Carried { envelope: message.envelope, record }))
            .map_err(|e| e.to_string()))
    }

    async fn decide_and_send(
        &self,
        attempt: &Attempt<'_>,
    ) -> Result<Result<Option<(Timestamp, u32)>, Lost>, Error> {
        let request = Request {
            subject: attempt.envelope.subject.as_ref(),
            controller: &attempt.envelope.controller,
            recipient: &attempt.connection.recipient,
            purpose: &attempt.item.purpose,
            kind: &attempt.envelope.kind,
            service: attempt.envelope.service.as_ref(),
            now: attempt.now,
        };
        match self.flow.gate.permit(&request, &attempt.region.policy).await {
            Ok(permit) => self.send(attempt, permit).await,
            Err(refusal) => self.withhold(attempt, &refusal).await,
        }
    }

    /// Waits for a basis, or ends refused. Both hold only while the directives stay as they are.
    async fn withhold(
        &self,
        attempt: &Attempt<'_>,
        refusal: &Refusal,
    ) -> Result<Result<Option<(Timestamp, u32)>, Lost>, Error> {
        if refusal.decision.outcome == Outcome::Deny(Reason::Undecidable) {
            // Denied for now, not for good: the store will be readable again.
            self.flow.metrics.decided("none", "undecidable");
            return Ok(Ok(Some((attempt.now + JOURNAL_PAUSE, attempt.item.attempts))));
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
        let moved = self
            .flow
            .journal
            .write(Advance {
                delivery: Some(attempt.item.seq),
                to,
                due: attempt.item.deadline,
                attempts: attempt.item.attempts,
                cause: Some(result.into()),
                entry: Some(entry),
                guard: attempt
                    .envelope
                    .subject
                    .clone()
                    .zip(refusal.epoch)
                    .map(|(client, epoch)| Guard { client, epoch }),
            })
            .await?;
        Ok(moved.map(|()| None))
    }

    async fn send(
        &self,
        attempt: &Attempt<'_>,
        permit: Permit,
    ) -> Result<Result<Option<(Timestamp, u32)>, Lost>, Error> {
        let intent = self.intent(attempt, &permit);
        let guard = permit
            .grant()
            .subject
            .clone()
            .map(|client| Guard { client, epoch: permit.grant().epoch });
        for ground in &permit.grant().grounds {
            self.flow.metrics.decided(ground.basis.as_str(), "permit");
        }
        let (permitted, withheld) = permit.project(attempt.record, attempt.schema);
        let paths = |fields: &[FieldId]| -> Vec<String> {
            fields.iter().map(|f| attempt.schema.field(*f).path.clone()).collect()
        };
        let (fields, withheld) = (paths(&permitted.content().present()), paths(&withheld));
        let parcel = match self.translate(attempt, permitted).await? {
            Ok(parcel) => parcel,
            Err(why) => return self.bury(attempt.item, why).await.map(Ok),
        };
        let intent = Advance {
            delivery: Some(attempt.item.seq),
            to: State::Sending,
            due: attempt.now,
            attempts: attempt.item.attempts,
            cause: None,
            entry: Some(Entry { fields, withheld, ..intent }),
            guard,
        };
        if let Err(lost) = self.flow.journal.write(intent).await? {
            return Ok(Err(lost));
        }
        let answer = self.transmit(attempt, parcel).await;
        self.conclude(attempt, answer).await.map(Ok)
    }

    fn intent(&self, attempt: &Attempt<'_>, permit: &Permit) -> Entry {
        let grant: &Grant = permit.grant();
        Entry {
            categories: grant.categories,
            grounds: grant.grounds.iter().map(GroundEntry::from).collect(),
            ..self.entry(attempt, Phase::Intent)
        }
    }

    /// Maps the permitted values out.
    async fn translate(
        &self,
        attempt: &Attempt<'_>,
        permitted: Permitted<luotsi_model::Values>,
    ) -> Result<Result<Permitted<Outgoing>, String>, Error> {
        let kind = &attempt.envelope.kind;
        let Some(mapping) = attempt.region.delivery_mapping(&self.system, kind) else {
            return Ok(Err(format!("no mapping of {} writes a {kind}", self.system)));
        };
        let item = attempt.item;
        let original = match attempt.envelope.answers {
            Some(answered) => self.flow.journal.read(move |c| read::original(c, answered)).await?,
            None => None,
        };
        let original = original.map_or_else(String::new, |m| m.envelope.id.to_string());
        let (delivery, message) = (item.id.to_string(), attempt.envelope.id.to_string());
        let now = attempt.now.to_string();
        let context = [
            ("$delivery", delivery.as_str()),
            ("$message", &message),
            ("$client", item.subject.as_ref().map_or("", ClientRef::as_str)),
            ("$now", &now),
            ("$source", attempt.envelope.source.as_str()),
            ("$original", &original),
        ];
        let started = Instant::now();
        let parcel = permitted.translate(|values| {
            let body = mapping.encode(&values, &context).map_err(|fault| fault.to_string())?;
            Ok(Outgoing {
                body: Bytes::from(body),
                content_type: content_type(mapping.format()),
                delivery: item.id,
                message: attempt.envelope.id,
                kind: kind.clone(),
                at: attempt.now,
                traceparent: trace_context::onward(attempt.envelope.traceparent.as_deref()),
            })
        });
        self.flow.metrics.took(Stage::Encode, started.elapsed());
        Ok(parcel)
    }

    async fn transmit(
        &self,
        attempt: &Attempt<'_>,
        parcel: Permitted<Outgoing>,
    ) -> Result<Receipt, SendError> {
        let started = Instant::now();
        let delivery = attempt.connection.delivery.as_ref();
        let limit = delivery.map_or(std::time::Duration::from_secs(10), |d| d.timeout);
        let answer = tokio::time::timeout(limit, self.outbound.deliver(parcel)).await;
        self.flow.metrics.took(Stage::Deliver, started.elapsed());
        answer.unwrap_or_else(|_| Err(SendError::retry("the recipient did not answer in time")))
    }

    /// Records the outcome: delivered, to be tried again, or waiting for a person.
    async fn conclude(
        &self,
        attempt: &Attempt<'_>,
        answer: Result<Receipt, SendError>,
    ) -> Result<Option<(Timestamp, u32)>, Error> {
        let attempts = attempt.item.attempts + 1;
        let now = self.flow.clock.now();
        let (to, due, result, cause) = match answer {
            Ok(_) => (State::Delivered, now, "delivered", None),
            Err(SendError::Reject { why }) => (State::Dead, now, "rejected", Some(why)),
            Err(SendError::Retry { why, after }) => {
                match self.retry_at(attempt, attempts, now, after) {
                    Some(due) => (State::Ready, due, "failed", Some(why)),
                    None => (State::Dead, now, "exhausted", Some(format!("given up: {why}"))),
                }
            }
        };
        self.flow.metrics.message(&self.system, Stage::Deliver, result);
        self.flow.metrics.adapter(&self.system, to != State::Ready);
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
        };
        // Were the delivery elsewhere, someone else would have sent it: the journal tells.
        if self.flow.journal.write(outcome).await?.is_err() {
            return Ok(None);
        }
        Ok((to == State::Ready).then_some((due, attempts)))
    }

    fn retry_at(
        &self,
        attempt: &Attempt<'_>,
        attempts: u32,
        now: Timestamp,
        after: Option<std::time::Duration>,
    ) -> Option<Timestamp> {
        let policy = attempt.connection.delivery.as_ref().map(|d| d.retry).unwrap_or_default();
        retry::next(&policy, attempts, attempt.item.accepted, now, after, self.flow.entropy.unit())
    }

    /// Hands a delivery that cannot be made to a person.
    async fn bury(&self, item: &Item, why: String) -> Result<Option<(Timestamp, u32)>, Error> {
        tracing::warn!(system = %self.system, delivery = %item.id, cause = %why, "dead letter");
        self.flow.metrics.message(&self.system, Stage::Encode, "dead");
        let now = self.flow.clock.now();
        let _moved = self
            .flow
            .journal
            .write(Advance {
                delivery: Some(item.seq),
                to: State::Dead,
                due: now,
                attempts: item.attempts,
                cause: Some(why),
                entry: None,
                guard: None,
            })
            .await?;
        Ok(None)
    }

    fn entry(&self, attempt: &Attempt<'_>, phase: Phase) -> Entry {
        Entry {
            phase,
            at: attempt.now,
            client: attempt.envelope.subject.clone(),
            message: Some(attempt.envelope.id),
            delivery: Some(attempt.item.id),
            source: attempt.envelope.source.clone(),
            recipient: self.system.clone(),
            purpose: attempt.item.purpose.clone(),
            kind: attempt.envelope.kind.clone(),
            generation: attempt.region.generation.clone(),
            attempt: attempt.item.attempts + 1,
            fields: Vec::new(),
            withheld: Vec::new(),
            categories: luotsi_model::Categories::NONE,
            grounds: Vec::new(),
            result: None,
        }
    }
}

const fn content_type(format: Format) -> &'static str {
    match format {
        Format::Xml => "application/xml",
        Format::Json => "application/json",
    }
}
