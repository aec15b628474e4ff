//! The way out: one persistent, mandatory message with a confirm.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use lapin::{
    Channel, Confirmation, Connection,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};
use luotsi_consent::Permitted;
use luotsi_port::{BoxFuture, Outbound, Outgoing, Receipt, SendError};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use crate::{
    broker::{Broker, CONNECT_TIME_MAX, look_for_exchange, told},
    config::Publish,
    headers,
};

/// How long a broker may take to confirm. One that is alive and well needs milliseconds.
const CONFIRM_TIME_MAX: Duration = Duration::from_secs(5);
/// Between two attempts to connect: from the first to the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Channels that are kept for later.
const IDLE_MAX: usize = 64;

pub(crate) struct Publishing {
    broker: Broker,
    to: Publish,
    line: Mutex<Line>,
}

/// The one connection, or why there is none and when to try again.
struct Line {
    link: Option<Arc<Link>>,
    why: String,
    pause: Duration,
    not_before: Instant,
}

struct Link {
    connection: Connection,
    /// Each carries one message at a time: a return does not say which publish it is about, so
    /// between two under way nobody could tell.
    idle: std::sync::Mutex<Vec<Channel>>,
}

impl Publishing {
    pub(crate) fn new(broker: Broker, to: Publish) -> Self {
        let line =
            Line { link: None, why: String::new(), pause: PAUSE_FIRST, not_before: Instant::now() };
        Self { broker, to, line: Mutex::new(line) }
    }

    /// The connection, made anew if it broke.
    async fn link(&self) -> Result<Arc<Link>, String> {
        let mut line = self.line.lock().await;
        if let Some(link) = line.link.take_if(|link| !link.connection.status().connected()) {
            drop(link);
        }
        if let Some(link) = &line.link {
            return Ok(link.clone());
        }
        if Instant::now() < line.not_before {
            return Err(line.why.clone());
        }
        let opened = timeout(CONNECT_TIME_MAX, self.open()).await;
        match opened.unwrap_or_else(|_| Err("the broker does not answer in time".into())) {
            Ok(link) => {
                line.pause = PAUSE_FIRST;
                Ok(line.link.insert(Arc::new(link)).clone())
            }
            Err(why) => {
                line.not_before = Instant::now() + line.pause;
                line.pause = (line.pause * 2).min(PAUSE_MAX);
                line.why.clone_from(&why);
                Err(why)
            }
        }
    }

    async fn open(&self) -> Result<Link, String> {
        let connection = self.broker.connect("luotsi: deliveries").await?;
        let channel = confirming(&connection).await?;
        look_for_exchange(&channel, &self.to.exchange).await?;
        Ok(Link { connection, idle: std::sync::Mutex::new(vec![channel]) })
    }

    /// Throws the connection away: nobody knows what became of what is on it.
    async fn give_up(&self, link: &Arc<Link>) {
        let mut line = self.line.lock().await;
        line.link.take_if(|kept| Arc::ptr_eq(kept, link));
    }

    async fn publish(&self, channel: &Channel, parcel: &Outgoing) -> Result<(), SendError> {
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let (exchange, key) = (self.to.exchange.as_str().into(), self.to.routing_key.as_str());
        let properties = headers::of(parcel);
        let sent = channel.basic_publish(exchange, key.into(), options, &parcel.body, properties);
        let broke = |e: lapin::Error| SendError::retry(told(&e));
        match sent.await.map_err(broke)?.await.map_err(broke)? {
            Confirmation::Ack(None) => Ok(()),
            // Confirmed and returned: the broker has seen it, and has put it nowhere.
            Confirmation::Ack(Some(_)) => {
                Err(SendError::retry("the broker has no queue for it: it came back"))
            }
            Confirmation::Nack(_) => Err(SendError::retry("the broker could not keep it")),
            Confirmation::NotRequested => Err(SendError::retry("the broker confirms nothing")),
        }
    }
}

impl Link {
    async fn channel(&self) -> Result<Channel, String> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(channel) => Ok(channel),
            None => confirming(&self.connection).await,
        }
    }

    /// Keeps a channel on which nothing is under way.
    fn keep(&self, channel: Channel) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if channel.status().connected() && idle.len() < IDLE_MAX {
            idle.push(channel);
        }
    }

    fn is_blocked(&self) -> bool {
        self.connection.status().blocked()
    }
}

async fn confirming(connection: &Connection) -> Result<Channel, String> {
    let channel = connection.create_channel().await.map_err(|e| told(&e))?;
    channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(|e| told(&e))?;
    Ok(channel)
}

/// A memory or disk alarm: it reads nothing until that is over.
fn blocked() -> SendError {
    SendError::unreached("the broker takes nothing now: it has raised an alarm")
}

impl Outbound for Publishing {
    fn deliver(&self, parcel: Permitted<Outgoing>) -> BoxFuture<'_, Result<Receipt, SendError>> {
        Box::pin(async move {
            let (parcel, _) = parcel.release();
            let link = self.link().await.map_err(SendError::unreached)?;
            if link.is_blocked() {
                return Err(blocked());
            }
            let opened = timeout(CONFIRM_TIME_MAX, link.channel()).await;
            let Ok(channel) = opened else {
                self.give_up(&link).await;
                return Err(SendError::unreached("the broker does not answer in time"));
            };
            let channel = channel.map_err(SendError::unreached)?;
            match timeout(CONFIRM_TIME_MAX, self.publish(&channel, &parcel)).await {
                Ok(outcome) => {
                    link.keep(channel);
                    outcome.map(|()| Receipt { answer: "confirmed".into() })
                }
                // One that is blocked says so from now on, and stays: a new one would not know.
                Err(_) if link.is_blocked() => Err(SendError::retry("the broker raised an alarm")),
                Err(_) => {
                    self.give_up(&link).await;
                    Err(SendError::retry("the broker did not confirm in time"))
                }
            }
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move {
            let link = self.link().await.map_err(SendError::unreached)?;
            if link.is_blocked() { Err(blocked()) } else { Ok(()) }
        })
    }
}
