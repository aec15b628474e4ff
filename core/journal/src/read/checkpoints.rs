//! Questions about the checkpoints of the disclosure log.

use rusqlite::{Connection, OptionalExtension};

use crate::Error;

/// The latest checkpoint: its signed note.
///
/// # Errors
/// When the journal cannot be read.
pub fn checkpoint(connection: &Connection) -> Result<Option<String>, Error> {
    let mut select =
        connection.prepare_cached("select note from checkpoint order by size desc limit 1")?;
    Ok(select.query_row([], |row| row.get(0)).optional()?)
}
