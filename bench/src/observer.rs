//! Asks a sink over HTTP what arrived, and waits until everything has.

use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};

use crate::{
    connection::{Connection, Failure},
    error::Error,
    register::{Arrival, Stats},
    target::Target,
};

const POLL: Duration = Duration::from_millis(20);
const ANSWER: Duration = Duration::from_secs(30);

/// A sink, seen from the load.
pub struct Observer {
    target: Target,
}

impl Observer {
    /// Of the sink at `target`; the path does not matter.
    #[must_use]
    pub const fn new(target: Target) -> Self {
        Self { target }
    }

    /// The sink's counts.
    ///
    /// # Errors
    /// [`Error::Sink`] when it does not tell.
    pub async fn stats(&self) -> Result<Stats, Error> {
        self.get("/stats").await
    }

    /// Every id that arrived.
    ///
    /// # Errors
    /// [`Error::Sink`] when it does not tell.
    pub async fn arrivals(&self) -> Result<Vec<Arrival>, Error> {
        self.get("/ids").await
    }

    /// Waits until there are `goal` different ids, and says whether it came to that before nothing
    /// new had come for `patience`.
    ///
    /// # Errors
    /// [`Error::Sink`] when it does not tell.
    pub async fn reached(&self, goal: u64, patience: Duration) -> Result<bool, Error> {
        let (mut have, mut moved) = (0, Instant::now());
        loop {
            let now = self.stats().await?.distinct;
            if now > have {
                (have, moved) = (now, Instant::now());
            }
            if have >= goal || moved.elapsed() >= patience {
                return Ok(have >= goal);
            }
            sleep(POLL).await;
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: &'static str) -> Result<T, Error> {
        let body = timeout(ANSWER, fetch(&self.target.at(path))).await;
        let body = body.unwrap_or(Err(Failure::Timeout)).map_err(|why| Error::sink(path, why))?;
        serde_json::from_slice(&body)
            .map_err(|why| Error::Sink { what: path, why: why.to_string() })
    }
}

async fn fetch(target: &Target) -> Result<Vec<u8>, Failure> {
    let mut connection = Connection::open(target.address).await.map_err(|_| Failure::Connect)?;
    let request = format!("GET {} HTTP/1.1\r\nhost: {}\r\n\r\n", target.path, target.authority);
    connection.exchange(request.as_bytes()).await?;
    Ok(connection.body().to_vec())
}
