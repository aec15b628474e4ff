//! What can go wrong with the journal.

/// Why a command was not committed or a query not answered. Holds no client data.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// The database failed: disk full, file gone, locked by another hub.
    #[error("the journal's database failed: {0}")]
    Storage(String),
    /// More commands wait than the writer may hold: try again.
    #[error("the journal is taking in more than it can commit")]
    Busy,
    /// The journal has been closed.
    #[error("the journal is closed")]
    Stopped,
    /// The file was made by a newer hub.
    #[error(
        "the journal has schema version {found}, this hub knows up to {known}; \
         {}", if found > known {
            "start the newer hub, or restore a journal of this version"
        } else {
            "start this version's hub on it once, or on a copy"
        }
    )]
    Schema {
        /// The file's version.
        found: i64,
        /// This hub's version.
        known: i64,
    },
    /// The database is not at this hub's version, and is not this hub's to change.
    #[error(
        "the journal's database has schema version {found}, this hub needs {known}; \
         {}", if found > known {
            "start the newer hub"
        } else {
            "run `luotsi migrate` as the role that owns the tables"
        }
    )]
    Unmigrated {
        /// The database's version; 0: it has none.
        found: i64,
        /// This hub's version.
        known: i64,
    },
    /// A database's URL cannot be used. Tells no part of it.
    #[error("database.url cannot be used: {0}")]
    Url(&'static str),
    /// The disclosure log is not as the hub wrote it.
    #[error(
        "the disclosure log does not hold at entry {seq}: {why}; look with `luotsi audit verify`, \
         keep this data folder as evidence, and go on from a backup that verifies"
    )]
    Log {
        /// The first entry that does not hold.
        seq: u64,
        /// Why.
        why: &'static str,
    },
    /// A master key that wraps a client's key was not given.
    #[error(
        "the payloads' keys are wrapped under a master key that was not given: {0}; put it back \
         among the master keys (its line in the key file); without it the payloads stay unreadable"
    )]
    Master(String),
    /// The keys cannot be used.
    #[error("the journal's keys cannot be used: {0}")]
    Keys(&'static str),
    /// A row that this hub cannot read.
    #[error("a row of {table} is not readable: {why}")]
    Row {
        /// The table.
        table: &'static str,
        /// Why, without its content.
        why: String,
    },
}

impl Error {
    /// A row whose JSON does not fit.
    pub(crate) fn row(table: &'static str, error: &serde_json::Error) -> Self {
        Self::Row { table, why: format!("{:?}", error.classify()) }
    }
}
