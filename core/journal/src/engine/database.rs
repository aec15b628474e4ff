//! Which database the journal is in.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::postgres::Server;
use crate::Error;

/// Where a journal is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Database {
    /// In a file of SQLite's.
    File(PathBuf),
    /// On a PostgreSQL server.
    Server(Server),
}

impl Database {
    /// The database of a `postgres://…` URL.
    ///
    /// # Errors
    /// [`Error::Url`] when it cannot be used, or would let others listen. Tells no part of it.
    pub fn of_url(url: &str) -> Result<Self, Error> {
        Server::parse(url).map(Self::Server)
    }

    /// Whether there is something to be read.
    pub fn is_there(&self) -> bool {
        match self {
            Self::File(path) => path.exists(),
            Self::Server(_) => true,
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(server) => server.fmt(f),
        }
    }
}

impl From<&Path> for Database {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&PathBuf> for Database {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl From<&Self> for Database {
    fn from(database: &Self) -> Self {
        database.clone()
    }
}
