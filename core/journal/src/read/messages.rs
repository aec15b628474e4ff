//! Questions about messages.

use luotsi_model::{DeliveryId, Envelope, MessageId};

use super::Payload;
use crate::{
    Accounting, Error,
    engine::{Row, Value, params},
    seal::Cell,
    session::Session,
};

/// One accepted message.
#[derive(Clone, PartialEq, Debug)]
pub struct Message {
    /// Its place.
    pub seq: i64,
    /// Its header.
    pub envelope: Envelope,
    /// The sender's own reference, while the payload opens.
    pub reference: Option<String>,
    /// The record's stored form.
    pub record: Payload,
    /// How its input was accounted for.
    pub accounting: Accounting,
}

const COLUMNS: &str = "seq, envelope, reference, record, accounting";

type Raw = (i64, String, Option<Vec<u8>>, Vec<u8>, String);

fn raw(row: &Row<'_>) -> Result<Raw, Error> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn parse(session: &Session, row: Raw) -> Result<Message, Error> {
    parse_all(session, vec![row])?.pop().ok_or_else(|| Error::Storage("a message is gone".into()))
}

/// Reads rows, and opens what is sealed in them.
fn parse_all(session: &Session, rows: Vec<Raw>) -> Result<Vec<Message>, Error> {
    let envelopes = rows.iter().map(|(_, envelope, ..)| {
        serde_json::from_str(envelope).map_err(|e| Error::row("message", &e))
    });
    let envelopes: Vec<Envelope> = envelopes.collect::<Result<_, _>>()?;
    let mut cells = Vec::with_capacity(2 * rows.len());
    let mut rest = Vec::with_capacity(rows.len());
    for ((seq, _, reference, record, accounting), envelope) in rows.into_iter().zip(&envelopes) {
        let cell = |column| Cell::message(column, envelope);
        rest.push((seq, reference.is_some(), accounting));
        cells.extend(reference.map(|sealed| (cell(Cell::REFERENCE), sealed)));
        cells.push((cell(Cell::RECORD), record));
    }
    let mut opened = session.open_all(cells)?.into_iter();
    let mut next = || opened.next().unwrap_or(Payload::Broken);
    let mut messages = Vec::with_capacity(rest.len());
    for ((seq, has_reference, accounting), envelope) in rest.into_iter().zip(envelopes) {
        let reference = has_reference.then(&mut next);
        let text = |opened: Payload| opened.bytes().ok().map(<[u8]>::to_vec);
        messages.push(Message {
            seq,
            reference: reference.and_then(text).and_then(|text| String::from_utf8(text).ok()),
            record: next(),
            accounting: serde_json::from_str(&accounting).map_err(|e| Error::row("message", &e))?,
            envelope,
        });
    }
    Ok(messages)
}

/// The message of that id.
///
/// # Errors
/// When the journal cannot be read.
pub fn message(session: &Session, id: MessageId) -> Result<Option<Message>, Error> {
    let sql = format!("select {COLUMNS} from message where id = ?1");
    let found = session.first(&sql, params![id.0.as_bytes()], raw)?;
    found.map(|row| parse(session, row)).transpose()
}

/// The message at that place.
///
/// # Errors
/// When the journal cannot be read.
pub fn message_at(session: &Session, seq: i64) -> Result<Option<Message>, Error> {
    let sql = format!("select {COLUMNS} from message where seq = ?1");
    let found = session.first(&sql, params![seq], raw)?;
    found.map(|row| parse(session, row)).transpose()
}

/// The messages at those places, each once, in no order.
///
/// # Errors
/// When the journal cannot be read.
pub fn messages_at(session: &Session, places: &[i64]) -> Result<Vec<Message>, Error> {
    let mut places = places.to_vec();
    places.sort_unstable();
    places.dedup();
    let places: Vec<_> = places.into_iter().map(|seq| [Value::Integer(seq)]).collect();
    let sql = format!("select {COLUMNS} from message where seq = ?1");
    let found = session.first_each(&sql, &places, raw)?;
    parse_all(session, found.into_iter().flatten().collect())
}

/// Messages after place `after`, in order, at most `limit`.
///
/// # Errors
/// When the journal cannot be read.
pub fn messages_after(session: &Session, after: i64, limit: usize) -> Result<Vec<Message>, Error> {
    let sql = format!("select {COLUMNS} from message where seq > ?1 order by seq limit ?2");
    let rows = session.all(&sql, params![after, limit as i64], raw)?;
    parse_all(session, rows)
}

/// The latest messages, the oldest of them first, at most `limit`.
///
/// # Errors
/// When the journal cannot be read.
pub fn messages_last(session: &Session, limit: usize) -> Result<Vec<Message>, Error> {
    let sql = format!("select {COLUMNS} from message order by seq desc limit ?1");
    let rows = session.all(&sql, params![limit.min(i64::MAX as usize) as i64], raw)?;
    let mut last = parse_all(session, rows)?;
    last.reverse();
    Ok(last)
}

/// The message that a delivery carries.
///
/// # Errors
/// When the journal cannot be read.
pub fn original(session: &Session, delivery: DeliveryId) -> Result<Option<Message>, Error> {
    let sql = format!(
        "select {COLUMNS} from message where seq = (select message from delivery where id = ?1)"
    );
    let found = session.first(&sql, params![delivery.0.as_bytes()], raw)?;
    found.map(|row| parse(session, row)).transpose()
}
