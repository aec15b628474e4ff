//! The one writer: takes commands from a queue, applies as many as wait in one transaction, commits
//! with one fsync, and only then replies.
//!
//! Several hubs may have a writer each on one server: whoever begins holds the writers' lock.
//!
//! A command that fails spoils the group, so the group is rolled back and each command is applied
//! again in a transaction of its own: one bad command costs its neighbours time, never their data.

use std::{
    any::Any,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};

use crate::{
    Error,
    command::Command,
    keeper::{Found, Grown, Keeper},
    session::Session,
};

/// Commands that may wait; more are turned away, which the sender sees as *try again*.
const QUEUE_MAX: usize = 8192;
/// From this many commands in one transaction on, the next one waits a little for more.
const BUSY_FROM: usize = 8;
/// How long. Every commit rewrites the last page of each table and index, so a few large commits
/// write far less than many small ones; a lone command is never held up.
const GATHER: Duration = Duration::from_micros(2000);
/// Commands in one transaction: beyond this, waiting costs more than an fsync saves.
const GROUP_MAX: usize = 512;

/// Between two questions for what became of a commit.
const ASKED_AGAIN: Duration = Duration::from_millis(50);

#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::WeakSender<Box<dyn Job>>,
    open: Arc<Mutex<Open>>,
}

/// What there is of a writer while its journal is open.
struct Open {
    /// The only one that lasts; `None`: it was closed.
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    /// Hears when its thread ends.
    ended: Receiver<()>,
}

/// A writer without a thread: what it commits is a group by itself.
pub(crate) struct Alone {
    session: Session,
    keeper: Keeper,
}

impl Alone {
    pub(crate) const fn new(session: Session, keeper: Keeper) -> Self {
        Self { session, keeper }
    }

    pub(crate) fn commit<R>(&mut self, deed: &mut Deed<R>) -> Result<(), Error> {
        // Nobody waits behind it, so a question for its fate ends where it begins.
        let (_, mut nobody) = mpsc::channel(1);
        let group = std::slice::from_mut(&mut deed.job);
        let found = Found::begin(&self.session)?;
        commit(&self.session, &mut self.keeper, found, group, &mut nobody)?;
        deed.job.reply(None);
        Ok(())
    }
}

impl Writer {
    pub(crate) fn start(mut connection: Session, keeper: Keeper) -> Result<Self, Error> {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let backfill = connection.backfill_beside()?;
        let (tell, ended) = channel::<()>();
        let work = move || {
            run(&connection, keeper, jobs);
            // Before the connection: the last one that is closed takes the log away with it.
            drop(backfill);
            drop(connection);
            drop(tell);
        };
        std::thread::Builder::new()
            .name("journal-writer".into())
            .spawn(work)
            .map_err(|e| Error::Storage(e.to_string()))?;
        let weak = queue.downgrade();
        Ok(Self { queue: weak, open: Arc::new(Mutex::new(Open { queue: Some(queue), ended })) })
    }

    /// Takes nothing more, and waits until what was taken is done and the connection closed, at most so
    /// long; whether it is.
    pub(crate) fn close(&self, wait_max: Duration) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.queue = None;
        open.ended.recv_timeout(wait_max) == Err(RecvTimeoutError::Disconnected)
    }

    pub(crate) async fn submit<R>(&self, deed: Deed<R>) -> Result<R, Error> {
        let Deed { job, answer } = deed;
        let queue = self.queue.upgrade().ok_or(Error::Stopped)?;
        queue.try_send(job).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => Error::Busy,
            mpsc::error::TrySendError::Closed(_) => Error::Stopped,
        })?;
        answer.await.map_err(|_| Error::Stopped)?
    }
}

/// A command to be done, and where its reply comes.
pub(crate) struct Deed<R> {
    job: Box<dyn Job>,
    answer: oneshot::Receiver<Result<R, Error>>,
}

impl<R: Send + 'static> Deed<R> {
    pub(crate) fn of<C: Command<Reply = R>>(
        command: C,
        then: impl FnOnce(&R) + Send + 'static,
    ) -> Self {
        let (reply, answer) = oneshot::channel();
        let tell = move |outcome: Result<R, Error>| {
            if let Ok(outcome) = &outcome {
                then(outcome);
            }
            // The asker may have gone; what is committed is committed.
            let _ = reply.send(outcome);
        };
        let job = Submitted { command, outcome: None, tell: Some(Box::new(tell)) };
        Self { job: Box::new(job), answer }
    }

    /// What came of one that has been committed.
    pub(crate) fn outcome(mut self) -> Result<R, Error> {
        self.answer.try_recv().map_err(|_| Error::Stopped)?
    }
}

/// A command with its reply, the type of which the writer need not know.
trait Job: Any + Send {
    /// Applies it, and others of its type after it.
    fn apply(&mut self, alike: Vec<&mut dyn Job>, connection: &Session) -> Result<(), Error>;
    /// Replies with what `apply` gave, or with `error` when the commit failed.
    fn reply(&mut self, error: Option<Error>);
}

struct Submitted<C: Command> {
    command: C,
    outcome: Option<C::Reply>,
    tell: Option<Tell<C::Reply>>,
}

type Tell<R> = Box<dyn FnOnce(Result<R, Error>) + Send>;

impl<C: Command> Job for Submitted<C> {
    fn apply(&mut self, alike: Vec<&mut dyn Job>, connection: &Session) -> Result<(), Error> {
        let alike = alike.into_iter().filter_map(|job| (job as &mut dyn Any).downcast_mut());
        let all: Vec<&mut Self> = std::iter::once(self).chain(alike).collect();
        let commands: Vec<&C> = all.iter().map(|job| &job.command).collect();
        let outcomes = C::apply_all(&commands, connection)?;
        for (job, outcome) in all.into_iter().zip(outcomes) {
            job.outcome = Some(outcome);
        }
        Ok(())
    }

    fn reply(&mut self, error: Option<Error>) {
        let answer = match (error, self.outcome.take()) {
            (None, Some(outcome)) => Ok(outcome),
            (Some(error), _) => Err(error),
            (None, None) => Err(Error::Stopped),
        };
        if let Some(tell) = self.tell.take() {
            tell(answer);
        }
    }
}

fn run(connection: &Session, mut keeper: Keeper, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    let mut busy = false;
    while let Some(first) = jobs.blocking_recv() {
        group.push(first);
        // Where others write as well, waiting for them gathers enough.
        if busy && !connection.dialect().is_shared() {
            std::thread::sleep(GATHER);
        }
        let found = match Found::begin(connection) {
            Ok(found) => found,
            Err(error) => {
                group.drain(..).for_each(|mut job| job.reply(Some(error.clone())));
                continue;
            }
        };
        while group.len() < GROUP_MAX {
            let Ok(job) = jobs.try_recv() else { break };
            group.push(job);
        }
        busy = group.len() >= BUSY_FROM;
        match commit(connection, &mut keeper, found, &mut group, &mut jobs) {
            Ok(()) => group.drain(..).for_each(|mut job| job.reply(None)),
            // None of it was committed, and alone none of it could be.
            Err(error) if connection.is_lost() => {
                group.drain(..).for_each(|mut job| job.reply(Some(error.clone())));
            }
            Err(_) => group.drain(..).for_each(|mut job| {
                let alone = std::slice::from_mut(&mut job);
                let found = Found::begin(connection);
                let outcome = found
                    .and_then(|found| commit(connection, &mut keeper, found, alone, &mut jobs));
                job.reply(outcome.err());
            }),
        }
    }
}

/// Applies and commits a group in the transaction that has begun, and finds out what became of it where
/// the answer was lost.
fn commit(
    connection: &Session,
    keeper: &mut Keeper,
    found: Result<Found, Error>,
    group: &mut [Box<dyn Job>],
    jobs: &mut mpsc::Receiver<Box<dyn Job>>,
) -> Result<(), Error> {
    let mut grown = keeper.clone();
    let mut done = transact(connection, &mut grown, found, group);
    if done.is_err() && connection.is_in_doubt() && was_made(connection, jobs) {
        done = Ok(true);
    }
    let has_told = done?;
    // The tree at hand moves with the one in the database, or not at all.
    *keeper = grown;
    if has_told {
        connection.has_told();
    }
    Ok(())
}

/// Whether other hubs are to be told of something in it.
fn transact(
    connection: &Session,
    keeper: &mut Keeper,
    found: Result<Found, Error>,
    group: &mut [Box<dyn Job>],
) -> Result<bool, Error> {
    let applied = apply(connection, group).and_then(|()| match connection.logged() {
        none if none.is_empty() => Ok(Grown::default()),
        leaves => keeper.seal_after(connection, found, leaves),
    });
    let telling = connection.telling();
    let committed = applied.and_then(|grown| {
        let steps = telling.step().into_iter().chain(grown.steps());
        connection.commit_with(&steps.collect::<Vec<_>>())
    });
    if committed.is_err() {
        drop(connection.logged());
        connection.roll_back();
    }
    committed.map(|numbers| telling.has_told(&numbers))
}

/// Whether the commit in doubt was made. Whoever asks for something meanwhile is told that it cannot
/// be had; only when the journal is closed is the question left open, and the group told as failed.
fn was_made(connection: &Session, jobs: &mut mpsc::Receiver<Box<dyn Job>>) -> bool {
    loop {
        if let Some(made) = connection.fate() {
            return made;
        }
        while let Ok(mut job) = jobs.try_recv() {
            job.reply(Some(Error::Storage("the server is away".into())));
        }
        if jobs.is_closed() {
            return false;
        }
        std::thread::sleep(ASKED_AGAIN);
    }
}

fn apply(connection: &Session, group: &mut [Box<dyn Job>]) -> Result<(), Error> {
    let mut left: Vec<&mut dyn Job> = group.iter_mut().map(|job| &mut **job).collect();
    // Nobody waits for one of a group before asking for another, so any order of its commands is one in
    // which they may have come; those of one type keep theirs.
    while !left.is_empty() {
        let first = left.remove(0);
        let kind = (*first).type_id();
        let (alike, others) = left.into_iter().partition(|job| (**job).type_id() == kind);
        first.apply(alike, connection)?;
        left = others;
    }
    Ok(())
}
