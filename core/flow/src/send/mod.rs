//! One attempt to deliver: the only place from which a record leaves.
//!
//! The order is the law: permit → project → map out → intent (durable) → send → outcome (durable).

mod item;
mod outcome;
mod translate;
mod withhold;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use luotsi_consent::{Grant, Permit, Request};
use luotsi_journal::{
    Entry, Error, GroundEntry, Phase, State,
    command::{Advance, Bury, Guard, Lost},
    read::{self},
};
use luotsi_model::{Envelope, FieldId, Record, Schema, SystemId};
use luotsi_port::Outbound;
use luotsi_region::{Connection, Region};

pub(crate) use item::{Carried, Item, Next};
use translate::Written;

use tracing::Instrument;

use crate::{
    Flow,
    alarm::Alarm,
    attested::Attesting,
    generation::Pass,
    metrics::Stage,
    trace_context,
    watch::{Over, Turn},
};

/// How long to leave a delivery alone when the journal cannot be written.
const JOURNAL_PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// When to try again; `None`: it has ended, or waits.
type Again = Option<Timestamp>;
/// The same, or why the move could not be made.
type Moved = Result<Again, Lost>;

/// Sends to one destination.
pub(crate) struct Sender {
    pub(crate) flow: Arc<Flow>,
    pub(crate) system: SystemId,
    pub(crate) turn: Turn,
}

/// One attempt's surroundings.
struct Attempt<'a> {
    item: &'a Item,
    envelope: &'a Envelope,
    record: &'a Record,
    schema: &'a Schema,
    region: &'a Region,
    connection: &'a Connection,
    outbound: &'a Arc<dyn Outbound>,
    now: Timestamp,
}

impl<'a> Attempt<'a> {
    fn attesting(&self, to: &'a SystemId) -> Attesting<'a> {
        Attesting {
            region: self.region,
            envelope: self.envelope,
            record: self.record,
            schema: self.schema,
            to,
            purpose: &self.item.purpose,
            now: self.now,
        }
    }
}

impl Sender {
    /// Makes one attempt. A journal that cannot be written means no attempt: without a durable
    /// intent nothing may leave, and the delivery is still in the journal.
    pub(crate) async fn attempt(&self, item: Item) -> Next {
        match self.try_attempt(&item).await {
            Ok(None) => Next::Done,
            Ok(Some(due)) => Next::Again(due),
            Err(error) => {
                tracing::error!(%error, delivery = %item.id, "the journal fails: not sent");
                Next::Again(self.flow.clock.now() + JOURNAL_PAUSE)
            }
        }
    }

    async fn try_attempt(&self, item: &Item) -> Result<Again, Error> {
        // A change of directives between decision and intent makes the decision stale; each turn
        // decides anew, so the loop ends with the first decision that still holds.
        loop {
            match self.turn(item).await? {
                Ok(next) => return Ok(next),
                Err(Lost::Elsewhere) => return Ok(None),
                Err(Lost::Stale) => {
                    if let Some(client) = &item.subject {
                        self.flow.gate.forget(client);
                    }
                }
            }
        }
    }

    async fn turn(&self, item: &Item) -> Result<Moved, Error> {
        let pass = self.flow.pass().await;
        let generation = self.flow.generation();
        let region = &*generation.region;
        let declared = region.connection(&self.system).zip(generation.ways.get(&self.system));
        let Some((connection, outbound)) = declared else {
            // This dispatcher is about to stop: the journal keeps what is no longer declared.
            return Ok(Ok(Some(self.flow.clock.now() + JOURNAL_PAUSE)));
        };
        let carried = match self.carried(item, region).await? {
            Ok(carried) => carried,
            Err(why) => return self.bury(item, why).await.map(Ok),
        };
        let Some(schema) = region.schema(&carried.envelope.kind) else {
            return self.bury(item, "the region no longer declares its kind".into()).await.map(Ok);
        };
        let attempt = Attempt {
            item,
            envelope: &carried.envelope,
            record: &carried.record,
            schema,
            region,
            connection,
            outbound,
            now: self.flow.clock.now(),
        };
        let span = tracing::debug_span!(
            target: "luotsi::journey", "deliver",
            system = %self.system, delivery = %item.id, attempt = item.attempts + 1
        );
        trace_context::adopt(&span, carried.envelope.traceparent.as_deref());
        self.decide_and_send(&attempt, pass).instrument(span).await
    }

    /// The message in memory, or from the journal when it was not kept or was mapped under another
    /// generation, whose field ids mean nothing here.
    async fn carried(
        &self,
        item: &Item,
        region: &Region,
    ) -> Result<Result<Arc<Carried>, String>, Error> {
        if let Some(carried) = &item.carried
            && carried.generation == region.generation
        {
            return Ok(Ok(carried.clone()));
        }
        let at = item.message;
        let found = self.flow.journal.read(move |c| read::message_at(c, at)).await?;
        Ok(found
            .ok_or_else(|| "its message is not in the journal".to_owned())
            .and_then(|message| Carried::read(message, region)))
    }

    async fn decide_and_send(&self, attempt: &Attempt<'_>, pass: Pass<'_>) -> Result<Moved, Error> {
        let attesting = attempt.attesting(&self.system);
        let request = Request {
            subject: attempt.envelope.subject.as_ref(),
            controller: &attempt.envelope.controller,
            source: attesting.source(),
            recipient: &attempt.connection.recipient,
            purpose: &attempt.item.purpose,
            kind: &attempt.envelope.kind,
            service: attempt.envelope.service.as_ref(),
            attested: attesting.attested(),
            now: attempt.now,
        };
        match self.flow.gate.permit(&request, &attempt.region.policy).await {
            Ok(permit) => self.send(attempt, permit, pass).await,
            Err(refusal) => self.withhold(attempt, &refusal).await,
        }
    }

    async fn send(
        &self,
        attempt: &Attempt<'_>,
        permit: Permit,
        pass: Pass<'_>,
    ) -> Result<Moved, Error> {
        let intent = self.intent(attempt, &permit);
        let guard = permit
            .grant()
            .subject
            .clone()
            .map(|client| Guard { client, epoch: permit.grant().epoch });
        for ground in &permit.grant().grounds {
            self.flow.metrics.decided(ground.basis.as_str(), "permit");
        }
        let alarm = Alarm::of(permit.grant());
        let (permitted, withheld) = permit.project(attempt.record, attempt.schema);
        let paths = |fields: &[FieldId]| -> Vec<String> {
            fields.iter().map(|f| attempt.schema.field(*f).path.clone()).collect()
        };
        // What may go and the mapping does not ask for is not shown, and so not logged as shown.
        let asked = self.asked(attempt);
        let mut shown = permitted.content().present();
        shown.retain(|field| asked.binary_search(field).is_ok());
        let (fields, withheld) = (paths(&shown), paths(&withheld));
        let Written { parcel, lossy } = match self.translate(attempt, permitted).await? {
            Ok(written) => written,
            Err(why) => return self.bury(attempt.item, why).await.map(Ok),
        };
        let intent = Advance {
            delivery: Some(attempt.item.seq),
            to: State::Sending,
            due: attempt.now,
            attempts: attempt.item.attempts,
            cause: None,
            entry: Some(Entry { fields, withheld, lossy, ..intent }),
            guard,
            fence: self.turn.fence(),
        };
        // Shared as outcomes are, so that the writer takes both in one go.
        if let Err(lost) = self.flow.journal.write(Arc::new(intent)).await? {
            return Ok(Err(lost));
        }
        // The intent is durable: another generation need not wait for the recipient's answer.
        drop(pass);
        if let Some(alarm) = alarm {
            alarm.raise(&self.flow.metrics, &self.system);
        }
        match self.turn.within(&*self.flow.clock, self.transmit(attempt, parcel)).await {
            Ok(answer) => self.conclude(attempt, answer).await.map(Ok),
            // The lane may be another's: it settles what stands open, or this hub does when it takes
            // the lane anew.
            Err(Over) => Ok(Ok(Some(self.flow.clock.now() + JOURNAL_PAUSE))),
        }
    }

    /// The fields that the destination's mapping writes, in field order.
    fn asked(&self, attempt: &Attempt<'_>) -> Vec<FieldId> {
        let mapping = attempt.region.delivery_mapping(&self.system, &attempt.envelope.kind);
        mapping.map(|mapping| mapping.fields_written()).unwrap_or_default()
    }

    fn intent(&self, attempt: &Attempt<'_>, permit: &Permit) -> Entry {
        let grant: &Grant = permit.grant();
        Entry {
            categories: grant.categories,
            grounds: grant.grounds.iter().map(GroundEntry::from).collect(),
            ..self.entry(attempt, Phase::Intent)
        }
    }

    /// Hands a delivery whose attempt panicked to a person.
    pub(crate) async fn bury_defect(&self, item: &Item) -> Next {
        tracing::error!(system = %self.system, delivery = %item.id, "an attempt panicked: dead letter");
        self.flow.metrics.message(&self.system, Stage::Deliver, "dead");
        let cause = "the hub failed while sending it; this is a defect of the hub".into();
        // Only a journal that is closed does not take it.
        let _ = self.insist(Bury { delivery: item.id, at: self.flow.clock.now(), cause }).await;
        Next::Done
    }

    /// Hands a delivery that cannot be made to a person.
    async fn bury(&self, item: &Item, why: String) -> Result<Again, Error> {
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
                fence: self.turn.fence(),
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
            shown: None,
            fields: Vec::new(),
            withheld: Vec::new(),
            lossy: Vec::new(),
            categories: luotsi_model::Categories::NONE,
            grounds: Vec::new(),
            result: None,
        }
    }
}
