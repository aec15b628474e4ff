//! Which records go where, for which purpose.

use jiff::SignedDuration;
use luotsi_model::{Envelope, FieldId, Kind, Purpose, Record, SystemId, Value};

/// One route (content-based router). Every route that takes a record sends it on.
#[derive(Clone, PartialEq, Debug)]
pub struct Route {
    /// Its name, shown wherever it decided.
    pub name: String,
    /// The record kind it takes.
    pub kind: Kind,
    /// The systems it takes from; empty: any.
    pub from: Vec<SystemId>,
    /// What must hold of the record; all of it.
    pub when: Vec<Condition>,
    /// Where it sends; never empty.
    pub to: Vec<Destination>,
    /// How long a delivery may wait for a legal basis.
    pub wait: SignedDuration,
    /// The reason code of a statutory right that every send by this route rests on.
    pub reason: Option<Box<str>>,
}

/// What must hold of a record for a route to take it.
#[derive(Clone, PartialEq, Debug)]
pub enum Condition {
    /// The text or code field holds one of these.
    Field {
        /// The field, of the route's kind.
        field: FieldId,
        /// The values accepted.
        values: Vec<Box<str>>,
    },
    /// The message is about a client, or about none. The envelope is asked, not the record: an
    /// answer is about the client of what it answers, and does not name her.
    Subject {
        /// Whether it must be about one.
        known: bool,
    },
    /// The matter was taken up with the client present, or by a mandate that the record names.
    Presence {
        /// The field that says that the client was present, where that is accepted.
        client: Option<FieldId>,
        /// The field that names the mandate, where that is accepted.
        mandate: Option<FieldId>,
    },
}

impl Condition {
    fn holds(&self, envelope: &Envelope, record: &Record) -> bool {
        match self {
            Self::Field { field, values } => {
                let text = record.values.get(*field).and_then(Value::as_text);
                text.is_some_and(|text| values.iter().any(|value| **value == *text))
            }
            Self::Subject { known } => envelope.subject.is_some() == *known,
            Self::Presence { client, mandate } => {
                let value = |field: &Option<FieldId>| record.values.get((*field)?);
                value(client) == Some(&Value::Boolean(true)) || value(mandate).is_some()
            }
        }
    }

    /// Whether no record can meet both.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Field { field, values }, Self::Field { field: other_field, values: others }) => {
                field == other_field && values.iter().all(|value| !others.contains(value))
            }
            (Self::Subject { known }, Self::Subject { known: other }) => known != other,
            _ => false,
        }
    }
}

/// Where a route sends a record, and what for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Destination {
    /// To a system.
    System {
        /// The system.
        system: SystemId,
        /// What for.
        purpose: Purpose,
    },
    /// To the system that sent what the record answers.
    Answer {
        /// What for.
        purpose: Purpose,
    },
}

impl Destination {
    /// Whether it is this system, or whoever asked, for this purpose.
    pub(crate) fn leads_to(&self, to: &SystemId, what_for: &Purpose) -> bool {
        let is_it = match self {
            Self::System { system, .. } => system == to,
            Self::Answer { .. } => true,
        };
        is_it && self.purpose() == what_for
    }

    /// What it is sent for.
    pub const fn purpose(&self) -> &Purpose {
        match self {
            Self::System { purpose, .. } | Self::Answer { purpose } => purpose,
        }
    }
}

impl Route {
    /// Whether it takes what the hub itself answers, where it refuses to send.
    pub fn takes_from_hub(&self) -> bool {
        let is_named = self.from.is_empty() || self.from.iter().any(SystemId::is_hub);
        is_named && self.kind.as_str() == Kind::TASK_STATUS
    }

    /// Whether it takes this message.
    pub fn takes(&self, envelope: &Envelope, record: &Record) -> bool {
        record.kind == self.kind
            && (self.from.is_empty() || self.from.contains(&envelope.source))
            && self.when.iter().all(|condition| condition.holds(envelope, record))
    }
}
