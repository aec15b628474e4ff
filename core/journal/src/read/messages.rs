//! Questions about messages.

use luotsi_model::{DeliveryId, Envelope, MessageId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Accounting, Error};

/// One accepted message.
#[derive(Clone, PartialEq, Debug)]
pub struct Message {
    /// Its place.
    pub seq: i64,
    /// Its header.
    pub envelope: Envelope,
    /// The sender's own reference.
    pub reference: Option<String>,
    /// The record's stored form.
    pub record: Vec<u8>,
    /// How its input was accounted for.
    pub accounting: Accounting,
}

const COLUMNS: &str = "seq, envelope, reference, record, accounting";

type Raw = (i64, String, Option<String>, Vec<u8>, String);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn parse((seq, envelope, reference, record, accounting): Raw) -> Result<Message, Error> {
    Ok(Message {
        seq,
        envelope: serde_json::from_str(&envelope).map_err(|e| Error::row("message", &e))?,
        reference,
        record,
        accounting: serde_json::from_str(&accounting).map_err(|e| Error::row("message", &e))?,
    })
}

/// The message of that id.
///
/// # Errors
/// When the journal cannot be read.
pub fn message(connection: &Connection, id: MessageId) -> Result<Option<Message>, Error> {
    let sql = format!("select {COLUMNS} from message where id = ?1");
    let found = connection.prepare_cached(&sql)?.query_row([id.0.as_bytes()], raw).optional()?;
    found.map(parse).transpose()
}

/// The message at that place.
///
/// # Errors
/// When the journal cannot be read.
pub fn message_at(connection: &Connection, seq: i64) -> Result<Option<Message>, Error> {
    let sql = format!("select {COLUMNS} from message where seq = ?1");
    connection.prepare_cached(&sql)?.query_row([seq], raw).optional()?.map(parse).transpose()
}

/// The messages at those places, each once, in no order.
///
/// # Errors
/// When the journal cannot be read.
pub fn messages_at(connection: &Connection, places: &[i64]) -> Result<Vec<Message>, Error> {
    let mut places = places.to_vec();
    places.sort_unstable();
    places.dedup();
    let found = places.into_iter().map(|seq| message_at(connection, seq));
    found.filter_map(Result::transpose).collect()
}

/// Messages after place `after`, in order, at most `limit`.
///
/// # Errors
/// When the journal cannot be read.
pub fn messages_after(
    connection: &Connection,
    after: i64,
    limit: usize,
) -> Result<Vec<Message>, Error> {
    let sql = format!("select {COLUMNS} from message where seq > ?1 order by seq limit ?2");
    let mut select = connection.prepare_cached(&sql)?;
    let rows = select.query_map(params![after, limit as i64], raw)?;
    rows.map(|row| parse(row?)).collect()
}

/// The latest messages, the oldest of them first, at most `limit`.
///
/// # Errors
/// When the journal cannot be read.
pub fn messages_last(connection: &Connection, limit: usize) -> Result<Vec<Message>, Error> {
    let sql = format!("select {COLUMNS} from message order by seq desc limit ?1");
    let mut select = connection.prepare_cached(&sql)?;
    let rows = select.query_map([limit.min(i64::MAX as usize) as i64], raw)?;
    let mut last: Vec<_> = rows.map(|row| parse(row?)).collect::<Result<_, _>>()?;
    last.reverse();
    Ok(last)
}

/// The message that a delivery carries.
///
/// # Errors
/// When the journal cannot be read.
pub fn original(connection: &Connection, delivery: DeliveryId) -> Result<Option<Message>, Error> {
    let sql = format!(
        "select {COLUMNS} from message where seq = (select message from delivery where id = ?1)"
    );
    let found =
        connection.prepare_cached(&sql)?.query_row([delivery.0.as_bytes()], raw).optional()?;
    found.map(parse).transpose()
}
