//! The columns by which entries are found must say what the entries say: else a report could leave
//! out an entry that is whole.

use jiff::Timestamp;
use luotsi_model::MessageId;
use serde::Deserialize;

use super::{
    finding::Wrong,
    scan::{Found, Row},
};
use crate::{
    Error, Pruning,
    engine::{Connection, Dialect, params},
};

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
    if row.at != Found::Integer(told.at.as_microsecond()) {
        return Ok(Read::Wrong(Wrong::Column("at")));
    }
    // As `advance::log` writes it.
    let by_client = told.phase != "outcome" || row.message == Found::Null;
    let client = told.client.filter(|_| by_client).map_or(Found::Null, Found::Text);
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
    let Some(named) = named else { return Ok(row.message == Found::Null) };
    if row.message_id != Found::Null {
        return Ok(row.message_id == Found::Blob(named.0.as_bytes().to_vec()));
    }
    let there: Option<i64> = connection.first(
        "select seq from message where id = ?1",
        params![named.0.as_bytes()],
        |row| row.get(0),
    )?;
    Ok(there.is_none())
}

/// The first entry that an index leaves out, and the column of that index: a report made by it
/// would not tell of the entry, though the entry is whole.
pub(super) fn left_out(connection: &Connection) -> Result<Vec<(u64, &'static str)>, Error> {
    // An index of a server's is out of reach of whoever may change its rows by SQL; amcheck is the
    // server's own way to look at one.
    if connection.dialect() == Dialect::Postgres {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for column in ["client", "message"] {
        let index = format!("disclosure_{column}");
        let is_there = "select count(*) from sqlite_schema where type = 'index' and name = ?1";
        if connection.one(is_there, params![index], |row| row.get::<i64>(0))? == 0 {
            // Without an index the rows themselves are read.
            continue;
        }
        let sql = format!(
            "select min(seq) from (
               select seq, {column} from disclosure not indexed where {column} is not null
               except
               select seq, {column} from disclosure indexed by {index}
               where {column} is not null)"
        );
        let first: Option<i64> = connection.one(&sql, &[], |row| row.get(0))?;
        found.extend(first.map(|seq| (u64::try_from(seq).unwrap_or(0), column)));
    }
    Ok(found)
}
