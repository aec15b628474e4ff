//! The refusal back to the sender: no basis to send, and not a word of why.

use jiff::Timestamp;
use luotsi_journal::{
    Error,
    command::Effect,
    read::{self, Delivery},
};
use luotsi_model::{ClientRef, Kind, Record, SystemId, Value, task::Status};

use super::{BATCH, due, kept};
use crate::{Flow, intake::Own};

/// The record kind in which it is told: an answer, in the recipient's stead.
const KIND: &str = "task-status";

/// Tells those that are due, the longest due first: in which order they were refused is not told
/// either.
pub(super) async fn what_is_due(flow: &Flow) -> Result<(), Error> {
    let now = flow.clock.now();
    if now < due::earliest(flow.started) {
        return Ok(());
    }
    let mut is_more = true;
    while is_more {
        let owed = flow.journal.read(move |c| read::untold(c, now, BATCH)).await?;
        is_more = owed.len() == BATCH;
        for delivery in &owed {
            is_more &= tell(flow, delivery, None).await?;
        }
    }
    Ok(())
}

/// Tells at once what the sender knows already: that its own directive stands in the way.
pub(super) async fn of_client(flow: &Flow, client: &ClientRef) -> Result<(), Error> {
    let client = client.clone();
    let _owed = flow.journal.read(move |c| read::untold_of(c, &client)).await?;
    Ok(())
}

/// Makes the message; whether that settles it.
async fn tell(flow: &Flow, delivery: &Delivery, own: Option<&str>) -> Result<bool, Error> {
    let region = flow.region();
    let place = delivery.message;
    let found = flow.journal.read(move |c| read::message_at(c, place)).await?;
    let (Some(original), Some(schema)) = (found, region.schema(&Kind::new(KIND)).cloned()) else {
        tracing::error!(delivery = %delivery.id, "its sender cannot be told of its refusal");
        return Ok(false);
    };
    let mut record = Record::new(&schema);
    let reason = own.map_or_else(|| no_basis(&delivery.destination), str::to_owned);
    record.set_text(&schema, "task", &delivery.id.to_string());
    record.set_text(&schema, "status", Status::Rejected.as_str());
    record.set_text(&schema, "reason", &reason);
    record.set_text(&schema, "performer", SystemId::HUB);
    if let Some(reference) = &original.reference {
        record.set_text(&schema, "reference", reference);
    }
    if let Some(at) = schema.find("at") {
        record.values.set(at, Value::Instant(whole_second(flow.clock.now())));
    }
    let accepted = flow.accept_own(
        &region,
        Own {
            record,
            schema,
            controller: original.envelope.controller,
            subject: original.envelope.subject,
            service: original.envelope.service,
            answers: Some(delivery.id),
            traceparent: original.envelope.traceparent,
            to: &original.envelope.source,
            straight: None,
            effect: Effect::Told { delivery: delivery.id },
        },
    );
    kept(accepted.await)
}

/// The one text for a directive that is missing, withdrawn, prohibits or does not cover it.
fn no_basis(to: &SystemId) -> String {
    format!("no basis to send to {to}")
}

fn whole_second(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}
