//! The bare pieces: what PostgreSQL and RabbitMQ do on this machine with nothing between them.
//!
//! For each message the rows that a hub writes, of the same sizes, in its three commits (accepted,
//! about to be sent, sent) or all in one; between the first and the second a publish to a quorum queue
//! with its confirm, and its consumption. Group commit is allowed to it as it is to the hub: whatever
//! waits goes into one transaction, its statements sent in one go, on one connection.
//!
//! Deliberately absent: indexes but primary keys, order, retries, idempotency, encryption, HTTP.

mod queue;
mod store;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use serde::Serialize;
use tokio::{sync::mpsc, task::JoinSet};

use crate::{error::Error, options::BareOptions, spread::Spread};
use store::{Step, Store};

/// What the bare pieces did.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Bare {
    /// Messages.
    pub count: u32,
    /// Messages under way at once.
    pub concurrency: u32,
    /// Commits a message was in.
    pub commits: u8,
    /// Whether each was published, confirmed and consumed on the way.
    pub is_published: bool,
    /// From the first to the last, in s.
    pub seconds: f64,
    /// Messages a second.
    pub per_second: f64,
    /// One message, from its beginning to its last commit.
    pub end_to_end: Option<Spread>,
    /// Transactions committed.
    pub transactions: u64,
}

impl fmt::Display for Bare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, concurrency, commits, seconds, per_second, transactions, .. } = self;
        let queue = if self.is_published { "published, confirmed, consumed" } else { "no queue" };
        writeln!(f, "bare        {count}, {concurrency} at once, {commits} commits each, {queue}")?;
        writeln!(
            f,
            "done        in {seconds:.2} s, {per_second:.0}/s, {transactions} transactions"
        )?;
        self.end_to_end.map_or(Ok(()), |spread| writeln!(f, "end to end  {spread}"))
    }
}

/// Runs the bare pieces.
///
/// # Errors
/// [`Error::Piece`] when one of them fails.
pub async fn measure(options: &BareOptions) -> Result<Bare, Error> {
    let store = Store::open(&options.database).await?;
    let queue = match &options.amqp {
        Some(url) => Some(Arc::new(queue::Queue::open(url).await?)),
        None => None,
    };
    let pieces = Arc::new(Pieces { store, queue, commits: options.commits });
    drive(&pieces, options.warmup, options.concurrency, 0).await?;
    let (begun, before) = (Instant::now(), pieces.store.transactions());
    let waits = drive(&pieces, options.count, options.concurrency, options.warmup).await?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Bare {
        count: options.count,
        concurrency: options.concurrency,
        commits: options.commits,
        is_published: options.amqp.is_some(),
        seconds,
        per_second: f64::from(options.count) / seconds.max(1e-6),
        end_to_end: Spread::of(waits),
        transactions: pieces.store.transactions() - before,
    })
}

struct Pieces {
    store: Store,
    queue: Option<Arc<queue::Queue>>,
    commits: u8,
}

impl Pieces {
    /// One message to its end.
    async fn one(&self, number: u32) -> Result<(), Error> {
        let number = i64::from(number) + 1;
        let first = if self.commits == 1 { Step::All } else { Step::Accept };
        self.store.commit(first, number).await?;
        if let Some(queue) = &self.queue {
            queue.through(number).await?;
        }
        if self.commits == 1 {
            return Ok(());
        }
        self.store.commit(Step::Intent, number).await?;
        self.store.commit(Step::Outcome, number).await
    }
}

/// Takes `count` messages through, `concurrency` at once; how long each took, in µs.
async fn drive(
    pieces: &Arc<Pieces>,
    count: u32,
    concurrency: u32,
    first: u32,
) -> Result<Vec<u32>, Error> {
    let next = Arc::new(AtomicU32::new(0));
    let (told, mut waits) = mpsc::unbounded_channel();
    let mut workers = JoinSet::new();
    for _ in 0..concurrency {
        let (pieces, next, told) = (pieces.clone(), next.clone(), told.clone());
        workers.spawn(async move {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= count {
                    return Ok(());
                }
                let begun = Instant::now();
                pieces.one(first + index).await?;
                let _ = told.send(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
        });
    }
    drop(told);
    while let Some(ended) = workers.join_next().await {
        ended.map_err(|why| Error::piece("a worker", why.to_string()))??;
    }
    let mut all = Vec::new();
    while let Some(wait) = waits.recv().await {
        all.push(wait);
    }
    Ok(all)
}
