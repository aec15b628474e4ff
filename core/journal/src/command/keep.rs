//! Keeps messages with their deliveries, several at once.

use std::collections::BTreeMap;

use luotsi_model::ClientRef;

use super::{accept::Accept, json, outbox};
use crate::{
    Error, State,
    engine::{Bind, Connection, Value},
    seal::{Cell, DataKey},
    session::Session,
};

/// Where a message stands, and its deliveries in the order given.
pub(super) type Kept = (i64, Vec<i64>);

/// Keeps each; nothing of what a message changes beside being kept is done here.
pub(super) fn all(session: &Session, messages: &[&Accept]) -> Result<Vec<Kept>, Error> {
    let places = insert(session, messages)?;
    let deliveries = deliver(session, messages, &places)?;
    let goes = |message: &&Accept| !message.accounting.is_held;
    let new = messages.iter().flat_map(|message| {
        message.deliveries.iter().map(move |new| goes(message).then_some(&new.destination))
    });
    let told = new.zip(&deliveries).filter_map(|(to, place)| Some((to?, *place)));
    outbox::tell(session, told)?;
    let mut deliveries = deliveries.into_iter();
    let kept = messages.iter().zip(places).map(|(message, place)| {
        (place, deliveries.by_ref().take(message.deliveries.len()).collect())
    });
    Ok(kept.collect())
}

fn insert(session: &Session, messages: &[&Accept]) -> Result<Vec<i64>, Error> {
    let keys = session.keys(messages.iter().map(|message| client(message)))?;
    let sealed = messages.iter().map(|message| Sealed::of(message, &keys));
    let sealed: Vec<_> = sealed.collect::<Result<_, Error>>()?;
    let rows = messages.iter().zip(&sealed).map(|(message, sealed)| {
        [
            Value::Blob(message.envelope.id.0.as_bytes()),
            sealed.envelope.value(),
            sealed.reference.value(),
            sealed.record.value(),
            sealed.accounting.value(),
        ]
    });
    session.insert_each(
        "insert into message (id, envelope, reference, record, accounting)
         values (?1, ?2, ?3, ?4, ?5)",
        &rows.collect::<Vec<_>>(),
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

fn deliver(
    connection: &Connection,
    messages: &[&Accept],
    places: &[i64],
) -> Result<Vec<i64>, Error> {
    let rows = messages.iter().zip(places).flat_map(|(message, place)| {
        let state = if message.accounting.is_held { State::Held } else { State::Ready };
        let subject = message.envelope.subject.as_ref().map(ClientRef::as_str);
        message.deliveries.iter().map(move |new| {
            [
                Value::Blob(new.id.0.as_bytes()),
                Value::Integer(*place),
                Value::Text(new.destination.as_str()),
                Value::Text(new.purpose.as_str()),
                subject.map_or(Value::Null, Value::Text),
                Value::Integer(state as i64),
                Value::Integer(message.envelope.received.as_microsecond()),
                Value::Integer(new.deadline.as_microsecond()),
            ]
        })
    });
    connection.insert_each(
        "insert into delivery
           (id, message, destination, purpose, subject, state, accepted, due, deadline)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)",
        &rows.collect::<Vec<_>>(),
    )
}
