//! The gate's answer about one delivery as of now, clause by clause, for people of operations.

use std::sync::Arc;

use luotsi_consent::{Decision, Request, Step, explain};
use luotsi_journal::read::{Delivery, Message};
use luotsi_model::{Record, Schema, record};
use luotsi_region::Region;

use crate::{Flow, attested::Attesting};

/// The answer, with the record that it is about.
pub(super) struct Explained {
    pub(super) decision: Decision,
    pub(super) steps: Vec<Step>,
    pub(super) record: Record,
    pub(super) schema: Arc<Schema>,
}

impl Flow {
    /// `None` when the region no longer declares the delivery's kind or destination.
    pub(super) async fn explained(
        &self,
        region: &Region,
        message: &Message,
        delivery: &Delivery,
    ) -> Option<Explained> {
        let (envelope, to) = (&message.envelope, &delivery.destination);
        let (connection, schema) = (region.connection(to)?, region.schema(&envelope.kind)?);
        let bytes = message.record.bytes().ok();
        let record = bytes.and_then(|bytes| record::read(bytes, schema).ok());
        let record = record.unwrap_or_else(|| Record::new(schema));
        let (purpose, now) = (&delivery.purpose, self.clock.now());
        let attesting = Attesting { region, envelope, record: &record, schema, to, purpose, now };
        let request = Request {
            subject: envelope.subject.as_ref(),
            controller: &envelope.controller,
            source: attesting.source(),
            recipient: &connection.recipient,
            purpose,
            kind: &envelope.kind,
            service: envelope.service.as_ref(),
            attested: attesting.attested(),
            now,
        };
        let directives = self.gate.directives(request.subject).await;
        let (decision, steps) = explain(&request, directives.as_ref(), &region.policy);
        Some(Explained { decision, steps, record, schema: schema.clone() })
    }
}
