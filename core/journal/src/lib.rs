//! The durable truth: messages, deliveries, directives, the plan, the disclosure log.
//!
//! One writer thread groups commands into one transaction and one fsync; a command's reply is
//! given after the commit, so *accepted* means *durable*. Readers have connections of their own.
//!
//! All SQL lives here. Deliberately absent: what the steps mean and in which order they go (that
//! is flow's), and any decision about consent: the journal only refuses an intent whose permit was
//! decided on directives that have changed since.
//!
//! The disclosure log is append-only and provable: every entry is a leaf of a Merkle tree that grows
//! in the same transaction, and [`verify`] checks the whole of it from a copy of the file.

mod beside;
pub mod command;
mod error;
mod keeper;
mod migrate;
pub mod read;
mod rows;
pub mod verify;
mod writer;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use rusqlite::Connection;
use tokio::sync::Semaphore;

pub use beside::Beside;
pub use error::Error;
pub use rows::{Accounting, Entry, GroundEntry, Log, Lossy, Phase, Pruning, State};

use command::Command;
use keeper::Keeper;
use writer::Writer;

/// How many queries run at once; each has a connection, and a connection has a cache.
const READERS_MAX: usize = 4;
/// The writer's page cache.
const WRITER_CACHE_KIB: i64 = 8 * 1024;

/// The journal of one hub.
#[derive(Clone)]
pub struct Journal {
    writer: Writer,
    readers: Arc<Readers>,
}

struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    turns: Semaphore,
}

impl Journal {
    /// Opens the journal at `path`, making and migrating it where needed.
    ///
    /// # Errors
    /// When the file cannot be opened, was made by a newer hub, or its disclosure log does not end
    /// as the hub left it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut connection = connect(path)?;
        // The writer's working set is the tails of the tables; readers keep SQLite's own 2 MB.
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        migrate::run(&mut connection)?;
        let keeper = Keeper::open(&connection)?;
        let readers = Readers {
            path: path.to_owned(),
            idle: Mutex::new(Vec::new()),
            turns: Semaphore::new(READERS_MAX),
        };
        Ok(Self { writer: Writer::start(connection, keeper)?, readers: Arc::new(readers) })
    }

    /// Applies one command and replies when it is durable.
    ///
    /// # Errors
    /// When it could not be committed: then nothing of it was.
    pub async fn write<C: Command>(&self, command: C) -> Result<C::Reply, Error> {
        self.writer.submit(command).await
    }

    /// Runs one query off the runtime's threads.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn read<T, F>(&self, query: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let readers = self.readers.clone();
        let _turn = self.readers.turns.acquire().await.map_err(|_| Error::Stopped)?;
        let run = move || readers.with(query);
        tokio::task::spawn_blocking(run).await.map_err(|_| Error::Stopped)?
    }

    /// Runs one query on this thread: for the command line, where nobody waits beside.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn read_now<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.readers.with(query)
    }
}

impl Readers {
    fn with<T>(&self, query: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.path)?,
        };
        let answer = query(&connection);
        if let Ok(mut idle) = self.idle.lock()
            && idle.len() < READERS_MAX
        {
            idle.push(connection);
        }
        answer
    }
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path)?;
    // SQLite gives the -wal and -shm files the permissions of the database.
    let only_ours = Permissions::from_mode(0o600);
    fs::set_permissions(path, only_ours).map_err(|e| Error::Storage(e.to_string()))?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(
        "pragma journal_mode = wal;
         pragma synchronous = full;
         pragma foreign_keys = on;
         pragma wal_autocheckpoint = 12000;
         pragma journal_size_limit = 67108864;",
    )?;
    Ok(connection)
}
