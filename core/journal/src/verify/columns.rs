//! The columns by which entries are found must say what the entries say: else a report could leave
//! out an entry that is whole.

use jiff::Timestamp;
use luotsi_model::MessageId;
use rusqlite::{Connection, OptionalExtension, types::Value};
use serde::Deserialize;

use super::{finding::Wrong, scan::Row};
use crate::{Error, Pruning};

/// What of an entry stands in columns as well.
#[derive(Deserialize)]
struct Told<'e> {
    phase: &'e str,
    at: Timestamp,
    #[serde(default)]
    client: Option<String>,
    #[serde(default)]
    message: Option<MessageId>,
}

/// What a row's entry comes to.
pub(super) enum Read {
    /// Its columns agree; a pruning tells what it pruned.
    Agrees(Option<Pruning>),
    /// Something does not.
    Wrong(Wrong),
}

/// Compares a row's columns with its entry, which is known to be as it was appended.
pub(super) fn compare(connection: &Connection, row: &Row) -> Result<Read, Error> {
    let Ok(told) = serde_json::from_slice::<Told<'_>>(&row.entry) else {
        return Ok(Read::Wrong(Wrong::Unreadable));
    };
    if row.at != Value::Integer(told.at.as_microsecond()) {
        return Ok(Read::Wrong(Wrong::Column("at")));
    }
    // As `advance::log` writes it.
    let by_client = told.phase != "outcome" || row.message == Value::Null;
    let client = told.client.filter(|_| by_client).map_or(Value::Null, Value::Text);
    if row.client != client {
        return Ok(Read::Wrong(Wrong::Column("client")));
    }
    if !same_message(connection, row, told.message)? {
        return Ok(Read::Wrong(Wrong::Column("message")));
    }
    if told.phase != "prune" {
        return Ok(Read::Agrees(None));
    }
    Ok(match serde_json::from_slice(&row.entry) {
        Ok(pruning) => Read::Agrees(Some(pruning)),
        Err(_) => Read::Wrong(Wrong::Unreadable),
    })
}

/// Whether the row points to the message that the entry names. A message that is gone can be
/// pointed to by nobody but the entries that name it, so there only a null is wrong.
fn same_message(
    connection: &Connection,
    row: &Row,
    named: Option<MessageId>,
) -> Result<bool, Error> {
    let Some(named) = named else { return Ok(row.message == Value::Null) };
    if row.message_id != Value::Null {
        return Ok(row.message_id == Value::Blob(named.0.as_bytes().to_vec()));
    }
    let there: Option<i64> = connection
        .prepare_cached("select seq from message where id = ?1")?
        .query_row([named.0.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(there.is_none())
}
