//! The schema's versions, applied in order, each once, in one transaction each.

use crate::{
    Error,
    engine::{Connection, Database, Dialect},
    keeper::Keeper,
    seal,
};

/// What a version changes, and what must be computed for the rows that are there already.
struct Migration {
    /// In SQLite's words; others' differ as `Dialect` says.
    sql: &'static str,
    /// What PostgreSQL needs beside.
    postgres: &'static str,
    compute: fn(&Connection) -> Result<(), Error>,
}

macro_rules! migration {
    ($name:literal) => {
        Migration {
            sql: include_str!(concat!("../migrations/", $name)),
            postgres: "",
            compute: |_| Ok(()),
        }
    };
    ($name:literal, postgres) => {
        Migration {
            postgres: include_str!(concat!("../migrations/postgres/", $name)),
            ..migration!($name)
        }
    };
}

const MIGRATIONS: &[Migration] = &[
    migration!("0001_journal.sql", postgres),
    Migration { compute: Keeper::plant, ..migration!("0002_audit.sql") },
    migration!("0003_directive_ref.sql"),
    migration!("0004_notices.sql"),
    migration!("0006_seal.sql", postgres),
    migration!("0007_recall.sql"),
    migration!("0008_held.sql"),
    migration!("0009_lanes.sql"),
    migration!("0010_subject.sql", postgres),
    migration!("0011_outbox.sql"),
];

/// The version that this hub writes.
pub(crate) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// The version of a database.
pub(crate) fn version(connection: &Connection) -> Result<i64, Error> {
    connection.schema_version()
}

/// Brings a database to this hub's version. Hubs that do it at once do it one after the other.
///
/// # Errors
/// [`Error::Schema`] for a database of a newer hub, and when the database fails.
pub(crate) fn run(connection: &Connection) -> Result<(), Error> {
    while step(connection)? {}
    Ok(())
}

/// One version on; whether there was one to go.
fn step(connection: &Connection) -> Result<bool, Error> {
    if version(connection)? == KNOWN {
        return Ok(false);
    }
    connection.transact(|| {
        // Asked again, now that nobody else changes it.
        let found = version(connection)?;
        let at = usize::try_from(found).ok().filter(|_| found <= KNOWN);
        let at = at.ok_or(Error::Schema { found, known: KNOWN })?;
        let Some(next) = MIGRATIONS.get(at) else { return Ok(false) };
        let dialect = connection.dialect();
        connection.batch(&dialect.schema(next.sql))?;
        if dialect == Dialect::Postgres {
            connection.batch(next.postgres)?;
        }
        (next.compute)(connection)?;
        connection.set_schema_version(found + 1)?;
        Ok(true)
    })
}

/// Makes a database ready to be served: a file is migrated, a server's database must have been.
///
/// # Errors
/// [`Error::Unmigrated`] when it was not.
pub(crate) fn ready(connection: &Connection) -> Result<(), Error> {
    match connection.dialect() {
        Dialect::Sqlite => run(connection),
        Dialect::Postgres => match version(connection)? {
            KNOWN => Ok(()),
            found => Err(Error::Unmigrated { found, known: KNOWN }),
        },
    }
}

/// Whether this hub can read a file that it must not migrate.
pub(crate) fn check(connection: &Connection) -> Result<(), Error> {
    match version(connection)? {
        0 => Err(Error::Storage("it is no journal".into())),
        KNOWN => Ok(()),
        found => Err(Error::Schema { found, known: KNOWN }),
    }
}

/// Brings a database to this hub's version, and takes away what an erasure left to its owner. Gives
/// the versions found and made.
///
/// # Errors
/// [`Error::Schema`] for a database of a newer hub, and when the database fails.
pub fn migrate(database: impl Into<Database>) -> Result<(i64, i64), Error> {
    let connection = Connection::open(&database.into())?;
    let found = version(&connection)?;
    run(&connection)?;
    if seal::due(&connection)? {
        seal::scrub(&connection)?;
    }
    Ok((found, KNOWN))
}
