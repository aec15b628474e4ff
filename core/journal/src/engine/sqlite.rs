//! SQLite, in a file of this machine.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::Duration,
};

use rusqlite::{
    Connection, OpenFlags, OptionalExtension, ToSql,
    config::DbConfig,
    params_from_iter,
    types::{ToSqlOutput, ValueRef},
};

use super::{
    row::{Kind, Row},
    value::Value,
};
use crate::Error;

/// The writer's page cache.
const WRITER_CACHE_KIB: i64 = 8 * 1024;
/// How long somebody else may hold the file before a statement fails.
const BUSY: Duration = Duration::from_secs(10);
/// Statements kept prepared.
const STATEMENTS_MAX: usize = 64;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.to_string())
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null | Self::Other => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

pub(super) fn value(value: ValueRef<'_>) -> Value<'_> {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(_) => Value::Other,
        ValueRef::Text(bytes) => str::from_utf8(bytes).map_or(Value::Blob(bytes), Value::Text),
        ValueRef::Blob(bytes) => Value::Blob(bytes),
    }
}

/// Opens the file, making it where there is none.
pub(super) fn open(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path)?;
    // SQLite gives the -wal and -shm files the permissions of the database.
    let only_ours = Permissions::from_mode(0o600);
    fs::set_permissions(path, only_ours).map_err(|e| Error::Storage(e.to_string()))?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // A plan that looked at what is bound would be made anew at each binding. Conditions that an
    // index of some rows needs are written out in the statement.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(
        "pragma journal_mode = wal;
         pragma synchronous = full;
         pragma foreign_keys = on;
         pragma wal_autocheckpoint = 12000;
         pragma journal_size_limit = 67108864;",
    )?;
    Ok(connection)
}

pub(super) fn write_here(connection: &Connection) -> Result<(), Error> {
    // The writer's working set is the tails of the tables; readers keep SQLite's own 2 MB.
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    // What is overwritten is not to be found in the page's free space.
    connection.pragma_update(None, "secure_delete", true)?;
    Ok(())
}

/// Opens without writing a byte of the journal. With a write-ahead log beside it a hub runs, or was
/// killed: then SQLite's index of that log (`-shm`) is shared or made again. Without one the file is
/// taken as what never changes, so that it may lie on a disk that nobody can write to.
pub(super) fn beside(path: &Path) -> Result<Connection, Error> {
    if !path.is_file() {
        return Err(Error::Storage("there is no such file".into()));
    }
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = if Path::new(&log).exists() {
        Connection::open_with_flags(path, flags)?
    } else {
        let uri = format!("file:{}?immutable=1", escaped(path));
        Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?
    };
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(connection)
}

/// A path as it may stand in a URI.
fn escaped(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    path.as_os_str().as_encoded_bytes().iter().fold(String::new(), |text, byte| {
        if plain(*byte) {
            text + &char::from(*byte).to_string()
        } else {
            format!("{text}%{byte:02X}")
        }
    })
}

pub(super) fn execute(
    connection: &Connection,
    sql: &str,
    values: &[Value<'_>],
) -> Result<usize, Error> {
    Ok(connection.prepare_cached(sql)?.execute(params_from_iter(values))?)
}

/// The number that a statement answers with, or how many rows it changed.
pub(super) fn number(
    connection: &Connection,
    sql: &str,
    values: &[Value<'_>],
) -> Result<i64, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    if statement.column_count() == 0 {
        let changed = statement.execute(params_from_iter(values))?;
        return Ok(i64::try_from(changed).unwrap_or(i64::MAX));
    }
    // To its end: a statement that changes is done only then.
    let mut rows = statement.query(params_from_iter(values))?;
    let number = match rows.next()? {
        Some(row) => row.get(0)?,
        None => return Err(rusqlite::Error::QueryReturnedNoRows.into()),
    };
    while rows.next()?.is_some() {}
    Ok(number)
}

pub(super) fn first<T>(
    connection: &Connection,
    sql: &str,
    values: &[Value<'_>],
    read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let mut select = connection.prepare_cached(sql)?;
    let found = select.query_row(params_from_iter(values), |row| Ok(read(&Row(Kind::Sqlite(row)))));
    found.optional()?.transpose()
}

pub(super) fn all<T>(
    connection: &Connection,
    sql: &str,
    values: &[Value<'_>],
    mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query(params_from_iter(values))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(&Row(Kind::Sqlite(row)))?);
    }
    Ok(all)
}
