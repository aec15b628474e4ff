//! The refusal back to the sender: no basis to send, and not a word of why.

use jiff::Timestamp;
use luotsi_journal::{
    Error,
    command::Effect,
    read::{self, Delivery, Message},
};
use luotsi_model::{ClientRef, Envelope, Kind, Record, Schema, SystemId, Value, task::Status};

use super::{BATCH, due, kept, own};
use crate::{Flow, intake::Own};

/// Tells those that are due, the longest due first: in which order they were refused is not told
/// either.
pub(super) async fn what_is_due(flow: &Flow, now: Timestamp) -> Result<(), Error> {
    if now < due::earliest(flow.started) {
        return Ok(());
    }
    let mut is_more = true;
    while is_more {
        let owed = flow.journal.read(move |c| read::untold(c, now, BATCH)).await?;
        is_more = owed.len() == BATCH;
        for delivery in &owed {
            is_more &= tell(flow, delivery, When::Due).await?;
        }
    }
    Ok(())
}

/// Tells at once what the sender knows already: that its own directive stands in the way.
pub(super) async fn of_client(flow: &Flow, client: &ClientRef) -> Result<(), Error> {
    let client = client.clone();
    for delivery in flow.journal.read(move |c| read::untold_of(c, &client)).await? {
        tell(flow, &delivery, When::IfOwn).await?;
    }
    Ok(())
}

/// On what condition a refusal is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// It is due.
    Due,
    /// Only if the sender's own directives are why.
    IfOwn,
}

/// Makes the message; whether that settles it.
async fn tell(flow: &Flow, delivery: &Delivery, when: When) -> Result<bool, Error> {
    let region = flow.region();
    let place = delivery.message;
    let found = flow.journal.read(move |c| read::message_at(c, place)).await?;
    let schema = region.schema(&Kind::new(Kind::TASK_STATUS)).cloned();
    let (Some(original), Some(schema)) = (found, schema) else {
        tracing::error!(delivery = %delivery.id, "its sender cannot be told of its refusal");
        return Ok(false);
    };
    let own = own::reason(flow, delivery, &original).await?;
    if own.is_none() && when == When::IfOwn {
        return Ok(false);
    }
    let reason = own.unwrap_or_else(|| no_basis(&delivery.destination));
    let record = refusal(delivery, &original, &schema, &reason, flow.clock.now());
    let Envelope { controller, subject, service, source, traceparent, .. } = original.envelope;
    let own = Own {
        record,
        schema,
        controller,
        subject,
        service,
        answers: Some(delivery.id),
        traceparent,
        to: &source,
        straight: None,
        effect: Effect::Told { delivery: delivery.id },
    };
    kept(flow.accept_own(&region, own).await)
}

/// An answer, in the stead of the recipient that was never asked.
fn refusal(
    delivery: &Delivery,
    original: &Message,
    schema: &Schema,
    reason: &str,
    now: Timestamp,
) -> Record {
    let mut record = Record::new(schema);
    record.set_text(schema, "task", &delivery.id.to_string());
    record.set_text(schema, "status", Status::Rejected.as_str());
    record.set_text(schema, "reason", reason);
    record.set_text(schema, "performer", SystemId::HUB);
    if let Some(reference) = &original.reference {
        record.set_text(schema, "reference", reference);
    }
    if let Some(at) = schema.find("at") {
        record.values.set(at, Value::Instant(now));
    }
    record
}

/// The one text for a directive that is missing, withdrawn, prohibits or does not cover it.
fn no_basis(to: &SystemId) -> String {
    format!("no basis to send to {to}")
}
