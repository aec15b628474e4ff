//! The way in: one message after the other, each acknowledged after it is durable.
//!
//! Deliberately one after the other: a withdrawal must not be accepted before the consent that came
//! ahead of it. And deliberately not given back when the hub cannot take anything: it would come
//! again at once, out of order, and each time nearer to its delivery limit. It is held, with what the
//! broker has sent ahead, and that is the back-pressure.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use lapin::{
    Channel, Connection, Consumer,
    message::Delivery,
    options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, BasicRejectOptions},
    types::FieldTable,
};
use luotsi_model::SystemId;
use luotsi_port::{Arrived, BoxFuture, Inbound, Intake, Taken};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    broker::{Broker, CONNECT_TIME_MAX, told},
    config::Consume,
    headers, topology,
};

/// Between two attempts to connect: from the first to the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Before a document is offered again that the hub could not take.
const OFFER_PAUSE: Duration = Duration::from_secs(1);
/// How often a link is looked at that says nothing.
const LOOK: Duration = Duration::from_secs(1);
/// How long an answer may take to be on its way to the broker.
const SETTLE_TIME_MAX: Duration = Duration::from_secs(10);

pub(crate) struct Consuming {
    system: SystemId,
    broker: Broker,
    from: Consume,
}

/// Why a consumer ended that was not told to.
struct Broken(String);

impl From<lapin::Error> for Broken {
    fn from(error: lapin::Error) -> Self {
        Self(told(&error))
    }
}

/// A consumer with all that it hangs on.
struct Link {
    connection: Connection,
    channel: Channel,
    consumer: Consumer,
}

impl Link {
    fn is_connected(&self) -> bool {
        self.connection.status().connected() && self.channel.status().connected()
    }

    /// What comes next. The stream of a consumer does not always end when its connection does.
    async fn next(&mut self) -> Result<Delivery, Broken> {
        loop {
            match timeout(LOOK, self.consumer.next()).await {
                Ok(next) => {
                    let ended = || Broken("the broker ended the consumer".into());
                    return Ok(next.ok_or_else(ended)??);
                }
                Err(_) if self.is_connected() => {}
                Err(_) => return Err(gone()),
            }
        }
    }
}

fn gone() -> Broken {
    Broken("the connection to the broker is gone".into())
}

/// Answers for a message, unless that takes too long.
async fn settled(answer: impl Future<Output = lapin::Result<bool>>) -> Result<(), Broken> {
    let answered = timeout(SETTLE_TIME_MAX, answer).await;
    answered.map_err(|_| Broken("the broker does not answer in time".into()))??;
    Ok(())
}

impl Consuming {
    pub(crate) const fn new(system: SystemId, broker: Broker, from: Consume) -> Self {
        Self { system, broker, from }
    }

    async fn supervise(&self, intake: &dyn Intake, stop: &CancellationToken) {
        let mut pause = PAUSE_FIRST;
        loop {
            let opened = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                opened = timeout(CONNECT_TIME_MAX, self.open()) => opened,
            };
            let late = || Err(Broken("the broker does not answer in time".into()));
            let ended = match opened.unwrap_or_else(|_| late()) {
                Ok(link) => {
                    tracing::info!(system = %self.system, queue = self.from.queue, "consuming");
                    let since = Instant::now();
                    let ended = self.consume(link, intake, stop).await;
                    // One that breaks as soon as it is there is not there.
                    pause = if since.elapsed() > PAUSE_MAX { PAUSE_FIRST } else { pause };
                    ended
                }
                Err(broken) => Err(broken),
            };
            let Err(Broken(why)) = ended else { return };
            tracing::warn!(system = %self.system, queue = self.from.queue, why, "not consuming");
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(pause) => {}
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn open(&self) -> Result<Link, Broken> {
        let name = format!("luotsi: intake of {}", self.system);
        let connection = self.broker.connect(&name).await.map_err(Broken)?;
        let channel = connection.create_channel().await?;
        topology::declare(&channel, &self.from).await.map_err(Broken)?;
        channel.basic_qos(self.from.prefetch, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions::default();
        let queue = self.from.queue.as_str().into();
        let consumer =
            channel.basic_consume(queue, "luotsi".into(), options, FieldTable::default()).await?;
        Ok(Link { connection, channel, consumer })
    }

    /// Takes what comes until told to stop. Then what was sent ahead goes back to its queue.
    async fn consume(
        &self,
        mut link: Link,
        intake: &dyn Intake,
        stop: &CancellationToken,
    ) -> Result<(), Broken> {
        loop {
            let next = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                next = link.next() => next,
            };
            let delivery = next?;
            if !self.settle(&link, delivery, intake, stop).await? {
                break;
            }
        }
        // Whether it says goodbye or hangs up: the broker takes back what is not acknowledged.
        let closing = async {
            let _ = link.channel.close(200, "stopping".into()).await;
            let _ = link.connection.close(200, "stopping".into()).await;
        };
        let _ = timeout(CONNECT_TIME_MAX, closing).await;
        Ok(())
    }

    /// Brings one message to its end; whether it came to one before `stop`.
    async fn settle(
        &self,
        link: &Link,
        mut delivery: Delivery,
        intake: &dyn Intake,
        stop: &CancellationToken,
    ) -> Result<bool, Broken> {
        let taken = match headers::read(&mut delivery) {
            Some(arrived) => self.offer(link, &arrived, intake, stop).await?,
            None => Some(no_id()),
        };
        match taken {
            Some(Taken::Accepted) => {
                settled(delivery.ack(BasicAckOptions::default())).await?;
            }
            Some(Taken::Refused { code, why }) => {
                tracing::warn!(
                    system = %self.system, queue = self.from.queue, code, why,
                    "refused: to the dead letters"
                );
                settled(delivery.reject(BasicRejectOptions { requeue: false })).await?;
            }
            Some(Taken::Later { .. }) | None => return Ok(false),
        }
        Ok(true)
    }

    /// Offers a document until the hub can take it; `None`: told to stop before.
    async fn offer(
        &self,
        link: &Link,
        arrived: &Arrived,
        intake: &dyn Intake,
        stop: &CancellationToken,
    ) -> Result<Option<Taken>, Broken> {
        loop {
            let why = match intake.take(arrived.clone()).await {
                Taken::Later { why } => why,
                settled => return Ok(Some(settled)),
            };
            tracing::warn!(system = %self.system, why, "held: the hub cannot take it now");
            tokio::select! {
                () = stop.cancelled() => return Ok(None),
                () = sleep(OFFER_PAUSE) => {}
            }
            if !link.is_connected() {
                // It comes again by a new connection.
                return Err(gone());
            }
        }
    }
}

fn no_id() -> Taken {
    Taken::Refused {
        code: "no-message-id",
        why: "it has neither message_id nor cloudEvents:id, so a repeat could not be told".into(),
    }
}

impl Inbound for Consuming {
    fn run(
        self: Arc<Self>,
        intake: Arc<dyn Intake>,
        stop: CancellationToken,
    ) -> BoxFuture<'static, ()> {
        Box::pin(async move { self.supervise(&*intake, &stop).await })
    }
}
