//! Posting: connections taking turns until the load is over.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    connection::{Connection, Failure},
    error::Error,
    pace::{Pace, Turn},
    request::Request,
    target::Target,
    wall_us,
};

/// Rest after a connection was refused: a hub that restarts must not meet a storm, nor use up the
/// load.
const RECONNECT: Duration = Duration::from_millis(100);

/// A status, or why there was none.
pub type Outcome = Result<u16, Failure>;

/// One message posted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shot {
    /// The number in its id.
    pub number: u32,
    /// When it was posted, or should have been in an open loop, in µs since 1970.
    pub due_us: u64,
    /// From then to the answer, in µs.
    pub answer_us: u32,
    /// What came of it.
    pub outcome: Outcome,
}

impl Shot {
    /// Whether the hub took the message on.
    #[must_use]
    pub const fn acked(&self) -> bool {
        matches!(self.outcome, Ok(200..=299))
    }
}

/// When messages are posted, and how many.
#[derive(Clone, Copy)]
pub struct Course {
    /// Most messages posted.
    pub count: u32,
    /// Longest time of posting, in a closed loop.
    pub duration: Option<Duration>,
    /// Messages a second in an open loop; `None` is a closed loop.
    pub rate: Option<f64>,
}

/// A load to post.
#[derive(Clone)]
pub struct Volley {
    /// Where to.
    pub target: Target,
    /// What, each message with its own ids.
    pub request: Request,
    /// Number of the first message.
    pub first: u32,
    /// Clients to rotate over.
    pub clients: u32,
    /// The client of message 0.
    pub clients_from: u32,
    /// Lanes to rotate over.
    pub lanes: u32,
    /// Connections, each with one request in flight.
    pub connections: u32,
    /// Longest wait for one answer.
    pub timeout: Duration,
}

impl Volley {
    /// Connects, then posts; no message waits for a connection to be made for the first time.
    ///
    /// # Errors
    /// [`Error::Io`] when the hub cannot be reached at all.
    pub async fn shoot(&self, course: Course) -> Result<Vec<Shot>, Error> {
        let connections = self.connect().await?;
        let wall = wall_us();
        let pace = match course.rate {
            Some(rate) => Pace::open(course.count, rate, self.connections),
            None => Pace::closed(course.count, course.duration),
        };
        let mut workers = JoinSet::new();
        for connection in connections {
            let volley = self.clone();
            let pace = Arc::clone(&pace);
            workers.spawn(async move { volley.work(connection, &pace, wall).await });
        }
        Ok(workers.join_all().await.concat())
    }

    async fn connect(&self) -> Result<Vec<Connection>, Error> {
        let mut connections = Vec::new();
        for _ in 0..self.connections {
            let opened = Connection::open(self.target.address).await;
            let what = || format!("connecting to {}", self.target.authority);
            connections.push(opened.map_err(|why| Error::io(what(), why))?);
        }
        Ok(connections)
    }

    async fn work(mut self, connection: Connection, pace: &Pace, wall: u64) -> Vec<Shot> {
        let mut line = Some(connection);
        let mut shots = Vec::new();
        while let Some(Turn { index, due }) = pace.turn().await {
            let number = self.first + index;
            let outcome = self.post(&mut line, number).await;
            let answer_us = micros(due.elapsed());
            let due_us = wall + (due - pace.begun()).as_micros() as u64;
            shots.push(Shot { number, due_us, answer_us, outcome });
            if outcome == Err(Failure::Connect) {
                sleep(RECONNECT).await;
            }
        }
        shots
    }

    async fn post(&mut self, line: &mut Option<Connection>, number: u32) -> Outcome {
        let client = (self.clients_from + number) % self.clients;
        let request = self.request.address(number, client, number % self.lanes);
        let exchange = async {
            let mut connection = match line.take() {
                Some(connection) => connection,
                None => {
                    let opened = Connection::open(self.target.address).await;
                    opened.map_err(|_| Failure::Connect)?
                }
            };
            let answer = connection.exchange(request).await?;
            if answer.reusable {
                *line = Some(connection);
            }
            Ok(answer.status)
        };
        timeout(self.timeout, exchange).await.unwrap_or(Err(Failure::Timeout))
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}
