//! Which database the journal is in.

use std::path::{Path, PathBuf};

/// Where a journal is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Database {
    /// In a file of SQLite's.
    File(PathBuf),
}

impl Database {
    /// Whether there is something to be read.
    pub(crate) fn is_there(&self) -> bool {
        match self {
            Self::File(path) => path.exists(),
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
