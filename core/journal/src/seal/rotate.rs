//! Takes up the master keys: finds that none is missing, and wraps anew what an earlier one wrapped.

use super::{
    data_key::{ERASED, rewrap},
    master::{KeyId, Masters, WRAPPED_LEN},
    scrub,
};
use crate::{
    Error,
    engine::{Connection, Row, params},
    session::Session,
};

/// Keys wrapped anew in one transaction.
const AT_ONCE: usize = 500;

struct Wrapped {
    seq: i64,
    client: String,
    n: u32,
    master: KeyId,
    wrapped: [u8; WRAPPED_LEN],
}

/// The master keys that may still wrap something here.
pub(crate) fn needed(connection: &Connection) -> Result<Vec<KeyId>, Error> {
    connection.all("select id from master order by id", &[], |row| row.get(0))
}

/// Whether every key that is needed was given.
pub(crate) fn holds_all(masters: &Masters, needed: &[KeyId]) -> Result<(), Error> {
    let missing = needed.iter().filter(|id| masters.ids().all(|given| given != **id));
    let names: Vec<_> = missing.map(ToString::to_string).collect();
    if names.is_empty() { Ok(()) } else { Err(Error::Master(names.join(", "))) }
}

/// Takes up the master keys given. Gives how many data keys were wrapped anew. A crash between two
/// stretches leaves keys under both master keys, both of which are then still needed.
///
/// # Errors
/// [`Error::Master`] when one that is needed was not given: then nothing was changed.
pub(crate) fn take_up(session: &Session) -> Result<u64, Error> {
    let (needed, current) = (needed(session)?, session.masters().current());
    holds_all(session.masters(), &needed)?;
    session.execute("insert into master values (?1) on conflict do nothing", params![current])?;
    if needed.iter().all(|id| *id == current) {
        return Ok(0);
    }
    let (mut after, mut count) = (0, 0);
    while let Some((last, wrapped)) = stretch(session, after)? {
        (after, count) = (last, count + wrapped);
    }
    session.transact(|| {
        session.execute("delete from master where id <> ?1", params![current])?;
        scrub::owe(session)
    })?;
    Ok(count)
}

/// One stretch: the last row looked at, and how many were wrapped anew; `None` at the end.
fn stretch(session: &Session, after: i64) -> Result<Option<(i64, u64)>, Error> {
    session.transact(|| {
        let rows = rows(session, after)?;
        let Some(last) = rows.last().map(|row| row.seq) else { return Ok(None) };
        let current = session.masters().current();
        let mut count = 0;
        for row in rows.iter().filter(|row| row.master != current && row.wrapped != ERASED) {
            let named = (row.client.as_str(), row.n, row.master);
            let Some(wrapped) = rewrap(session.masters(), named, &row.wrapped)? else {
                // Its payloads do not open under the old key either.
                tracing::error!(key = row.seq, "a client's key does not unwrap: it was changed");
                continue;
            };
            count += session.execute(
                "update client_key set master = ?2, wrapped = ?3 where seq = ?1",
                params![row.seq, current, wrapped],
            )? as u64;
        }
        Ok(Some((last, count)))
    })
}

fn rows(connection: &Connection, after: i64) -> Result<Vec<Wrapped>, Error> {
    let read = |row: &Row<'_>| {
        Ok(Wrapped {
            seq: row.get(0)?,
            client: row.get(1)?,
            n: row.get(2)?,
            master: row.get(3)?,
            wrapped: row.get(4)?,
        })
    };
    connection.all("select seq, client, n, master, wrapped from client_key where seq > ?1 order by seq limit ?2", params![after, AT_ONCE as i64], read)
}
