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
mod engine;
mod error;
mod hand;
mod keeper;
mod migrate;
pub mod read;
mod rows;
mod seal;
mod session;
mod survey;
pub mod verify;
mod writer;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Semaphore;

pub use beside::{Beside, masters_of};
pub use engine::{Bind, Column, Connection, Database, Row, Server, Value};
pub use error::Error;
pub use hand::{Hand, Make, Step};
pub use migrate::migrate;
pub use rows::{
    Accounting, Entry, GroundEntry, Log, Lossy, NodeId, Phase, Pruning, RecallState, State,
};
pub use seal::{Key, KeyId, Masters};
pub use session::Session;
pub use survey::{Rights, Schema, Survey};

use command::{Command, Erase, Erased, Pends};
use hand::ByHand;
use keeper::Keeper;
use writer::{Alone, Deed, Writer};

/// How many queries run at once; each has a connection, and a connection has a cache.
const READERS_MAX: usize = 4;

/// The journal of one hub.
#[derive(Clone)]
pub struct Journal {
    way: Way,
    readers: Arc<Readers>,
    opened: Opened,
    outbox: Arc<AtomicU64>,
}

/// Who makes its steps.
#[derive(Clone)]
enum Way {
    /// Threads beside those of whoever asks.
    Apart(Writer),
    ByHand(ByHand),
}

/// What opening the journal came to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Opened {
    /// Messages that stood in clear and were sealed.
    pub sealed: u64,
    /// Clients' keys that were wrapped anew, under the current master key.
    pub rewrapped: u64,
    /// Master keys that were given and wrap nothing here.
    pub spare: Vec<KeyId>,
}

struct Readers {
    database: Database,
    masters: Arc<Masters>,
    idle: Mutex<Vec<Session>>,
    turns: Semaphore,
}

impl Journal {
    /// Opens the journal, making and migrating its file where needed. What stands in clear is
    /// sealed, and what an earlier master key wraps is wrapped anew, before this returns.
    ///
    /// # Errors
    /// When the database cannot be opened, was made by a newer hub, its disclosure log does not end
    /// as the hub left it, or it needs a master key that was not given.
    pub fn open(database: impl Into<Database>, masters: Masters) -> Result<Self, Error> {
        Self::open_for(database, masters, None)
    }

    /// The same, for a hub that shares it with others and tells them of what it writes: each delivery
    /// that is to be looked at gets a row in the outbox.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_for(
        database: impl Into<Database>,
        masters: Masters,
        teller: Option<NodeId>,
    ) -> Result<Self, Error> {
        let apart = |session, keeper| Writer::start(session, keeper).map(Way::Apart);
        Self::opened_as(database.into(), masters, teller, apart)
    }

    /// The same, with no thread of its own: each step is made by `hand`.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn by_hand(
        database: impl Into<Database>,
        masters: Masters,
        teller: Option<NodeId>,
        hand: Arc<dyn Hand>,
    ) -> Result<Self, Error> {
        let by_hand =
            |session, keeper| Ok(Way::ByHand(ByHand::new(hand, Alone::new(session, keeper))));
        Self::opened_as(database.into(), masters, teller, by_hand)
    }

    fn opened_as(
        database: Database,
        masters: Masters,
        teller: Option<NodeId>,
        way: impl FnOnce(Session, Keeper) -> Result<Way, Error>,
    ) -> Result<Self, Error> {
        let connection = Connection::serving(&database)?;
        connection.write_here()?;
        migrate::ready(&connection)?;
        connection.sign()?;
        let is_shared = teller.is_some() || connection.dialect().is_shared();
        // Of one moment: another hub may be appending.
        let keeper = connection.at_once(|| Keeper::open(&connection, is_shared))?;
        let masters = Arc::new(masters);
        let session = Session::new(connection, masters.clone());
        let opened = unlock(&session)?;
        let readers = Readers {
            database,
            masters,
            idle: Mutex::new(Vec::new()),
            turns: Semaphore::new(READERS_MAX),
        };
        let outbox = session.outbox();
        let way = way(session.told_by(teller), keeper)?;
        Ok(Self { way, readers: Arc::new(readers), opened, outbox })
    }

    /// Another number whenever this hub has put something into the outbox, once that is committed.
    pub fn outbox_moves(&self) -> u64 {
        self.outbox.load(Ordering::Acquire)
    }

    /// Closes it for everybody who has it, and waits until its file is closed, at most so long; whether it
    /// is. The last connection that is closed takes SQLite's write-ahead log into the file. Nobody waits for
    /// a server, nor where there is no thread.
    pub fn close(&self, wait_max: Duration) -> bool {
        self.readers.turns.close();
        if let Ok(mut idle) = self.readers.idle.lock() {
            idle.clear();
        }
        match (&self.way, &self.readers.database) {
            (Way::ByHand(_), _) => true,
            (Way::Apart(writer), Database::Server(_)) => {
                writer.close(Duration::ZERO);
                true
            }
            (Way::Apart(writer), Database::File(_)) => writer.close(wait_max),
        }
    }

    /// What opening it came to.
    pub const fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Erases a client's keys, and whatever copy of them the write-ahead log holds. Goes on to its end
    /// when nobody waits for it any more.
    ///
    /// # Errors
    /// When it could not be committed, or the log is still in use: then ask again.
    pub async fn erase(&self, erase: Erase) -> Result<Result<Erased, Pends>, Error> {
        let journal = self.clone();
        let run = async move {
            let done = journal.write(erase).await?;
            journal
                .apart(|session| if seal::due(session)? { seal::scrub(session) } else { Ok(()) })
                .await?;
            Ok(done)
        };
        tokio::spawn(run).await.map_err(|_| Error::Stopped)?
    }

    /// Applies one command and replies when it is durable.
    ///
    /// # Errors
    /// When it could not be committed: then nothing of it was.
    pub async fn write<C: Command>(&self, command: C) -> Result<C::Reply, Error> {
        self.write_then(command, |_| {}).await
    }

    /// The same, and does `then` with the reply before anybody gets it: whether or not the asker still
    /// waits, and in the order of the commits. The writer does it, so it must be short.
    ///
    /// # Errors
    /// When it could not be committed: then nothing of it was, and `then` was not done.
    pub async fn write_then<C: Command>(
        &self,
        command: C,
        then: impl FnOnce(&C::Reply) + Send + 'static,
    ) -> Result<C::Reply, Error> {
        let deed = Deed::of(command, then);
        match &self.way {
            Way::Apart(writer) => writer.submit(deed).await,
            Way::ByHand(by_hand) => by_hand.write(deed).await,
        }
    }

    /// Runs one query, which sees the journal of one moment, off the runtime's threads or by hand.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn read<T, F>(&self, query: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Session) -> Result<T, Error> + Send + 'static,
    {
        self.apart(|session| session.at_once(query)).await
    }

    /// Off the runtime's threads, on a connection that is not the writer's.
    async fn apart<T, F>(&self, job: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Session) -> Result<T, Error> + Send + 'static,
    {
        let readers = self.readers.clone();
        if let Way::ByHand(by_hand) = &self.way {
            return by_hand.read(move || readers.with(job)).await;
        }
        let _turn = self.readers.turns.acquire().await.map_err(|_| Error::Stopped)?;
        let run = move || readers.with(job);
        tokio::task::spawn_blocking(run).await.map_err(|_| Error::Stopped)?
    }

    /// Runs one query, which sees the journal of one moment, on this thread: for the command line,
    /// where nobody waits beside.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn read_now<T>(
        &self,
        query: impl FnOnce(&Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.readers.with(|session| session.at_once(query))
    }
}

impl Readers {
    fn with<T>(&self, job: impl FnOnce(&Session) -> Result<T, Error>) -> Result<T, Error> {
        let idle = self.idle.lock().ok().and_then(|mut idle| {
            idle.retain(|session| !session.is_lost());
            idle.pop()
        });
        let session = match idle {
            Some(session) => session,
            None => Session::new(Connection::serving(&self.database)?, self.masters.clone()),
        };
        let answer = job(&session);
        if session.is_lost() {
            return answer;
        }
        if let Ok(mut idle) = self.idle.lock()
            && idle.len() < READERS_MAX
            && !self.turns.is_closed()
        {
            idle.push(session);
        }
        answer
    }
}

/// Brings the keys and what they seal to where this hub wants them.
fn unlock(session: &Session) -> Result<Opened, Error> {
    let rewrapped = seal::take_up(session)?;
    let sealed = seal::seal_all(session)?;
    if seal::due(session)? {
        seal::scrub(session)?;
    }
    let spare = session.masters().ids().skip(1).collect();
    Ok(Opened { sealed, rewrapped, spare })
}
