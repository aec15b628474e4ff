//! Dead letters, and what is held, are decided again when their client's directives change: a person must not find one
//! that may not go. One that may stays hers; nobody but she sends it.

use luotsi_consent::{Outcome, Reason, Request, decide};
use luotsi_journal::{
    Entry, Error, Phase, State,
    command::{Guard, Lost, Reconsidered},
    read::{self, Delivery, Message},
};
use luotsi_model::{Categories, record};
use luotsi_region::Region;

use super::{BATCH, due};
use crate::{Flow, attested::Attesting, metrics::Stage};

/// Decides all that are to be decided again. What cannot be decided now is left for the next look.
pub(super) async fn dead_letters(flow: &Flow) -> Result<(), Error> {
    let mut after = Some(0);
    while let Some(place) = after {
        let found = flow.journal.read(move |c| read::reconsidering(c, place, BATCH)).await?;
        for delivery in &found {
            // Directives that change meanwhile make the decision stale; the loop ends with the
            // first that still holds.
            while reconsider(flow, delivery).await? == Err(Lost::Stale) {
                if let Some(client) = &delivery.subject {
                    flow.gate.forget(client);
                }
            }
        }
        after = found.last().map(|delivery| delivery.seq);
    }
    Ok(())
}

async fn reconsider(flow: &Flow, delivery: &Delivery) -> Result<Result<(), Lost>, Error> {
    let place = delivery.message;
    let Some(message) = flow.journal.read(move |c| read::message_at(c, place)).await? else {
        return stays(flow, delivery, None).await;
    };
    let directives = flow.gate.directives(delivery.subject.as_ref()).await;
    let region = flow.region();
    let Some(outcome) = outcome(flow, &region, delivery, &message, directives.as_ref()) else {
        // Where it would go is no longer known to the region, so nobody can send it there.
        return stays(flow, delivery, None).await;
    };
    let epoch = directives.map(|directives| directives.epoch);
    let guard = delivery.subject.clone().zip(epoch);
    let guard = guard.map(|(client, epoch)| Guard { client, epoch });
    let result = match outcome {
        Outcome::Deny(Reason::Undecidable) => return Ok(Ok(())),
        Outcome::Permit => return stays(flow, delivery, guard).await,
        // What is held may still wait for a basis once it is released.
        Outcome::Wait(_) if delivery.state == State::Held => {
            return stays(flow, delivery, guard).await;
        }
        Outcome::Wait(_) => Reason::NoBasis.as_str(),
        Outcome::Deny(reason) => reason.as_str(),
    };
    flow.metrics.decided("none", "deny");
    flow.metrics.message(&delivery.destination, Stage::Gate, result);
    let now = flow.clock.now();
    let is_answer = region.schema(&message.envelope.kind).is_some_and(|s| s.task.is_some());
    let is_owed = !is_answer && !message.envelope.source.is_hub();
    let refused = Reconsidered {
        delivery: delivery.seq,
        refusal: Some(entry(flow, &region, delivery, &message, result)),
        tell: is_owed.then(|| due(delivery.deadline, now, flow.started)),
        guard,
    };
    flow.journal.write(refused).await
}

async fn stays(
    flow: &Flow,
    delivery: &Delivery,
    guard: Option<Guard>,
) -> Result<Result<(), Lost>, Error> {
    let seq = delivery.seq;
    flow.journal.write(Reconsidered { delivery: seq, refusal: None, tell: None, guard }).await
}

/// What the gate says of sending it now; `None` when it could not be sent whatever the gate says.
fn outcome(
    flow: &Flow,
    region: &Region,
    delivery: &Delivery,
    message: &Message,
    directives: Option<&luotsi_consent::Directives>,
) -> Option<Outcome> {
    let envelope = &message.envelope;
    let connection = region.connection(&delivery.destination)?;
    let schema = region.schema(&envelope.kind)?;
    let record = record::read(message.record.bytes().ok()?, schema).ok()?;
    let attesting = Attesting {
        region,
        envelope,
        record: &record,
        schema,
        to: &delivery.destination,
        purpose: &delivery.purpose,
        now: flow.clock.now(),
    };
    let request = Request {
        subject: envelope.subject.as_ref(),
        controller: &envelope.controller,
        source: attesting.source(),
        recipient: &connection.recipient,
        purpose: &delivery.purpose,
        kind: &envelope.kind,
        service: envelope.service.as_ref(),
        attested: attesting.attested(),
        now: attesting.now,
    };
    Some(decide(&request, directives, &region.policy).outcome)
}

fn entry(
    flow: &Flow,
    region: &Region,
    delivery: &Delivery,
    message: &Message,
    result: &'static str,
) -> Entry {
    Entry {
        phase: Phase::Refusal,
        at: flow.clock.now(),
        client: message.envelope.subject.clone(),
        message: Some(message.envelope.id),
        delivery: Some(delivery.id),
        source: message.envelope.source.clone(),
        recipient: delivery.destination.clone(),
        purpose: delivery.purpose.clone(),
        kind: message.envelope.kind.clone(),
        generation: region.generation.clone(),
        attempt: delivery.attempts + 1,
        shown: None,
        fields: Vec::new(),
        withheld: Vec::new(),
        lossy: Vec::new(),
        categories: Categories::NONE,
        grounds: Vec::new(),
        result: Some(result.into()),
    }
}
