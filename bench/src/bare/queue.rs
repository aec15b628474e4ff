//! The queue: a quorum queue of its own, published to with confirms and consumed from.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures::StreamExt;
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
        ConfirmSelectOptions, QueueDeclareOptions, QueueDeleteOptions,
    },
    types::{AMQPValue, FieldTable},
};
use tokio::sync::oneshot;

use crate::error::Error;

const QUEUE: &str = "luotsi-bench.bare";
/// Messages that the broker sends ahead of their acknowledgement, as the hub has it.
const PREFETCH: u16 = 256;
/// To disk before the confirm.
const PERSISTENT: u8 = 2;

type Awaited = Arc<Mutex<HashMap<i64, oneshot::Sender<()>>>>;

pub(super) struct Queue {
    channel: Channel,
    awaited: Awaited,
    // One for each way, as the hub has it; they close when dropped.
    _connections: [Connection; 2],
}

fn failed(why: &lapin::Error) -> Error {
    Error::piece("RabbitMQ", why.to_string())
}

impl Queue {
    pub(super) async fn open(url: &str) -> Result<Self, Error> {
        let connect = || Connection::connect(url, ConnectionProperties::default());
        let (publishing, consuming) = (
            connect().await.map_err(|why| failed(&why))?,
            connect().await.map_err(|why| failed(&why))?,
        );
        let channel = publishing.create_channel().await.map_err(|why| failed(&why))?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .map_err(|why| failed(&why))?;
        let hearing = consuming.create_channel().await.map_err(|why| failed(&why))?;
        let awaited = Awaited::default();
        consume(hearing, awaited.clone()).await.map_err(|why| failed(&why))?;
        Ok(Self { channel, awaited, _connections: [publishing, consuming] })
    }

    /// Publishes a number, and returns when it is confirmed and consumed.
    pub(super) async fn through(&self, number: i64) -> Result<(), Error> {
        let (told, heard) = oneshot::channel();
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner).insert(number, told);
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
        let body = number.to_string();
        let sent = self.channel.basic_publish(
            "".into(),
            QUEUE.into(),
            options,
            body.as_bytes(),
            properties,
        );
        let confirmed =
            sent.await.map_err(|why| failed(&why))?.await.map_err(|why| failed(&why))?;
        if !matches!(confirmed, Confirmation::Ack(None)) {
            return Err(Error::piece("RabbitMQ", "a message was not taken"));
        }
        heard.await.map_err(|_| Error::piece("RabbitMQ", "the consumer ended"))
    }
}

async fn consume(channel: Channel, awaited: Awaited) -> lapin::Result<()> {
    channel.queue_delete(QUEUE.into(), QueueDeleteOptions::default()).await?;
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(QUEUE.into(), durable, arguments).await?;
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
    let mut consumer = channel.basic_consume(QUEUE.into(), "".into(), options, none).await?;
    tokio::spawn(async move {
        while let Some(Ok(delivery)) = consumer.next().await {
            let number =
                std::str::from_utf8(&delivery.data).ok().and_then(|text| text.parse().ok());
            let told = number.and_then(|number: i64| {
                awaited.lock().unwrap_or_else(PoisonError::into_inner).remove(&number)
            });
            if delivery.ack(BasicAckOptions::default()).await.is_err() {
                return;
            }
            told.map(|told| told.send(()));
        }
    });
    Ok(())
}
