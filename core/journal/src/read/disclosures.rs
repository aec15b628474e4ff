//! Questions about the disclosure log.

use std::collections::HashSet;

use jiff::Timestamp;
use luotsi_model::ClientRef;

use crate::{
    Entry, Error, Phase,
    engine::{Connection, Value, params},
};

fn parse(body: &str) -> Result<Entry, Error> {
    serde_json::from_str(body).map_err(|e| Error::row("disclosure", &e))
}

fn entries(connection: &Connection, sql: &str, with: &[Value<'_>]) -> Result<Vec<Entry>, Error> {
    connection.all(sql, with, |row| parse(row.text(0)?))
}

/// A message's entries, in order.
///
/// # Errors
/// When the journal cannot be read.
pub fn trail(connection: &Connection, message: i64) -> Result<Vec<Entry>, Error> {
    entries(
        connection,
        "select entry from disclosure where message = ?1 order by seq",
        params![message],
    )
}

/// A client's intents, refusals and waits from `from` up to but without `to`, and what became of
/// those intents, whenever that was; in order.
///
/// # Errors
/// When the journal cannot be read.
pub fn of_client(
    connection: &Connection,
    client: &ClientRef,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Entry>, Error> {
    let mut entries = entries(
        connection,
        "with own as (select seq, message from disclosure
                      where client = ?1 and at >= ?2 and at < ?3)
         select entry from disclosure
         where seq in (select seq from own union
                       select d.seq from disclosure d join own on d.message = own.message
                       where d.client is null)
         order by seq",
        params![client.as_str(), from.as_microsecond(), to.as_microsecond()],
    )?;
    let attempt = |entry: &Entry| (entry.delivery, entry.attempt);
    let intents: HashSet<_> =
        entries.iter().filter(|e| e.phase == Phase::Intent).map(attempt).collect();
    entries.retain(|e| e.phase != Phase::Outcome || intents.contains(&attempt(e)));
    Ok(entries)
}

/// The latest intent of every delivery that is being sent.
///
/// # Errors
/// When the journal cannot be read.
pub fn open_intents(connection: &Connection) -> Result<Vec<Entry>, Error> {
    let mut open = entries(
        connection,
        "select entry from disclosure
         where message in (select message from delivery where state = 2)
           and entry like '{\"phase\":\"intent\"%' order by seq desc",
        &[],
    )?;
    let sending: HashSet<[u8; 16]> = connection
        .all("select id from delivery where state = 2", &[], |row| row.get(0))?
        .into_iter()
        .collect();
    let mut seen = HashSet::new();
    open.retain(|entry| {
        entry.delivery.is_some_and(|id| sending.contains(id.0.as_bytes()) && seen.insert(id))
    });
    Ok(open)
}
