//! The way in: bytes from a known sender to a durable message, or a precise refusal.

mod answer;
mod consent;
mod directive;
mod faults;
mod own;
mod refused;
mod route;

use std::{sync::Arc, time::Instant};

use aws_lc_rs::digest;
use luotsi_bus::Wake;
use luotsi_journal::{
    Accounting, Lossy,
    command::{Accept, Accepted, Digests, DirectiveWritten, Effect, PlanWritten, PutPlan},
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

use crate::{
    Flow,
    metrics::Stage,
    send::{Carried, Item},
    trace_context,
};

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
    /// Takes a message in. When this returns a receipt, the message is durable.
    ///
    /// # Errors
    /// [`Refused`]; then nothing of it was kept.
    pub async fn accept(&self, incoming: Incoming<'_>) -> Result<Receipt, Refused> {
        self.enter(incoming, self.try_accept(incoming)).await
    }

    /// Follows a message on its way in: trace and metrics.
    async fn enter(
        &self,
        incoming: Incoming<'_>,
        acceptance: impl Future<Output = Result<Receipt, Refused>>,
    ) -> Result<Receipt, Refused> {
        let span = tracing::debug_span!(target: "luotsi::journey", "accept", connection = %incoming.system);
        trace_context::adopt(&span, incoming.traceparent);
        let outcome = acceptance.instrument(span).await;
        let word = outcome.as_ref().map_or_else(Refused::code, |_| "ok");
        self.metrics.message(incoming.system, Stage::Accept, word);
        outcome
    }

    async fn try_accept(&self, incoming: Incoming<'_>) -> Result<Receipt, Refused> {
        // Never closed while the flow lives, so there is always a turn to wait for.
        let _turn = self.intake_turns.acquire().await.ok();
        let _pass = self.pass().await;
        let region = self.region();
        let connection = region.connection(incoming.system).ok_or(Refused::NoIntake)?;
        let intake = connection.intake.as_ref().ok_or(Refused::NoIntake)?;
        let started = Instant::now();
        let (mapping, decoded) = decode(intake, incoming.body)?;
        self.metrics.took(Stage::Map, started.elapsed());
        self.metrics.left_unmapped(mapping.name(), decoded.unmapped_count);
        self.metrics.lost(mapping.name(), &decoded.lossy);
        let unmapped = decoded.unmapped_count as usize;
        let prepared = self.prepare(&region, connection, mapping, decoded, &incoming).await?;
        let keyed = incoming.idempotency_key.map(|key| digests(key, incoming.body));
        let mut receipt = self.commit(&region, prepared, keyed, Way::Routes).await?;
        self.metrics.took(Stage::Accept, started.elapsed());
        receipt.unmapped = unmapped;
        Ok(receipt)
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
            lossy: decoded.lossy.into_iter().map(lossy).collect(),
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

    /// Commits a prepared message, then tells the dispatchers.
    async fn commit(
        &self,
        region: &Region,
        prepared: Prepared,
        idempotency: Option<Digests>,
        way: Way<'_>,
    ) -> Result<Receipt, Refused> {
        let Prepared { envelope, record, schema, effect, mut accounting, reference } = prepared;
        let (deliveries, routes) = route::deliveries(self, region, &envelope, &record, way).await?;
        // Somebody's matter that goes nowhere would be lost while its sender believes it taken care
        // of. Advice without a client may end here: it is counted.
        if deliveries.is_empty() && matches!(effect, Effect::None) && envelope.subject.is_some() {
            return Err(Refused::NoRoute);
        }
        accounting.routes = routes;
        let is_held = accounting.is_held;
        let directs = matches!(effect, Effect::Directive(_));
        let items =
            deliveries.iter().map(|d| (d.id, d.destination.clone(), d.purpose.clone(), d.deadline));
        let items: Vec<_> = items.collect();
        let command = Accept {
            reference: reference.or_else(|| record.text(&schema, "reference").map(str::to_owned)),
            record: record::write(&record, &schema),
            envelope: envelope.clone(),
            accounting,
            deliveries,
            idempotency,
            effect,
        };
        let accepted = self.journal.write(command).await?.map_err(Refused::from)?;
        if let Some(client) = envelope.subject.as_ref().filter(|_| directs) {
            self.gate.forget(client);
            self.bus.client_changed(client);
            self.bell.ring_for(client);
        }
        if is_held {
            return Ok(receipt(&accepted, directs));
        }
        let generation = region.generation.clone();
        let carried = Arc::new(Carried { envelope, record, generation });
        for ((id, destination, purpose, deadline), seq) in
            items.into_iter().zip(&accepted.deliveries)
        {
            let item = Item::fresh(*seq, id, purpose, deadline, carried.clone(), accepted.seq);
            self.bus.publish(&destination, Wake::Fresh(item));
        }
        Ok(receipt(&accepted, directs))
    }

    /// Accepts again what was accepted before: the same record, a new message linked to it; to all
    /// of today's recipients, or only to one.
    pub(crate) async fn accept_again(
        &self,
        region: &Region,
        envelope: Envelope,
        record: Record,
        schema: Arc<Schema>,
        only: Option<&SystemId>,
    ) -> Result<Receipt, Refused> {
        let accounting = Accounting::default();
        let prepared = Prepared::new(envelope, record, schema, accounting);
        self.commit(region, prepared, None, only.map_or(Way::Routes, Way::To)).await
    }
}

fn receipt(accepted: &Accepted, directs: bool) -> Receipt {
    Receipt {
        message: accepted.message,
        deliveries: accepted.count,
        in_flight: directs.then_some(accepted.in_flight),
        plan: accepted.plan,
        directive: accepted.directive,
        unmapped: 0,
    }
}

/// Reads the document and maps it with the first mapping that knows its form.
fn decode<'i>(intake: &'i Intake, body: &[u8]) -> Result<(&'i Mapping, Decoded), Refused> {
    let limits = Limits { bytes_max: intake.bytes_max, ..Limits::default() };
    let document = luotsi_mapping::read(intake.format, body, &limits)
        .and_then(Document::record)
        .map_err(Refused::unreadable)?;
    let known = intake.mappings.iter().find(|mapping| mapping.matches(&document));
    let mapping = known.ok_or_else(|| Refused::Unmappable(vec![faults::unknown_document()]))?;
    let decoded = mapping.decode(&document, intake.hetu).map_err(Refused::Unmappable)?;
    if intake.unmapped == Unmapped::Refuse {
        refuse_unmapped(decoded.unknown())?;
    }
    Ok((mapping, decoded))
}

fn lossy(luotsi_mapping::Lossy { table, at, count }: luotsi_mapping::Lossy) -> Lossy {
    Lossy { table, at, count }
}

fn parks(connection: &Connection) -> bool {
    connection.intake.as_ref().is_some_and(|intake| intake.unmapped == Unmapped::Park)
}

fn refuse_unmapped(unknown: Vec<Fault>) -> Result<(), Refused> {
    if unknown.is_empty() { Ok(()) } else { Err(Refused::Unmappable(unknown)) }
}

fn digests(key: &str, body: &[u8]) -> Digests {
    let sha256 = |bytes: &[u8]| {
        let mut out = [0; 32];
        out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        out
    };
    Digests { key: sha256(key.as_bytes()), body: sha256(body) }
}
