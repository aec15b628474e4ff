//! The shared plan: written by deliveries and by whole, read through the gate like any send.

use std::sync::Arc;

use bytes::Bytes;
use luotsi_consent::{Attested, Recipient, Request};
use luotsi_journal::{
    Entry, Phase, State,
    command::{Advance, Guard, Lost, MergePlan},
    read,
};
use luotsi_mapping::{Limits, Mapping};
use luotsi_model::{ClientRef, Hetu, Kind, Schema, SystemId, hetu::Strictness, record};
use luotsi_port::{BoxFuture, PlanStore, Receipt, SendError};
use luotsi_region::{Connection, Region};
use uuid::Uuid;

use crate::{Flow, alarm::Alarm, attested};

/// The record kind that the store holds.
pub(crate) const KIND: &str = "plan";
/// The mapping by which the store reads what is delivered to it.
const OWN_FORM: &str = "plan/plan";

/// The plan store, to the adapter that delivers to it.
pub struct Store(pub Arc<Flow>);

impl PlanStore for Store {
    fn merge(&self, client: ClientRef, body: Bytes) -> BoxFuture<'_, Result<Receipt, SendError>> {
        Box::pin(self.0.merge_plan(client, body))
    }
}

/// Which plan.
#[derive(Clone, Debug)]
pub enum PlanRead {
    /// By its opaque id.
    Id(Uuid),
    /// By the client's code.
    Client(Hetu),
}

/// A plan, as its reader may see it.
#[derive(Debug)]
pub struct PlanSeen {
    /// Its id.
    pub id: Uuid,
    /// Its version.
    pub version: u64,
    /// The document in the reader's format, of permitted fields only.
    pub body: Vec<u8>,
}

/// There is nothing to see. Whether there is no plan or it may not be seen is not told.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unseen {
    /// Denied, or absent.
    #[error("there is no such plan")]
    Nothing,
    /// The journal cannot be read or the intent cannot be made durable.
    #[error(transparent)]
    Journal(#[from] luotsi_journal::Error),
}

impl Flow {
    async fn merge_plan(&self, client: ClientRef, body: Bytes) -> Result<Receipt, SendError> {
        let region = self.region();
        let mapping = region
            .mappings
            .get(OWN_FORM)
            .ok_or_else(|| SendError::reject(format!("the region has no mapping {OWN_FORM}")))?;
        let document = luotsi_mapping::read(mapping.format(), &body, &Limits::default());
        let document = document.map_err(|fault| SendError::reject(fault.to_string()))?;
        let decoded = mapping.decode(&document, Strictness::Lenient).map_err(|faults| {
            let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
            SendError::reject(all.join("; "))
        })?;
        let merge = MergePlan {
            client,
            schema: mapping.schema().clone(),
            part: decoded.record.values,
            id: self.entropy.uuid(),
            at: self.clock.now(),
        };
        let written =
            self.journal.write(merge).await.map_err(|e| SendError::retry(e.to_string()))?;
        Ok(Receipt { answer: format!("plan version {}", written.version) })
    }

    /// Shows a plan to a reader: a send like any other, under a permit of its own, with its intent
    /// durable before the caller gets a byte.
    ///
    /// # Errors
    /// [`Unseen`].
    pub async fn read_plan(&self, reader: &SystemId, which: &PlanRead) -> Result<PlanSeen, Unseen> {
        let region = self.region();
        let kind = Kind::new(KIND);
        let sight = sight(&region, reader, &kind).ok_or(Unseen::Nothing)?;
        let plan = self.find_plan(which).await?.ok_or(Unseen::Nothing)?;
        loop {
            match self.show(&region, &sight, &plan, &kind).await? {
                Ok(body) => return Ok(PlanSeen { id: plan.id, version: plan.version, body }),
                Err(Lost::Stale) => self.gate.forget(&plan.client),
                Err(Lost::Elsewhere) => return Err(Unseen::Nothing),
            }
        }
    }

    async fn find_plan(&self, which: &PlanRead) -> Result<Option<read::Plan>, Unseen> {
        Ok(match which {
            PlanRead::Id(id) => {
                let id = *id;
                self.journal.read(move |c| read::plan_by_id(c, id)).await?
            }
            PlanRead::Client(hetu) => {
                let client = self.clients.reference(hetu);
                self.journal.read(move |c| read::plan_of(c, &client)).await?
            }
        })
    }

    async fn show(
        &self,
        region: &Region,
        sight: &Sight<'_>,
        plan: &read::Plan,
        kind: &Kind,
    ) -> Result<Result<Vec<u8>, Lost>, Unseen> {
        let now = self.clock.now();
        let schema = sight.mapping.schema();
        let record = record::read(&plan.record, schema);
        let age = record.as_ref().ok().and_then(|record| attested::age(record, schema, now));
        let request = Request {
            subject: Some(&plan.client),
            // The store is the region's own: its controller is that of the built-in adapter.
            controller: &sight.controller,
            source: Some(sight.store),
            recipient: &sight.connection.recipient,
            purpose: sight.purpose,
            kind,
            service: None,
            // A plan is of many documents; it states no reason and names no mandate.
            attested: Attested { age, ..Attested::default() },
            now,
        };
        let entry = |phase| entry(region, sight, plan, kind, now, phase);
        let permit = match self.gate.permit(&request, &region.policy).await {
            Ok(permit) => permit,
            Err(refusal) => {
                let result = match refusal.decision.outcome {
                    luotsi_consent::Outcome::Deny(reason) => reason.as_str(),
                    _ => "no-basis",
                };
                self.metrics.decided("none", "deny");
                let refused = Entry { result: Some(result.into()), ..entry(Phase::Refusal) };
                let client = plan.client.clone();
                let guard = refusal.epoch.map(|epoch| Guard { client, epoch });
                return match self.log(refused, guard).await? {
                    Ok(()) => Err(Unseen::Nothing),
                    Err(lost) => Ok(Err(lost)),
                };
            }
        };
        // Told only to those who may see it: to others a row that cannot be read is no plan either.
        let record =
            record.map_err(|e| luotsi_journal::Error::Row { table: "plan", why: e.to_string() })?;
        let guard = Guard { client: plan.client.clone(), epoch: permit.grant().epoch };
        for ground in &permit.grant().grounds {
            self.metrics.decided(ground.basis.as_str(), "permit");
        }
        let alarm = Alarm::of(permit.grant());
        let grounds = permit.grant().grounds.iter().map(Into::into).collect();
        let categories = permit.grant().categories;
        let (permitted, withheld) = permit.project(&record, schema);
        let asked = sight.mapping.fields_written();
        let mut fields = permitted.content().present();
        fields.retain(|field| asked.binary_search(field).is_ok());
        let intent = Entry {
            fields: paths(schema, &fields),
            withheld: paths(schema, &withheld),
            categories,
            grounds,
            ..entry(Phase::Intent)
        };
        let id = plan.id.to_string();
        let context = [("$message", id.as_str()), ("$client", plan.client.as_str())];
        let shown = permitted.translate(|values| sight.mapping.encode(&values, &context));
        let Ok(shown) = shown else { return Err(Unseen::Nothing) };
        if let Err(lost) = self.log(intent, Some(guard)).await? {
            return Ok(Err(lost));
        }
        if let Some(alarm) = alarm {
            alarm.raise(&self.metrics, &sight.connection.system);
        }
        let (body, _) = shown.release();
        let outcome = Entry { result: Some("delivered".into()), ..entry(Phase::Outcome) };
        let _ = self.log(outcome, None).await?;
        Ok(Ok(body))
    }

    /// Writes an entry of the log that belongs to no delivery.
    pub(crate) async fn log(
        &self,
        entry: Entry,
        guard: Option<Guard>,
    ) -> Result<Result<(), Lost>, luotsi_journal::Error> {
        let advance = Advance {
            delivery: None,
            to: State::Delivered,
            due: entry.at,
            attempts: 1,
            cause: None,
            entry: Some(entry),
            guard,
        };
        self.journal.write(advance).await
    }
}

/// A reader's view: who it is, what for, in which format.
struct Sight<'r> {
    connection: &'r Connection,
    controller: luotsi_model::OrganisationId,
    store: &'r Recipient,
    purpose: &'r luotsi_model::Purpose,
    mapping: &'r Mapping,
}

fn sight<'r>(region: &'r Region, reader: &SystemId, kind: &Kind) -> Option<Sight<'r>> {
    let connection = region.connection(reader)?;
    let read = connection.read.as_ref()?;
    let store = region.connections.values().find(|c| c.adapter == KIND)?;
    Some(Sight {
        connection,
        controller: store.recipient.controller.clone(),
        store: &store.recipient,
        purpose: &read.purpose,
        mapping: read.by_kind.get(kind)?,
    })
}

fn entry(
    region: &Region,
    sight: &Sight<'_>,
    plan: &read::Plan,
    kind: &Kind,
    now: jiff::Timestamp,
    phase: Phase,
) -> Entry {
    Entry {
        phase,
        at: now,
        client: Some(plan.client.clone()),
        message: None,
        delivery: None,
        source: SystemId::new(KIND),
        recipient: sight.connection.system.clone(),
        purpose: sight.purpose.clone(),
        kind: kind.clone(),
        generation: region.generation.clone(),
        attempt: 1,
        fields: Vec::new(),
        withheld: Vec::new(),
        categories: luotsi_model::Categories::NONE,
        grounds: Vec::new(),
        result: None,
    }
}

fn paths(schema: &Schema, fields: &[luotsi_model::FieldId]) -> Vec<String> {
    fields.iter().map(|field| schema.field(*field).path.clone()).collect()
}
