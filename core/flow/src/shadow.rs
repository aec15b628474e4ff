//! What would become of messages accepted before, were another region in force.
//!
//! Pure over what was read: it routes and decides, and mints no permit, so nothing can leave by it.
//! Names fields, holds no value. Reads of the plan are no messages and are left to the comparison
//! of the regions themselves.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use luotsi_consent::{Directives, Outcome, Request, decide};
use luotsi_journal::{Beside, Error, read};
use luotsi_model::{FieldId, Kind, MessageId, Purpose, Record, Schema, SystemId, record};
use luotsi_region::{Connection, Destination, Region};
use serde::Serialize;

use crate::attested::Attesting;

/// A message that was accepted, with what deciding about it takes.
pub struct Past {
    message: read::Message,
    /// Its client's, as they are now; `None` when they cannot be read, which denies.
    directives: Option<Directives>,
    /// Who sent what it answers.
    asker: Option<SystemId>,
}

/// A send that would come out otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// The message.
    pub message: MessageId,
    /// When it was accepted.
    pub received: Timestamp,
    /// Its record kind.
    pub kind: Kind,
    /// Where it came from.
    pub source: SystemId,
    /// Who would get it.
    pub recipient: SystemId,
    /// What for.
    pub purpose: Purpose,
    /// What the old region makes of it.
    pub before: Verdict,
    /// What the new one does.
    pub after: Verdict,
    /// The fields that go under the new region only.
    pub gained: Vec<String>,
    /// Those that went under the old one only.
    pub lost: Vec<String>,
}

/// What becomes of a send.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "decision", content = "reason", rename_all = "kebab-case")]
pub enum Verdict {
    /// No route leads there.
    NotRouted,
    /// The record or the recipient does not fit the region: a person would have to look.
    Dead(&'static str),
    /// Some fields go.
    Permit,
    /// It waits for a basis.
    Wait,
    /// Nothing goes.
    Deny(&'static str),
}

/// What the last messages come to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Redecided {
    /// Messages looked at.
    pub messages: usize,
    /// Those of them that cannot be decided, since their payload was erased or does not open.
    pub shut: usize,
    /// Sends that either region makes of them.
    pub sends: usize,
    /// Sends that come out otherwise, in the order of acceptance.
    pub differences: Vec<Difference>,
}

/// The last messages of a journal, at most `last`, with their clients' directives as they are now.
///
/// # Errors
/// When the journal cannot be read.
pub fn past(journal: &Beside, last: usize) -> Result<Vec<Past>, Error> {
    let messages = journal.read(|c| read::messages_last(c, last))?;
    messages.into_iter().map(|message| with_surroundings(journal, message)).collect()
}

fn with_surroundings(journal: &Beside, message: read::Message) -> Result<Past, Error> {
    let directives = match &message.envelope.subject {
        Some(client) => journal.read(|c| read::directives(c, client)).ok(),
        None => Some(Directives::default()),
    };
    let original = match message.envelope.answers {
        Some(delivery) => journal.read(|c| read::original(c, delivery))?,
        None => None,
    };
    Ok(Past { message, directives, asker: original.map(|original| original.envelope.source) })
}

/// Routes and decides each message under both regions.
pub fn redecide(past: &[Past], old: &Region, new: &Region, now: Timestamp) -> Redecided {
    let mut all = Redecided {
        messages: past.len(),
        shut: past.iter().filter(|one| one.message.record.bytes().is_err()).count(),
        ..Redecided::default()
    };
    for one in past {
        let (before, after) = (one.sends(old, now), one.sends(new, now));
        let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        all.sends += keys.len();
        let nothing = Send { verdict: Verdict::NotRouted, fields: BTreeSet::new() };
        for key in keys {
            let sides = (before.get(key).unwrap_or(&nothing), after.get(key).unwrap_or(&nothing));
            all.differences.extend((sides.0 != sides.1).then(|| one.difference(key, sides)));
        }
    }
    all
}

type To = (SystemId, Purpose);

#[derive(PartialEq, Eq)]
struct Send {
    verdict: Verdict,
    fields: BTreeSet<String>,
}

impl Send {
    const fn without_fields(verdict: Verdict) -> Self {
        Self { verdict, fields: BTreeSet::new() }
    }
}

impl Past {
    /// What becomes of it, by recipient and purpose. A record that the region cannot read goes
    /// nowhere.
    fn sends(&self, region: &Region, now: Timestamp) -> BTreeMap<To, Send> {
        let envelope = &self.message.envelope;
        let Some(schema) = region.schema(&envelope.kind) else { return BTreeMap::new() };
        let bytes = self.message.record.bytes().ok();
        let Some(record) = bytes.and_then(|bytes| record::read(bytes, schema).ok()) else {
            return BTreeMap::new();
        };
        let destinations = region.routes_for(envelope, &record).flat_map(|route| &route.to);
        let to = destinations.filter_map(|to| Some((self.recipient(to)?, to.purpose().clone())));
        to.map(|to| {
            let send = self.send(region, &record, &to, now);
            (to, send)
        })
        .collect()
    }

    fn recipient(&self, to: &Destination) -> Option<SystemId> {
        match to {
            Destination::System { system, .. } => Some(system.clone()),
            Destination::Answer { .. } => self.asker.clone(),
        }
    }

    fn send(&self, region: &Region, record: &Record, to: &To, now: Timestamp) -> Send {
        let (system, purpose) = to;
        let kind = &self.message.envelope.kind;
        let found = (region.connection(system), region.delivery_mapping(system, kind));
        let (Some(connection), Some(mapping)) = found else {
            return Send::without_fields(Verdict::Dead("no-mapping"));
        };
        let Some(schema) = region.schema(kind) else {
            return Send::without_fields(Verdict::Dead("no-mapping"));
        };
        let envelope = &self.message.envelope;
        let attesting = Attesting { region, envelope, record, schema, to: system, purpose, now };
        let request = self.request(connection, &attesting);
        let decision = decide(&request, self.directives.as_ref(), &region.policy);
        match decision.outcome {
            Outcome::Wait(_) => return Send::without_fields(Verdict::Wait),
            Outcome::Deny(reason) => return Send::without_fields(Verdict::Deny(reason.as_str())),
            Outcome::Permit => {}
        }
        let (schema, asked) = (mapping.schema(), mapping.fields_written());
        let may_go = |field: &FieldId| decision.permitted.contains(schema.field(*field).category);
        let present = record.values.present();
        let is_needed = |field: &FieldId| is_needed(*field, &present, &may_go, schema);
        let lacks = |field: &FieldId| !may_go(field) || !present.contains(field);
        if mapping.fields_required_out().iter().any(|field| is_needed(field) && lacks(field)) {
            return Send::without_fields(Verdict::Dead("missing-field"));
        }
        let goes = |field: &FieldId| asked.binary_search(field).is_ok() && may_go(field);
        let fields = present.iter().filter(|field| goes(field));
        let fields = fields.map(|field| schema.field(*field).path.clone()).collect();
        Send { verdict: Verdict::Permit, fields }
    }

    fn request<'a>(&'a self, connection: &'a Connection, attesting: &Attesting<'a>) -> Request<'a> {
        let envelope = &self.message.envelope;
        Request {
            subject: envelope.subject.as_ref(),
            controller: &envelope.controller,
            source: attesting.source(),
            recipient: &connection.recipient,
            purpose: attesting.purpose,
            kind: &envelope.kind,
            service: envelope.service.as_ref(),
            attested: attesting.attested(),
            now: attesting.now,
        }
    }

    fn difference(&self, (recipient, purpose): &To, (before, after): (&Send, &Send)) -> Difference {
        let envelope = &self.message.envelope;
        let only =
            |one: &Send, other: &Send| one.fields.difference(&other.fields).cloned().collect();
        Difference {
            message: envelope.id,
            received: envelope.received,
            kind: envelope.kind.clone(),
            source: envelope.source.clone(),
            recipient: recipient.clone(),
            purpose: purpose.clone(),
            before: before.verdict,
            after: after.verdict,
            gained: only(after, before),
            lost: only(before, after),
        }
    }
}

/// A required field of a group is needed where the group has a row to write.
fn is_needed(
    field: FieldId,
    present: &[FieldId],
    may_go: &impl Fn(&FieldId) -> bool,
    schema: &Schema,
) -> bool {
    let group = schema.field(field).group;
    let is_in_row = |other: &FieldId| schema.field(*other).group == group && may_go(other);
    group.is_none() || present.iter().any(is_in_row)
}
