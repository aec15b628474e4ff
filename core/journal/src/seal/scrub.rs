//! Takes away where what was overwritten in the database still stands: the write-ahead log, or old
//! versions of rows.

use crate::{
    Error,
    engine::{Connection, Dialect},
};

/// Notes, with the change that makes it so, that the log must go. A crash before it went is made good
/// at the next start.
pub(crate) fn owe(connection: &Connection) -> Result<(), Error> {
    connection.execute("insert into counter values ('scrub', 1) on conflict do nothing", &[])?;
    Ok(())
}

/// Whether the log still has to go.
pub(crate) fn due(connection: &Connection) -> Result<bool, Error> {
    let found: Option<i64> =
        connection
            .first("select value from counter where name = 'scrub'", &[], |row| row.get(0))?;
    Ok(found.is_some())
}

/// Takes away what still stands somewhere of what was overwritten: SQLite's write-ahead log goes into
/// the database and is cut to nothing; PostgreSQL writes the table of keys anew, which only its owner
/// may have it do, so elsewhere it stays owed until `luotsi migrate`.
///
/// # Errors
/// When somebody reads all the while, and when the database fails; it is then still owed.
pub(crate) fn scrub(connection: &Connection) -> Result<(), Error> {
    match connection.dialect() {
        Dialect::Sqlite => {
            let busy: bool =
                connection.one("pragma wal_checkpoint(truncate)", &[], |row| row.get(0))?;
            if busy {
                return Err(Error::Storage(
                    "its write-ahead log is in use and cannot be cut".into(),
                ));
            }
        }
        Dialect::Postgres => {
            let owns = "select 1 from pg_tables where schemaname = current_schema()
                        and tablename = 'client_key' and pg_has_role(tableowner, 'member')";
            if connection.first(owns, &[], |_| Ok(()))?.is_none() {
                tracing::warn!("an erased key is overwritten; old copies go with: luotsi migrate");
                return Ok(());
            }
            connection.batch("vacuum full client_key")?;
        }
    }
    connection.execute("delete from counter where name = 'scrub'", &[])?;
    Ok(())
}
