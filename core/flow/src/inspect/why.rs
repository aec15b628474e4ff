//! Why a send was, or would be, let through or not.

use luotsi_consent::{Outcome, Step};
use luotsi_journal::{Entry, Error, read};
use luotsi_model::{FieldId, MessageId, SystemId};
use serde::Serialize;

use super::{Heard, Wanted, explained::Explained};
use crate::Flow;

/// The gate's answer about one message and one system, as of now, with every clause.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Why {
    /// The message.
    pub message: String,
    /// The system asked about.
    pub to: String,
    /// What for.
    pub purpose: String,
    /// What became of the payload, as in a journey; without one no field goes.
    pub payload: &'static str,
    /// The generation of the region that decided.
    pub generation: String,
    /// `permit`, `wait` or `deny`.
    pub decision: &'static str,
    /// The reason, where nothing may go.
    pub reason: Option<&'static str>,
    /// The fields that go, by path: those that may and that the system's mapping writes.
    pub fields: Vec<String>,
    /// The fields of this message that may not.
    pub withheld: Vec<String>,
    /// Every clause, met or missed.
    pub steps: Vec<Step>,
    /// Who is to act, while it waits.
    pub wanted: Option<Wanted>,
    /// What the sender hears, once it is refused.
    pub heard: Option<Heard>,
    /// What was decided at each send so far.
    pub so_far: Vec<Entry>,
}

impl Flow {
    /// Explains; `None` when there is no such message or it was not routed to that system.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn why(&self, id: MessageId, to: &SystemId) -> Result<Option<Why>, Error> {
        let system = to.clone();
        let found = self
            .journal
            .read(move |c| {
                let Some(message) = read::message(c, id)? else { return Ok(None) };
                let deliveries = read::of_message(c, message.seq)?;
                let own = deliveries.into_iter().find(|d| d.destination == system);
                let entries = read::trail(c, message.seq)?;
                Ok(own.map(|delivery| (message, delivery, entries)))
            })
            .await?;
        let Some((message, delivery, entries)) = found else { return Ok(None) };
        let region = self.region();
        let Some(found) = self.explained(&region, &message, &delivery).await else {
            return Ok(None);
        };
        let Explained { decision, steps, record, schema } = found;
        let may_go = |field: &FieldId| decision.permitted.contains(schema.field(*field).category);
        let (mut fields, withheld): (Vec<_>, Vec<_>) =
            record.values.present().into_iter().partition(may_go);
        let asked = region.delivery_mapping(to, &message.envelope.kind).map(|m| m.fields_written());
        fields.retain(|field| asked.as_ref().is_some_and(|a| a.binary_search(field).is_ok()));
        let paths = |fields: Vec<FieldId>| {
            fields.into_iter().map(|field| schema.field(field).path.clone()).collect()
        };
        let (word, reason) = match decision.outcome {
            Outcome::Permit => ("permit", None),
            Outcome::Wait(_) => ("wait", Some("no-basis-yet")),
            Outcome::Deny(reason) => ("deny", Some(reason.as_str())),
        };
        Ok(Some(Why {
            message: id.to_string(),
            to: to.to_string(),
            purpose: delivery.purpose.to_string(),
            payload: message.record.as_str(),
            generation: region.generation.to_string(),
            decision: word,
            reason,
            fields: paths(fields),
            withheld: paths(withheld),
            steps,
            wanted: self.wanted(&region, &message, &delivery).await,
            heard: self.heard(&region, &message, &delivery).await?,
            so_far: entries.into_iter().filter(|e| e.delivery == Some(delivery.id)).collect(),
        }))
    }
}
