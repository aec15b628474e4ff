//! How work reaches a dispatcher: in process ([`Bus`]), and over RabbitMQ ([`broker::Broker`]).
//!
//! The database is the truth and the bus is transport: what the bus drops is found again in the
//! journal, so nothing here needs to arrive.

pub mod broker;
mod process;

pub use process::{Bus, Consumer, Received, Wake};
