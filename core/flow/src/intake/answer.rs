//! Answers come in by the same door: a task status is tied to the delivery it answers.

use luotsi_journal::{command::Effect, read};
use luotsi_model::{DeliveryId, task::Status};

use super::{Prepared, Refused, faults};
use crate::Flow;

impl Flow {
    /// Gives an answer its subject, its register and its origin's reference, all from the delivery
    /// it answers. The record belongs to the register of the referral, not of the one who answers.
    pub(super) async fn correlate(&self, prepared: &mut Prepared) -> Result<(), Refused> {
        let (delivery, to) = task_and_status(prepared)?;
        let found = self
            .journal
            .read(move |c| Ok((read::delivery(c, delivery)?, read::original(c, delivery)?)))
            .await?;
        let (Some(sent), Some(original)) = found else { return Err(Refused::UnknownTask) };
        // Another's task looks as if there were none.
        if sent.destination != prepared.envelope.source {
            return Err(Refused::UnknownTask);
        }
        let envelope = &mut prepared.envelope;
        envelope.subject = sent.subject;
        envelope.controller = original.envelope.controller;
        envelope.service = original.envelope.service;
        envelope.answers = Some(delivery);
        let performer = envelope.source.clone();
        if let Some(reference) = &original.reference {
            prepared.record.set_text(&prepared.schema, "reference", reference);
        }
        prepared.record.set_text(&prepared.schema, "performer", performer.as_str());
        prepared.effect = Effect::Answer { delivery, to };
        Ok(())
    }
}

fn task_and_status(prepared: &Prepared) -> Result<(DeliveryId, Status), Refused> {
    let (record, schema) = (&prepared.record, &*prepared.schema);
    let task = schema.task.and_then(|field| record.values.get(field)).and_then(|v| v.as_text());
    let delivery = task.and_then(|text| text.parse().ok()).ok_or(Refused::UnknownTask)?;
    let status = record.text(schema, "status").and_then(|text| text.parse::<Status>().ok());
    let to = status.ok_or_else(|| {
        fault("unknown-code", "status", "it is no task status of the closed-loop referral")
    })?;
    if to.needs_reason() && record.text(schema, "reason").is_none() {
        return Err(fault("missing-field", "reason", "a task that becomes this needs a reason"));
    }
    Ok((delivery, to))
}

fn fault(code: &'static str, field: &str, why: &str) -> Refused {
    Refused::Unmappable(vec![faults::field(code, field, why)])
}
