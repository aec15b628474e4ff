//! Seals what a hub before this version kept in clear, once, at the first start.

use uuid::Uuid;

use super::{Cell, scrub};
use crate::{
    Error,
    engine::{Connection, params},
    session::Session,
};

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
    session.batch("vacuum")?;
    session.transact(|| {
        session.execute("delete from counter where name = 'sealed'", &[])?;
        scrub::owe(session)
    })?;
    Ok(count)
}

fn progress(connection: &Connection) -> Result<Option<i64>, Error> {
    connection.first("select value from counter where name = 'sealed'", &[], |row| row.get(0))
}

struct Message {
    seq: i64,
    id: [u8; 16],
    client: String,
    reference: Option<Vec<u8>>,
    record: Vec<u8>,
}

fn messages(session: &Session, after: i64) -> Result<Option<(i64, u64)>, Error> {
    session.transact(|| {
        let rows = clear(session, after)?;
        let Some(last) = rows.last().map(|row| row.seq) else { return Ok(None) };
        for row in rows.iter().filter(|row| Cell::key_of(&row.record).is_none()) {
            seal_message(session, row)?;
        }
        session.execute("update counter set value = ?1 where name = 'sealed'", params![last])?;
        Ok(Some((last, rows.len() as u64)))
    })
}

fn seal_message(session: &Session, row: &Message) -> Result<(), Error> {
    let cell = |column| Cell { column, row: row.id, version: 0, client: &row.client };
    let reference = row.reference.as_ref();
    let reference = reference.map(|text| session.seal(&cell(Cell::REFERENCE), text)).transpose()?;
    let record = session.seal(&cell(Cell::RECORD), &row.record)?;
    session.execute(
        "update message set reference = ?2, record = ?3 where seq = ?1",
        params![row.seq, reference, record],
    )?;
    Ok(())
}

fn clear(connection: &Connection, after: i64) -> Result<Vec<Message>, Error> {
    connection.all(
        "select seq, id, coalesce(envelope ->> '$.subject', ''), reference, record
         from message where seq > ?1 order by seq limit ?2",
        params![after, AT_ONCE],
        |row| {
            Ok(Message {
                seq: row.get(0)?,
                id: row.get(1)?,
                client: row.get(2)?,
                reference: row.bytes(3)?.map(<[u8]>::to_vec),
                record: row.get(4)?,
            })
        },
    )
}

/// Plans have no place in a sequence; one in clear begins as JSON does.
fn plans(session: &Session) -> Result<usize, Error> {
    session.transact(|| {
        let found: Vec<(String, String, u64, Vec<u8>)> = session.all(
            "select client, id, version, record from plan
             where substr(record, 1, 1) = x'7b' limit ?1",
            params![AT_ONCE],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        for (client, id, version, record) in &found {
            let row = Uuid::parse_str(id)
                .map_err(|_| Error::Row { table: "plan", why: "its id is no UUID".into() })?;
            let sealed = session.seal(&Cell::plan(row, *version, client), record)?;
            session.execute(
                "update plan set record = ?2 where client = ?1",
                params![client, sealed],
            )?;
        }
        Ok(found.len())
    })
}
