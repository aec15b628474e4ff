//! Keeps messages with their deliveries, several at once.

use std::collections::BTreeMap;

use luotsi_model::ClientRef;

use super::{accept::Accept, json, outbox};
use crate::{
    Error, State,
    engine::{Bind, Step, Value},
    seal::{Cell, DataKey},
    session::Session,
};

/// Where a message stands.
pub(super) struct Kept {
    pub(super) seq: i64,
    /// Its deliveries, in the order given.
    pub(super) deliveries: Vec<i64>,
    /// What each of them comes after.
    pub(super) after: Vec<Option<i64>>,
}

/// Keeps each; nothing of what a message changes beside being kept is done here.
pub(super) fn all(session: &Session, messages: &[&Accept]) -> Result<Vec<Kept>, Error> {
    let keys = session.keys(messages.iter().map(|message| client(message)))?;
    let sealed = messages.iter().map(|message| Sealed::of(message, &keys));
    let sealed: Vec<_> = sealed.collect::<Result<_, Error>>()?;
    let asked = comes_after(if session.teller().is_some() { messages } else { &[] });
    let answers = session.take(&[asked, insert(messages, &sealed), deliver(messages)])?;
    let [after, places, deliveries] = &answers[..] else {
        return Err(Error::Storage("messages were not kept".into()));
    };
    let (mut deliveries, mut after) = (deliveries.iter().copied(), after.iter().copied());
    let kept = messages.iter().zip(places).map(|(message, seq)| {
        let count = message.deliveries.len();
        let after = after.by_ref().take(count).map(|seq| (seq > 0).then_some(seq)).collect();
        Kept { seq: *seq, deliveries: deliveries.by_ref().take(count).collect(), after }
    });
    let kept: Vec<Kept> = kept.collect();
    let goes = messages.iter().zip(&kept).filter(|(message, _)| !message.accounting.is_held);
    let new = goes.flat_map(|(message, kept)| {
        message.deliveries.iter().map(|new| &new.destination).zip(kept.deliveries.iter().copied())
    });
    outbox::tell(session, new);
    Ok(kept)
}

/// The last delivery that is to go to the same system about the same client; 0: there is none. Of a bare
/// `seq` PostgreSQL might look for the last of all, and go on backwards.
const AFTER: &str = "select coalesce(max(seq + 0), 0) from delivery
                     where subject = ?1 and destination = ?2 and state + 0 < 10 and state + 0 <> 1";

/// Asked where several hubs accept, and one that sends does not know of all that was.
fn comes_after<'v>(messages: &'v [&Accept]) -> Step<'v> {
    let rows = messages.iter().flat_map(|message| {
        let subject = message.envelope.subject.as_ref().map(ClientRef::as_str);
        let to = message.deliveries.iter().map(|new| Value::Text(new.destination.as_str()));
        to.map(move |to| [subject.map_or(Value::Null, Value::Text), to])
    });
    Step::new(AFTER, rows)
}

fn insert<'v>(messages: &'v [&Accept], sealed: &'v [Sealed]) -> Step<'v> {
    let rows = messages.iter().zip(sealed).map(|(message, sealed)| {
        [
            Value::Blob(message.envelope.id.0.as_bytes()),
            sealed.envelope.value(),
            sealed.reference.value(),
            sealed.record.value(),
            sealed.accounting.value(),
        ]
    });
    Step::new(
        "insert into message (id, envelope, reference, record, accounting)
         values (?1, ?2, ?3, ?4, ?5) returning seq",
        rows,
    )
}

/// A message as it is written.
struct Sealed {
    envelope: String,
    reference: Option<Vec<u8>>,
    record: Vec<u8>,
    accounting: String,
}

fn client(message: &Accept) -> &str {
    message.envelope.subject.as_ref().map_or("", ClientRef::as_str)
}

impl Sealed {
    fn of(message: &Accept, keys: &BTreeMap<&str, DataKey>) -> Result<Self, Error> {
        let key = keys.get(client(message)).ok_or(Error::Keys("a client has none"))?;
        let seal = |column, plain| key.seal(&Cell::message(column, &message.envelope), plain);
        let reference = message.reference.as_ref();
        Ok(Self {
            envelope: json("message", &message.envelope)?,
            reference: reference.map(|text| seal(Cell::REFERENCE, text.as_bytes())).transpose()?,
            record: seal(Cell::RECORD, &message.record)?,
            accounting: json("message", &message.accounting)?,
        })
    }
}

/// A message is named by its id: its place is not known yet when this is sent.
fn deliver<'v>(messages: &'v [&Accept]) -> Step<'v> {
    let rows = messages.iter().flat_map(|message| {
        let state = if message.accounting.is_held { State::Held } else { State::Ready };
        let subject = message.envelope.subject.as_ref().map(ClientRef::as_str);
        message.deliveries.iter().map(move |new| {
            [
                Value::Blob(new.id.0.as_bytes()),
                Value::Blob(message.envelope.id.0.as_bytes()),
                Value::Text(new.destination.as_str()),
                Value::Text(new.purpose.as_str()),
                subject.map_or(Value::Null, Value::Text),
                Value::Integer(state as i64),
                Value::Integer(message.envelope.received.as_microsecond()),
                Value::Integer(new.deadline.as_microsecond()),
            ]
        })
    });
    Step::new(
        "insert into delivery
           (id, message, destination, purpose, subject, state, accepted, due, deadline)
         values (?1, (select seq from message where id = ?2), ?3, ?4, ?5, ?6, ?7, ?7, ?8)
         returning seq",
        rows,
    )
}
