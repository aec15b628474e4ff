//! Systems on a RabbitMQ bus: the same gate, journal and mappings as by HTTP, over the real broker.
//!
//! Without `LUOTSI_AMQP_URL` those that need a broker are skipped; `tests/run` starts one and sets it.

mod broken;
mod described;
mod journey;
mod refused;
mod setup;
