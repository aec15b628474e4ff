//! Questions about the checkpoints of the disclosure log.

use crate::engine::Connection;
use crate::{Error, keeper, session::Session};

/// The latest checkpoint: its signed note.
///
/// # Errors
/// When the journal cannot be read.
pub fn checkpoint(connection: &Connection) -> Result<Option<String>, Error> {
    connection
        .first("select note from checkpoint order by size desc limit 1", &[], |row| row.get(0))
}

/// Whether the disclosure log ends where its tree does, as it must for anything to be disclosed.
///
/// # Errors
/// [`Error::Log`] when it does not, and when the journal cannot be read.
pub fn log_ends(connection: &Session) -> Result<(), Error> {
    // One statement, so that both are of one moment.
    let (last, size) = connection.one(
        "select coalesce(max(seq), 0), (select size from tree) from disclosure",
        &[],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    keeper::ends_at(last, size)
}
