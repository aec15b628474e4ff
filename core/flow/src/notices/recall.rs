//! The notice to stop processing: to each who may have received something on a directive that the
//! client has since taken back. It carries no client data but the reference that they hold.

use jiff::Timestamp;
use luotsi_journal::{
    Entry, Error, Phase, RecallState,
    command::{Effect, RecallMove},
    read::{self, Held, Recall},
};
use luotsi_model::{Kind, OrganisationId, Record, Schema, Value};
use luotsi_region::Region;

use super::{BATCH, kept};
use crate::{Flow, intake::Own, plan};

/// The record kind in which it is told.
pub(crate) const KIND: &str = "recall";
/// The one thing asked.
const ACTION: &str = "stop-processing";
/// The result of an attempt of which nothing reached the recipient.
const UNREACHED: &str = "unreached";

/// What comes of a recall whose notice is owed.
enum Owed {
    /// The matter belongs to this controller's register.
    Told(OrganisationId),
    /// There is nothing to recall.
    Nothing(&'static str),
    /// The hub cannot tell them.
    ForAPerson(String),
}

/// Makes the notices that can be made. What is being sent is left for later: a notice must not
/// overtake it, nor be made when it turns out not to have arrived.
pub(super) async fn what_is_owed(flow: &Flow) -> Result<(), Error> {
    let mut after = Some(0);
    while let Some(place) = after {
        let due = flow.journal.read(move |c| read::recalls_due(c, place, BATCH)).await?;
        for recall in &due {
            tell(flow, recall).await?;
        }
        after = due.last().map(|recall| recall.seq);
    }
    Ok(())
}

/// Hands what is not acknowledged in time to a person.
pub(super) async fn what_is_overdue(flow: &Flow, now: Timestamp) -> Result<(), Error> {
    let late = flow.journal.read(move |c| read::recalls_overdue(c, now, BATCH)).await?;
    for recall in &late {
        let by = recall.deadline.unwrap_or(now);
        let why = format!("not acknowledged by {by}");
        settle(flow, recall, RecallState::Sent, RecallState::ForAPerson, why).await?;
    }
    Ok(())
}

async fn tell(flow: &Flow, recall: &Recall) -> Result<(), Error> {
    let region = flow.region();
    let from = RecallState::Owed;
    match owed(flow, &region, recall).await? {
        Owed::Nothing(why) => settle(flow, recall, from, RecallState::Settled, why.into()).await,
        Owed::ForAPerson(why) => settle(flow, recall, from, RecallState::ForAPerson, why).await,
        Owed::Told(controller) => {
            let Some(schema) = region.schema(&Kind::new(KIND)).cloned() else { return Ok(()) };
            let own = Own {
                record: record(recall, &schema),
                schema,
                controller,
                subject: None,
                service: None,
                answers: None,
                traceparent: None,
                to: &recall.recipient,
                straight: Some(&recall.purpose),
                effect: Effect::Recall {
                    id: recall.id,
                    deadline: flow.clock.now() + region.acknowledge,
                },
            };
            kept(flow.accept_own(&region, own).await).map(|_| ())
        }
    }
}

async fn settle(
    flow: &Flow,
    recall: &Recall,
    from: RecallState,
    to: RecallState,
    cause: String,
) -> Result<(), Error> {
    let moved = RecallMove { id: recall.id, from, to, cause: cause.clone() };
    if flow.journal.write(moved).await? && to == RecallState::ForAPerson {
        tracing::warn!(recall = %recall.id, system = %recall.recipient, %cause, "a recall waits for a person");
    }
    Ok(())
}

async fn owed(flow: &Flow, region: &Region, recall: &Recall) -> Result<Owed, Error> {
    let to = &recall.recipient;
    let controller = match recall.held {
        Held::Unknown => {
            let why = format!("the log does not say which {} was read", recall.kind);
            return Ok(Owed::ForAPerson(why));
        }
        Held::Read(_) => register(region, recall),
        Held::Delivery(delivery) => {
            let asked =
                move |c: &_| Ok((read::original(c, delivery)?, read::delivery(c, delivery)?));
            let (original, sent) = flow.journal.read(asked).await?;
            let (Some(original), Some(sent)) = (original, sent) else {
                return Ok(Owed::ForAPerson("what they received is not in the journal".into()));
            };
            let trail = flow.journal.read(move |c| read::trail(c, sent.message)).await?;
            if !may_have_arrived(recall, &trail) {
                return Ok(Owed::Nothing("what was under way did not reach them"));
            }
            Some(original.envelope.controller)
        }
    };
    let why = if region.connection(to).is_none() {
        format!("the region no longer declares {to}")
    } else if region.delivery_mapping(to, &Kind::new(KIND)).is_none() {
        format!("no mapping of {to} writes a {KIND}")
    } else if let Some(controller) = controller {
        return Ok(Owed::Told(controller));
    } else {
        format!("the region no longer keeps a {}", recall.kind)
    };
    Ok(Owed::ForAPerson(why))
}

/// In whose register that stands which was read: the plan's in its store's, a directive in that of
/// the reader, who recorded it.
fn register(region: &Region, recall: &Recall) -> Option<OrganisationId> {
    let connection = if recall.kind.as_str() == plan::KIND {
        region.connections.values().find(|c| c.adapter == plan::KIND)
    } else {
        region.connection(&recall.recipient)
    };
    connection.map(|connection| connection.recipient.controller.clone())
}

/// Whether an attempt on the withdrawn directive may have reached them.
fn may_have_arrived(recall: &Recall, trail: &[Entry]) -> bool {
    let Held::Delivery(delivery) = recall.held else { return true };
    let own = || trail.iter().filter(|entry| entry.delivery == Some(delivery));
    let cites = |entry: &Entry| {
        let id = Some(recall.directive.as_str());
        entry.grounds.iter().any(|ground| ground.directive.as_deref() == id)
    };
    let is_lost = |attempt| {
        own().any(|entry| {
            let is_it = entry.phase == Phase::Outcome && entry.attempt == attempt;
            is_it && entry.result.as_deref() == Some(UNREACHED)
        })
    };
    own().any(|entry| entry.phase == Phase::Intent && cites(entry) && !is_lost(entry.attempt))
}

fn record(recall: &Recall, schema: &Schema) -> Record {
    let mut record = Record::new(schema);
    let (held, what) = match recall.held {
        Held::Delivery(delivery) => (delivery.to_string(), "task"),
        Held::Read(id) if recall.kind.as_str() == plan::KIND => (id.to_string(), "plan"),
        Held::Read(id) => (id.to_string(), "consent"),
        Held::Unknown => (String::new(), "task"),
    };
    record.set_text(schema, "task", &held);
    record.set_text(schema, "what", what);
    record.set_text(schema, "action", ACTION);
    if let Some(since) = schema.find("since") {
        record.values.set(since, Value::Instant(recall.at));
    }
    record
}
