//! The journal read from beside: a copy, or the file of a hub that runs. Nothing is written.

use std::sync::Arc;

use crate::{
    Error, Masters,
    engine::{Connection, Database},
    migrate,
    seal::{self, KeyId},
    session::Session,
};

/// A journal open for reading only.
pub struct Beside(Session);

impl Beside {
    /// Opens a journal, whose payloads open by `masters`.
    ///
    /// # Errors
    /// When there is no such database, it is no journal, was made by a hub of another version, or
    /// needs a master key that was not given.
    pub fn open(database: impl Into<Database>, masters: Masters) -> Result<Self, Error> {
        let connection = Connection::beside(&database.into())?;
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

/// The master keys that a journal needs; none where there is no journal yet, or one that was never
/// sealed.
///
/// # Errors
/// When it cannot be read.
pub fn masters_of(database: impl Into<Database>) -> Result<Vec<KeyId>, Error> {
    let database = database.into();
    if !database.is_there() {
        return Ok(Vec::new());
    }
    let connection = Connection::beside(&database)?;
    let is_sealed = connection.has_table("master")?;
    if is_sealed { seal::needed(&connection) } else { Ok(Vec::new()) }
}
