//! Seals what a hub before this version kept in clear, once, at the first start.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{Cell, scrub};
use crate::{Error, session::Session};

/// Rows sealed in one transaction.
const AT_ONCE: i64 = 500;

/// Seals everything that stands in clear; gives how many messages. Taken up again where a crash left
/// it. At the end the file is written anew, since its free pages hold what was in clear.
pub(crate) fn seal_all(session: &Session) -> Result<u64, Error> {
    let Some(mut after) = progress(session)? else { return Ok(0) };
    let mut count = 0;
    while let Some((last, sealed)) = messages(session, after)? {
        (after, count) = (last, count + sealed);
    }
    while plans(session)? > 0 {}
    session.execute_batch("vacuum")?;
    let done = session.unchecked_transaction()?;
    done.execute("delete from counter where name = 'sealed'", [])?;
    scrub::owe(&done)?;
    done.commit()?;
    Ok(count)
}

fn progress(connection: &Connection) -> Result<Option<i64>, Error> {
    let mut select = connection.prepare("select value from counter where name = 'sealed'")?;
    Ok(select.query_row([], |row| row.get(0)).optional()?)
}

struct Message {
    seq: i64,
    id: [u8; 16],
    client: String,
    reference: Option<Vec<u8>>,
    record: Vec<u8>,
}

fn messages(session: &Session, after: i64) -> Result<Option<(i64, u64)>, Error> {
    let transaction = session.unchecked_transaction()?;
    let rows = clear(session, after)?;
    let Some(last) = rows.last().map(|row| row.seq) else { return Ok(None) };
    let mut update =
        session.prepare_cached("update message set reference = ?2, record = ?3 where seq = ?1")?;
    for row in rows.iter().filter(|row| Cell::key_of(&row.record).is_none()) {
        let cell = |column| Cell { column, row: row.id, version: 0, client: &row.client };
        let reference = row.reference.as_ref();
        let reference =
            reference.map(|text| session.seal(&cell(Cell::REFERENCE), text)).transpose()?;
        let record = session.seal(&cell(Cell::RECORD), &row.record)?;
        update.execute(params![row.seq, reference, record])?;
    }
    session.execute("update counter set value = ?1 where name = 'sealed'", [last])?;
    transaction.commit()?;
    Ok(Some((last, rows.len() as u64)))
}

fn clear(connection: &Connection, after: i64) -> Result<Vec<Message>, Error> {
    let mut select = connection.prepare_cached(
        "select seq, id, coalesce(envelope ->> '$.subject', ''), reference, record
         from message where seq > ?1 order by seq limit ?2",
    )?;
    let rows = select.query_map([after, AT_ONCE], |row| {
        Ok(Message {
            seq: row.get(0)?,
            id: row.get(1)?,
            client: row.get(2)?,
            reference: row.get_ref(3)?.as_bytes_or_null()?.map(<[u8]>::to_vec),
            record: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Plans have no place in a sequence; one in clear begins as JSON does.
fn plans(session: &Session) -> Result<usize, Error> {
    let transaction = session.unchecked_transaction()?;
    let found = {
        let mut select = session.prepare_cached(
            "select client, id, version, record from plan where substr(record, 1, 1) = x'7b' limit ?1",
        )?;
        let rows = select.query_map([AT_ONCE], |row| {
            Ok((
                row.get(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, u64>(2)?,
                row.get::<_, Vec<u8>>(3)?,
            ))
        })?;
        rows.collect::<Result<Vec<(String, _, _, _)>, _>>()?
    };
    for (client, id, version, record) in &found {
        let row = Uuid::parse_str(id)
            .map_err(|_| Error::Row { table: "plan", why: "its id is no UUID".into() })?;
        let cell = Cell::plan(row, *version, client);
        let sealed = session.seal(&cell, record)?;
        session
            .execute("update plan set record = ?2 where client = ?1", params![client, sealed])?;
    }
    transaction.commit()?;
    Ok(found.len())
}
