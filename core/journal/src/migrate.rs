//! The schema's versions, applied in order, each once, in one transaction each.

use rusqlite::Connection;

use crate::Error;

const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_journal.sql"),
    include_str!("../migrations/0003_directive_ref.sql"),
];

pub(crate) fn run(connection: &mut Connection) -> Result<(), Error> {
    let found: i64 = connection.query_row("pragma user_version", [], |row| row.get(0))?;
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(Error::Schema { found, known });
    }
    for (at, sql) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let tx = connection.transaction()?;
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", at as i64 + 1)?;
        tx.commit()?;
    }
    Ok(())
}
