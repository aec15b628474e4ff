//! The shared plan: written by deliveries and by whole, read through the gate like any send.

use std::sync::Arc;

use bytes::Bytes;
use luotsi_consent::Recipient;
use luotsi_journal::{command::MergePlan, read};
use luotsi_mapping::{Limits, Mapping};
use luotsi_model::{ClientRef, Hetu, Kind, Purpose, SystemId, hetu::Strictness, record};
use luotsi_port::{BoxFuture, PlanStore, Receipt, SendError};
use luotsi_region::{Connection, Region};
use uuid::Uuid;

use crate::{
    Flow,
    disclose::{Showing, Shown, Unseen},
    lossy,
};

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
        let _pass = self.pass().await;
        let region = self.region();
        let kind = Kind::new(KIND);
        let sight = sight(&region, reader, &kind).ok_or(Unseen::Nothing)?;
        let plan = self.find_plan(which).await?.ok_or(Unseen::Nothing)?;
        let schema = sight.mapping.schema();
        let record = plan.record.bytes().map_err(|shut| shut.to_string());
        let record =
            record.and_then(|bytes| record::read(bytes, schema).map_err(|e| e.to_string()));
        let showing = Showing {
            region: &region,
            reader: sight.connection,
            client: &plan.client,
            id: plan.id,
            // The store is the region's own: its controller is that of the built-in adapter.
            controller: &sight.store.controller,
            source: sight.store,
            from: SystemId::new(KIND),
            purpose: sight.purpose,
            kind: &kind,
            schema,
            record: record.map_err(|why| luotsi_journal::Error::Row { table: "plan", why }),
            asked: Some(sight.mapping.fields_written()),
            whole: false,
        };
        let id = plan.id.to_string();
        let context = [("$message", id.as_str()), ("$client", plan.client.as_str())];
        let form = |values| {
            let written = sight.mapping.encode_noting(&values, &context);
            let (body, noted) = written.map_err(|_| Unseen::Nothing)?;
            self.metrics.lost(sight.mapping.name(), &noted);
            Ok(Shown { body, lossy: lossy::kept(noted) })
        };
        let body = self.disclose(&showing, form).await?;
        Ok(PlanSeen { id: plan.id, version: plan.version, body })
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
}

/// A reader's view: who it is, what for, in which format.
struct Sight<'r> {
    connection: &'r Connection,
    store: &'r Recipient,
    purpose: &'r Purpose,
    mapping: &'r Mapping,
}

fn sight<'r>(region: &'r Region, reader: &SystemId, kind: &Kind) -> Option<Sight<'r>> {
    let connection = region.connection(reader)?;
    let read = connection.read.as_ref()?;
    let store = region.connections.values().find(|c| c.adapter == KIND)?;
    Some(Sight {
        connection,
        store: &store.recipient,
        purpose: &read.purpose,
        mapping: read.by_kind.get(kind)?,
    })
}
