//! The bus over RabbitMQ, where there is one, and a look at it from outside.

use std::sync::atomic::{AtomicU32, Ordering};

use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{
        BasicAckOptions, BasicGetOptions, BasicPublishOptions, ExchangeDeleteOptions,
        QueueDeclareOptions, QueueDeleteOptions,
    },
    types::FieldTable,
};
use luotsi_bus::broker::{Broker, Condition, Heard, Hearing, Hint, Receipt, Settings};
use luotsi_model::{Sensitive, SystemId};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Ear, Told, Transport, soon};

/// A hub's end at a broker, with names that no other test has.
pub(crate) struct OverRabbitMq {
    pub(crate) broker: Broker,
    pub(crate) at: At,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Names at a broker.
#[derive(Clone)]
pub(crate) struct At {
    pub(crate) url: String,
    pub(crate) prefix: String,
}

pub(crate) fn lane(name: &str) -> SystemId {
    SystemId::new(name)
}

pub(crate) fn hints(name: &str, places: &[i64]) -> Vec<Hint> {
    places.iter().map(|place| Hint { lane: lane(name), place: *place }).collect()
}

impl At {
    /// At the broker that `tests/run` has started, if it has.
    pub(crate) fn new() -> Option<Self> {
        Some(Self::of(luotsi_tests::broker::url()?))
    }

    pub(crate) fn of(url: String) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { url, prefix: format!("malli-bus-{}-{nth}", std::process::id()) }
    }

    pub(crate) fn settings(&self) -> Settings {
        let url = Sensitive::new(self.url.clone());
        Settings::new(&url, &self.prefix).expect("settings that can be used")
    }

    pub(crate) fn start(&self, lanes: &[&str]) -> OverRabbitMq {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let lanes = lanes.iter().map(|name| lane(name));
        let broker = Broker::start(self.settings(), lanes, stop.clone(), &tasks);
        OverRabbitMq { broker, at: self.clone(), stop, tasks }
    }

    pub(crate) fn queue(&self, lane: &str) -> String {
        format!("{}.lane.{lane}", self.prefix)
    }

    pub(crate) fn dead(&self) -> String {
        format!("{}.dead", self.prefix)
    }

    /// Another's connection to the broker.
    pub(crate) async fn outside(&self) -> Outside {
        let connection = Connection::connect(&self.url, ConnectionProperties::default()).await;
        let connection = connection.expect("a broker");
        let channel = connection.create_channel().await.expect("a channel");
        Outside { _connection: connection, channel }
    }

    /// Deletes what was declared.
    pub(crate) async fn clear(&self, lanes: &[&str]) {
        let outside = self.outside().await;
        for queue in lanes.iter().map(|lane| self.queue(lane)).chain([self.dead()]) {
            outside.delete(&queue).await;
        }
        for exchange in [format!("{}.lanes", self.prefix), self.dead()] {
            let options = ExchangeDeleteOptions::default();
            let deleted = outside.channel.exchange_delete(exchange.as_str().into(), options);
            deleted.await.expect("an answer");
        }
    }
}

impl OverRabbitMq {
    /// Waits until the condition is such a one.
    pub(crate) async fn is(&self, what: &str, such: impl Fn(&Condition) -> bool) -> Condition {
        let mut conditions = self.broker.conditions();
        soon(what, conditions.wait_for(such)).await.expect("a broker").clone()
    }

    pub(crate) async fn is_ready(&self) {
        self.is("the broker is ready", |condition| *condition == Condition::Ready).await;
    }

    /// Announces until the broker has confirmed all of them.
    pub(crate) async fn insist(&self, lane: &str, places: &[i64]) {
        let announcing = async {
            let mut open = places.to_vec();
            while !open.is_empty() {
                self.is_ready().await;
                let confirmed = self.broker.announce(hints(lane, &open)).await;
                open.retain(|place| !confirmed.contains(place));
            }
        };
        soon("a confirm", announcing).await;
    }

    /// Ends the hub's end, and leaves what it declared.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        soon("its tasks end", self.tasks.wait()).await;
    }
}

impl Transport for OverRabbitMq {
    type Ear = Hearing;

    async fn new(lanes: &[&str]) -> Option<Self> {
        let bus = At::new()?.start(lanes);
        bus.is_ready().await;
        Some(bus)
    }

    async fn tell(&self, lane: &str, places: &[i64]) {
        assert_eq!(self.broker.announce(hints(lane, places)).await, places);
    }

    async fn hear(&self, name: &str) -> Hearing {
        self.broker.hear(lane(name))
    }

    async fn end(self) {
        let at = self.at.clone();
        self.stop().await;
        at.clear(&["malli-a", "malli-b"]).await;
    }
}

impl Ear for Hearing {
    async fn next(&mut self) -> Told {
        match Self::next(self).await {
            Heard::Hints { places, receipt } => {
                receipt.taken().await;
                Told::Places(places)
            }
            Heard::Missed => Told::Look,
        }
    }
}

/// Hears until hints come.
pub(crate) async fn next_hints(hearing: &mut Hearing) -> (Vec<i64>, Receipt) {
    let hearing = async {
        loop {
            if let Heard::Hints { places, receipt } = hearing.next().await {
                return (places, receipt);
            }
        }
    };
    soon("hints", hearing).await
}

/// Begins to hear, and is told to look.
pub(crate) async fn hear(bus: &OverRabbitMq, name: &str) -> Hearing {
    let mut hearing = bus.broker.hear(lane(name));
    assert!(matches!(soon("it hears", hearing.next()).await, Heard::Missed));
    hearing
}

/// Another at the broker.
pub(crate) struct Outside {
    _connection: Connection,
    pub(crate) channel: Channel,
}

impl Outside {
    pub(crate) async fn delete(&self, queue: &str) {
        let deleted = self.channel.queue_delete(queue.into(), QueueDeleteOptions::default());
        deleted.await.expect("an answer");
    }

    /// Declares a queue of the broker's own default kind.
    pub(crate) async fn classic(&self, queue: &str) {
        let durable = QueueDeclareOptions { durable: true, ..Default::default() };
        let declared = self.channel.queue_declare(queue.into(), durable, FieldTable::default());
        declared.await.expect("a queue");
    }

    pub(crate) async fn publish(&self, queue: &str, body: &[u8]) {
        let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
        let sent = self.channel.basic_publish("".into(), queue.into(), options, body, properties);
        sent.await.expect("a broker");
    }

    /// Takes the next message of a queue, as soon as there is one.
    pub(crate) async fn get(&self, queue: &str) -> Vec<u8> {
        let getting = async {
            loop {
                let got = self.channel.basic_get(queue.into(), BasicGetOptions::default());
                if let Some(got) = got.await.expect("a broker") {
                    let acked = got.delivery.ack(BasicAckOptions::default());
                    acked.await.expect("a broker");
                    return got.delivery.data;
                }
                tokio::task::yield_now().await;
            }
        };
        soon("a message", getting).await
    }
}
