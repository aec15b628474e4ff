//! What the hub declares at the broker, and what it only looks at.
//!
//! A queue of the hub's is a quorum queue: what it holds survives the loss of a node. A message that
//! is not settled after so many deliveries, since it brought the hub down each time, and one that the
//! hub refuses, goes to `<queue>.dead`, and is kept until it is there (`at-least-once`).

use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

use crate::{
    broker::{look_for_exchange, told},
    config::{Consume, Owner},
};

/// Makes sure that the queue is there, and its dead letters.
///
/// # Errors
/// What is missing at the broker, or declared there in another way.
pub(crate) async fn declare(channel: &Channel, consume: &Consume) -> Result<(), String> {
    match consume.owner {
        Owner::System => look(channel, consume).await,
        Owner::Hub => own(channel, consume).await,
    }
}

async fn look(channel: &Channel, consume: &Consume) -> Result<(), String> {
    let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let queue = consume.queue.as_str().into();
    channel.queue_declare(queue, passive, FieldTable::default()).await.map_err(|e| told(&e))?;
    look_for_exchange(channel, &consume.dead_letters()).await
}

async fn own(channel: &Channel, consume: &Consume) -> Result<(), String> {
    dead_letters(channel, &consume.dead_letters()).await?;
    let text = |text: &str| AMQPValue::LongString(text.into());
    let arguments = [
        ("x-delivery-limit", AMQPValue::LongInt(consume.delivery_limit().into())),
        ("x-dead-letter-exchange", text(&consume.dead_letters())),
        ("x-dead-letter-strategy", text("at-least-once")),
        // The broker wants it for that strategy. Nothing limits the length, so nothing is rejected.
        ("x-overflow", text("reject-publish")),
        // Of several hubs one consumes, so that the order holds.
        ("x-single-active-consumer", AMQPValue::Boolean(true)),
    ];
    declare_quorum(channel, &consume.queue, &arguments).await?;
    for binding in &consume.bindings {
        look_for_exchange(channel, &binding.exchange).await?;
        bind(channel, &consume.queue, &binding.exchange, &binding.routing_key).await?;
    }
    Ok(())
}

/// An exchange and a queue of one name; a person looks at what is in it.
async fn dead_letters(channel: &Channel, name: &str) -> Result<(), String> {
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let kind = ExchangeKind::Fanout;
    let declared = channel.exchange_declare(name.into(), kind, durable, FieldTable::default());
    declared.await.map_err(|e| told(&e))?;
    declare_quorum(channel, name, &[]).await?;
    bind(channel, name, name, "").await
}

async fn declare_quorum(
    channel: &Channel,
    name: &str,
    more: &[(&str, AMQPValue)],
) -> Result<(), String> {
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    for (name, value) in more {
        arguments.insert((*name).into(), value.clone());
    }
    channel.queue_declare(name.into(), durable, arguments).await.map_err(|e| told(&e))?;
    Ok(())
}

async fn bind(channel: &Channel, queue: &str, exchange: &str, key: &str) -> Result<(), String> {
    let (options, none) = (QueueBindOptions::default(), FieldTable::default());
    let bound = channel.queue_bind(queue.into(), exchange.into(), key.into(), options, none);
    bound.await.map_err(|e| told(&e))
}
