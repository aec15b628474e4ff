//! The way in: bytes from a known sender to a durable message, or a precise refusal.

mod answer;
mod commit;
mod consent;
mod directive;
mod faults;
mod own;
mod refused;
mod route;
mod rows;

use std::{sync::Arc, time::Instant};

use aws_lc_rs::digest;
use luotsi_journal::{
    Accounting,
    command::{Digests, DirectiveWritten, Effect, PlanWritten, PutPlan},
    read,
};
use luotsi_mapping::{Decoded, Document, Fault, Limits, Mapping};
use luotsi_model::{Envelope, MessageId, Record, Schema, SystemId, record};
use luotsi_region::{Connection, Intake, Region, Unmapped};
use tracing::{Instrument, Span};
use uuid::Uuid;

pub use consent::ConsentWrite;
pub(crate) use consent::set as set_directive;
pub(crate) use own::Own;
pub use refused::Refused;
use route::Way;
pub use rows::{RowReceipt, Taken};

use crate::{Flow, lossy, metrics::Stage, trace_context};

/// What a known sender posts. Who it is has been settled before.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// The sender.
    pub system: &'a SystemId,
    /// The document.
    pub body: &'a [u8],
    /// Its `Idempotency-Key`.
    pub idempotency_key: Option<&'a str>,
    /// Its W3C trace context.
    pub traceparent: Option<&'a str>,
    /// For a write of a whole plan.
    pub plan: Option<PlanWrite>,
}

/// Which plan a document replaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlanWrite {
    /// The plan's id; `None` for a new plan.
    pub id: Option<Uuid>,
    /// The version it replaces; 0 for a new plan.
    pub replaces: u64,
}

/// What the sender gets: its message is durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The message.
    pub message: MessageId,
    /// How many deliveries come of it.
    pub deliveries: usize,
    /// Sends about the client that were under way when her directives changed; only those can
    /// still arrive.
    pub in_flight: Option<u32>,
    /// The plan's new version, for a write of a plan.
    pub plan: Option<PlanWritten>,
    /// The directive's new version, for a message that changes one.
    pub directive: Option<DirectiveWritten>,
    /// Elements that no rule knows.
    pub unmapped: usize,
    /// Whether it was taken in before, under the same key; then nothing was taken in now.
    pub is_repeat: bool,
}

/// A message made ready to be accepted.
struct Prepared {
    envelope: Envelope,
    record: Record,
    schema: Arc<Schema>,
    effect: Effect,
    accounting: Accounting,
    /// The sender's own reference, where the record kind has no field for it.
    reference: Option<String>,
}

impl Prepared {
    const fn new(
        envelope: Envelope,
        record: Record,
        schema: Arc<Schema>,
        accounting: Accounting,
    ) -> Self {
        Self { envelope, record, schema, effect: Effect::None, accounting, reference: None }
    }
}

impl Flow {
    /// Takes a document of one record in. When this returns a receipt, the message is durable.
    ///
    /// # Errors
    /// [`Refused`]; then nothing of it was kept.
    pub async fn accept(&self, incoming: Incoming<'_>) -> Result<Receipt, Refused> {
        self.enter(incoming, self.try_accept(incoming), |_| 1).await
    }

    /// Follows a document on its way in: trace, and metrics of its messages.
    async fn enter<T>(
        &self,
        incoming: Incoming<'_>,
        acceptance: impl Future<Output = Result<T, Refused>>,
        messages: impl Fn(&T) -> usize,
    ) -> Result<T, Refused> {
        let span = tracing::debug_span!(target: "luotsi::journey", "accept", connection = %incoming.system);
        trace_context::adopt(&span, incoming.traceparent);
        let outcome = acceptance.instrument(span).await;
        let word = outcome.as_ref().map_or_else(Refused::code, |_| "ok");
        let count = outcome.as_ref().map_or(1, messages);
        self.metrics.messages(incoming.system, Stage::Accept, word, count as u64);
        outcome
    }

    async fn try_accept(&self, incoming: Incoming<'_>) -> Result<Receipt, Refused> {
        // Never closed while the flow lives, so there is always a turn to wait for.
        let _turn = self.intake_turns.acquire().await.ok();
        let _pass = self.pass().await;
        let region = self.region();
        let (connection, intake) = door(&region, incoming.system)?;
        let started = Instant::now();
        let document = read(intake, incoming.body)?.record().map_err(Refused::unreadable)?;
        self.take_one(&region, connection, intake, &document, &incoming, started).await
    }

    async fn take_one(
        &self,
        region: &Region,
        connection: &Connection,
        intake: &Intake,
        document: &Document<'_>,
        incoming: &Incoming<'_>,
        started: Instant,
    ) -> Result<Receipt, Refused> {
        let (mapping, decoded) = decode(intake, document)?;
        self.metrics.took(Stage::Map, started.elapsed());
        let unmapped = self.account_for(mapping, &decoded);
        let prepared = self.prepare(region, connection, mapping, decoded, incoming).await?;
        let keyed = incoming.idempotency_key.map(|key| digests(key, incoming.body));
        let receipt = self.commit(region, prepared, keyed, Way::Routes).await?;
        self.metrics.took(Stage::Accept, started.elapsed());
        Ok(Receipt { unmapped, ..receipt })
    }

    /// Counts what no rule knows, which it returns, and codes that lose.
    fn account_for(&self, mapping: &Mapping, decoded: &Decoded) -> usize {
        self.metrics.left_unmapped(mapping.name(), decoded.unmapped_count);
        self.metrics.lost(mapping.name(), &decoded.lossy);
        decoded.unmapped_count as usize
    }

    /// Everything about the message that is known before it is committed.
    async fn prepare(
        &self,
        region: &Region,
        connection: &Connection,
        mapping: &Mapping,
        decoded: Decoded,
        incoming: &Incoming<'_>,
    ) -> Result<Prepared, Refused> {
        let schema = mapping.schema().clone();
        let unknown = decoded.unknown();
        let record = decoded.record;
        let envelope = self.envelope(region, connection, &schema, &record, incoming);
        let accounting = Accounting {
            mapped: decoded.mapped,
            ignored: decoded.ignored,
            unmapped: decoded.unmapped,
            lossy: lossy::kept(decoded.lossy),
            is_held: decoded.unmapped_count > 0 && parks(connection),
            routes: Vec::new(),
        };
        let mut prepared = Prepared::new(envelope, record, schema, accounting);
        if incoming.plan.is_some() && prepared.record.kind.as_str() != crate::plan::KIND {
            return Err(Refused::Unmappable(vec![faults::no_plan()]));
        }
        if prepared.schema.task.is_some() {
            self.correlate(&mut prepared).await?;
        } else if prepared.record.kind.as_str() == directive::KIND {
            // A list that was misspelt would read as *any*: a directive is understood whole or not
            // at all, whatever the connection lets pass elsewhere.
            refuse_unmapped(unknown)?;
            let (record, schema) = (&prepared.record, &prepared.schema);
            let change =
                directive::change(record, schema, region, &prepared.envelope, &self.clients)?;
            prepared.effect = Effect::Directive(change);
        } else if prepared.record.kind.as_str() == crate::plan::KIND {
            prepared.effect = Effect::Plan(self.put_plan(&prepared, incoming.plan).await?);
        }
        Ok(prepared)
    }

    fn envelope(
        &self,
        region: &Region,
        connection: &Connection,
        schema: &Schema,
        record: &Record,
        incoming: &Incoming<'_>,
    ) -> Envelope {
        let text = |field| record.values.get(field).and_then(luotsi_model::Value::as_text);
        Envelope {
            id: MessageId(self.entropy.id(self.clock.now())),
            kind: record.kind.clone(),
            source: connection.system.clone(),
            controller: connection.recipient.controller.clone(),
            subject: schema.subject.and_then(text).map(|code| self.clients.of_text(code)),
            service: schema.service.and_then(text).map(Into::into),
            answers: None,
            replays: None,
            received: self.clock.now(),
            generation: region.generation.clone(),
            // The deliveries continue the trace from here, also after a restart.
            traceparent: trace_context::of(&Span::current()).or_else(|| {
                incoming.traceparent.filter(|p| trace_context::is_valid(p)).map(str::to_owned)
            }),
        }
    }

    /// A plan is written whole, against the version that its writer read.
    async fn put_plan(
        &self,
        prepared: &Prepared,
        write: Option<PlanWrite>,
    ) -> Result<PutPlan, Refused> {
        let write = write.ok_or_else(|| Refused::Unmappable(vec![faults::plan_by_the_way()]))?;
        let client = prepared.envelope.subject.clone().ok_or(Refused::NoSubject)?;
        if let Some(id) = write.id {
            let found = self.journal.read(move |c| read::plan_by_id(c, id)).await?;
            // Another client's plan looks as if there were none.
            found.filter(|plan| plan.client == client).ok_or(Refused::UnknownPlan)?;
        }
        Ok(PutPlan {
            client,
            record: record::write(&prepared.record, &prepared.schema),
            replaces: write.replaces,
            id: self.entropy.uuid(),
            at: prepared.envelope.received,
        })
    }
}

/// The sender's connection, and what it takes in.
fn door<'r>(
    region: &'r Region,
    system: &SystemId,
) -> Result<(&'r Connection, &'r Intake), Refused> {
    let connection = region.connection(system).ok_or(Refused::NoIntake)?;
    Ok((connection, connection.intake.as_ref().ok_or(Refused::NoIntake)?))
}

fn read<'b>(intake: &Intake, body: &'b [u8]) -> Result<Document<'b>, Refused> {
    let limits = Limits { bytes_max: intake.bytes_max, ..Limits::default() };
    luotsi_mapping::read(intake.format, body, &limits).map_err(Refused::unreadable)
}

/// Maps a document of one record with the first mapping that knows its form.
fn decode<'i>(
    intake: &'i Intake,
    document: &Document<'_>,
) -> Result<(&'i Mapping, Decoded), Refused> {
    let known = intake.mappings.iter().find(|mapping| mapping.matches(document));
    let mapping = known.ok_or_else(|| Refused::Unmappable(vec![faults::unknown_document()]))?;
    let decoded = mapping.decode(document, intake.hetu).map_err(Refused::Unmappable)?;
    if intake.unmapped == Unmapped::Refuse {
        refuse_unmapped(decoded.unknown())?;
    }
    Ok((mapping, decoded))
}

fn parks(connection: &Connection) -> bool {
    connection.intake.as_ref().is_some_and(|intake| intake.unmapped == Unmapped::Park)
}

fn refuse_unmapped(unknown: Vec<Fault>) -> Result<(), Refused> {
    if unknown.is_empty() { Ok(()) } else { Err(Refused::Unmappable(unknown)) }
}

fn digests(key: &str, body: &[u8]) -> Digests {
    Digests { key: sha256(key.as_bytes()), body: sha256(body) }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}
