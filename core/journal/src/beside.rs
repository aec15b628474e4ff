//! The journal read from beside: a copy, or the file of a hub that runs. Nothing is written.

use std::{path::Path, sync::Arc};

use rusqlite::{Connection, OpenFlags};

use crate::{
    Error, Masters, migrate,
    seal::{self, KeyId},
    session::Session,
};

/// A journal open for reading only.
pub struct Beside(Session);

impl Beside {
    /// Opens the journal at `path`, whose payloads open by `masters`.
    ///
    /// # Errors
    /// When there is no such file, it is no journal, was made by a hub of another version, or needs a
    /// master key that was not given.
    pub fn open(path: &Path, masters: Masters) -> Result<Self, Error> {
        let connection = connect(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        migrate::check(&connection)?;
        seal::holds_all(&masters, &seal::needed(&connection)?)?;
        Ok(Self(Session::new(connection, Arc::new(masters))))
    }

    /// Runs one query.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn read<T>(&self, query: impl FnOnce(&Session) -> Result<T, Error>) -> Result<T, Error> {
        self.0.at_once(query)
    }
}

/// The master keys that the journal at `path` needs; none where there is no journal yet, or one that
/// was never sealed.
///
/// # Errors
/// When it cannot be read.
pub fn masters_of(path: &Path) -> Result<Vec<KeyId>, Error> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let connection = connect(path)?;
    let found = "select 1 from sqlite_master where type = 'table' and name = 'master'";
    let is_sealed = connection.prepare(found)?.exists([])?;
    if is_sealed { seal::needed(&connection) } else { Ok(Vec::new()) }
}

/// Opens without writing a byte of the journal. With a write-ahead log beside it a hub runs, or was
/// killed: then SQLite's index of that log (`-shm`) is shared or made again. Without one the file is
/// taken as what never changes, so that it may lie on a disk that nobody can write to.
pub(crate) fn connect(path: &Path) -> Result<Connection, Error> {
    if !path.is_file() {
        return Err(Error::Storage("there is no such file".into()));
    }
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if Path::new(&log).exists() {
        return Ok(Connection::open_with_flags(path, flags)?);
    }
    let uri = format!("file:{}?immutable=1", escaped(path));
    Ok(Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?)
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
