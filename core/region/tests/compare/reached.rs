//! What the gate lets reach whom, the gate itself being asked.

use std::collections::BTreeSet;

use jiff::Timestamp;
use luotsi_consent::{Attested, Directives, Outcome, Request, decide};
use luotsi_model::{
    ClientRef, Envelope, FieldId, Kind, MessageId, OrganisationId, Purpose, Record, SystemId,
};
use luotsi_region::{Destination, Region};

/// What reaches whom: recipient, purpose, kind, field.
pub(crate) type Reached = BTreeSet<(SystemId, Purpose, Kind, String)>;

/// One message as the flow would have it.
pub(crate) struct Message<'m> {
    source: &'m str,
    kind: &'m str,
    service: &'m str,
    asker: Option<&'m str>,
}

pub(crate) const MESSAGES: [Message<'static>; 4] = [
    Message { source: "desk", kind: "referral", service: "chat", asker: None },
    Message { source: "desk", kind: "referral", service: "visit", asker: None },
    Message { source: "desk", kind: "referral", service: "walk", asker: None },
    Message { source: "club", kind: "answer", service: "", asker: Some("desk") },
];

/// Everything that a message gets to somebody, the gate itself being asked.
pub(crate) fn reached(region: &Region, message: &Message<'_>, directives: &Directives) -> Reached {
    let kind = Kind::new(message.kind);
    let schema = region.schema(&kind).expect("a kind");
    let mut record = Record::new(schema);
    record.set_text(schema, "service", message.service);
    let envelope = Envelope {
        id: MessageId(Default::default()),
        kind: kind.clone(),
        source: SystemId::new(message.source),
        controller: OrganisationId::new("town"),
        subject: Some(ClientRef::new("someone")),
        service: None,
        answers: None,
        replays: None,
        received: Timestamp::UNIX_EPOCH,
        generation: region.generation.clone(),
        traceparent: None,
    };
    let mut reached = Reached::new();
    for to in region.routes_for(&envelope, &record).flat_map(|route| &route.to) {
        let system = match to {
            Destination::System { system, .. } => system.clone(),
            Destination::Answer { .. } => SystemId::new(message.asker.unwrap_or_default()),
        };
        let Some(mapping) = region.delivery_mapping(&system, &kind) else { continue };
        let connection = region.connection(&system).expect("a connection");
        let request = Request {
            subject: envelope.subject.as_ref(),
            controller: &envelope.controller,
            source: None,
            recipient: &connection.recipient,
            purpose: to.purpose(),
            kind: &kind,
            service: None,
            attested: Attested::default(),
            now: Timestamp::UNIX_EPOCH,
        };
        let decision = decide(&request, Some(directives), &region.policy);
        let goes = |field: &FieldId| {
            decision.outcome == Outcome::Permit
                && decision.permitted.contains(schema.field(*field).category)
        };
        if mapping.fields_required_out().iter().all(goes) {
            let shown = mapping.fields_written().into_iter().filter(goes);
            let path = |field: FieldId| schema.field(field).path.clone();
            let own = |f| (system.clone(), to.purpose().clone(), kind.clone(), path(f));
            reached.extend(shown.map(own));
        }
    }
    reached
}
