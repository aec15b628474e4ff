//! Takes the write-ahead log away, in which what was overwritten in the database still stands.

use crate::Error;
use crate::engine::Connection;

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

/// Moves the log into the database and cuts it to nothing.
///
/// # Errors
/// When somebody reads all the while, and when the database fails; it is then still owed.
pub(crate) fn scrub(connection: &Connection) -> Result<(), Error> {
    let busy: bool = connection.one("pragma wal_checkpoint(truncate)", &[], |row| row.get(0))?;
    if busy {
        return Err(Error::Storage("its write-ahead log is in use and cannot be cut".into()));
    }
    connection.execute("delete from counter where name = 'scrub'", &[])?;
    Ok(())
}
