//! What the sender's own directives say against a delivery.
//!
//! The one exception to the neutral refusal. It is decided on the sender's own directives alone, as
//! if nobody else had recorded any: so what the sender is told, and that it is told at once, depends
//! on nothing that it does not know, and there is nothing to find out by recording one.

use std::sync::Arc;

use luotsi_consent::{Directive, Directives, Outcome, Policy, Reason, Request, decide};
use luotsi_journal::{
    Error,
    read::{self, Delivery, History, Message},
};
use luotsi_model::{SystemId, record};

use crate::{Flow, attested::Attesting};

/// In words, naming the directive by the id that the sender gave it; `None` where none of its own
/// decides.
pub(super) async fn reason(
    flow: &Flow,
    delivery: &Delivery,
    original: &Message,
) -> Result<Option<String>, Error> {
    let Some(client) = original.envelope.subject.clone() else { return Ok(None) };
    let histories = flow.journal.read(move |c| read::histories(c, &client)).await?;
    let own: Vec<_> =
        histories.iter().filter_map(|history| own(history, &original.envelope.source)).collect();
    if own.is_empty() {
        return Ok(None);
    }
    let (region, envelope) = (flow.region(), &original.envelope);
    let to = &delivery.destination;
    let (Some(connection), Some(schema)) = (region.connection(to), region.schema(&envelope.kind))
    else {
        return Ok(None);
    };
    let bytes = original.record.bytes().ok();
    let Some(record) = bytes.and_then(|bytes| record::read(bytes, schema).ok()) else {
        return Ok(None);
    };
    let (purpose, now) = (&delivery.purpose, flow.clock.now());
    let attesting =
        Attesting { region: &region, envelope, record: &record, schema, to, purpose, now };
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
    let said = own.into_iter().filter_map(|one| says_no(one, &request, &region.policy));
    Ok(said.min().map(|(_, words)| words))
}

/// The directive's latest version, if its terms and its standing are the system's own doing:
/// another's withdrawal of it is another's to know.
fn own<'h>(history: &'h History, system: &SystemId) -> Option<&'h Directive> {
    let is_own = history.author() == Some(system);
    history.latest().filter(|latest| is_own && latest.recorder == *system)
}

/// What one directive comes to where no other stands, the weightiest first.
fn says_no(one: &Directive, request: &Request<'_>, policy: &Policy) -> Option<(u8, String)> {
    let alone = Directives { epoch: 0, all: [Arc::new(one.clone())].into() };
    let id = &one.id;
    match decide(request, Some(&alone), policy).outcome {
        Outcome::Deny(Reason::Prohibited) => Some((0, format!("prohibited by the directive {id}"))),
        Outcome::Deny(Reason::Withdrawn) => Some((1, format!("the directive {id} was withdrawn"))),
        Outcome::Deny(Reason::NotCovered) => {
            Some((2, format!("the directive {id} does not cover this")))
        }
        _ => None,
    }
}
