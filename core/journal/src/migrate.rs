//! The schema's versions, applied in order, each once, in one transaction each.

use crate::{Error, engine::Connection, keeper::Keeper};

/// What a version changes, and what must be computed for the rows that are there already.
type Migration = (&'static str, fn(&Connection) -> Result<(), Error>);

const MIGRATIONS: &[Migration] = &[
    (include_str!("../migrations/0001_journal.sql"), |_| Ok(())),
    (include_str!("../migrations/0002_audit.sql"), Keeper::plant),
    (include_str!("../migrations/0003_directive_ref.sql"), |_| Ok(())),
    (include_str!("../migrations/0004_notices.sql"), |_| Ok(())),
    (include_str!("../migrations/0006_seal.sql"), |_| Ok(())),
    (include_str!("../migrations/0007_recall.sql"), |_| Ok(())),
    (include_str!("../migrations/0008_held.sql"), |_| Ok(())),
];

/// The version that this hub writes.
pub(crate) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// The version of a database.
pub(crate) fn version(connection: &Connection) -> Result<i64, Error> {
    connection.schema_version()
}

pub(crate) fn run(connection: &Connection) -> Result<(), Error> {
    let found = version(connection)?;
    if found > KNOWN {
        return Err(Error::Schema { found, known: KNOWN });
    }
    for (at, (sql, compute)) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        connection.transact(|| {
            connection.batch(sql)?;
            compute(connection)?;
            connection.set_schema_version(at as i64 + 1)
        })?;
    }
    Ok(())
}

/// Whether this hub can read a file that it must not migrate.
pub(crate) fn check(connection: &Connection) -> Result<(), Error> {
    match version(connection)? {
        0 => Err(Error::Storage("it is no journal".into())),
        KNOWN => Ok(()),
        found => Err(Error::Schema { found, known: KNOWN }),
    }
}
