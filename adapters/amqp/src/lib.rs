//! A system on an AMQP 0-9-1 bus, such as RabbitMQ's: the hub publishes to its exchange and consumes
//! from its queue, in the system's own format.
//!
//! What must hold: a publish counts when the broker has confirmed it and not returned it; what comes
//! in is acknowledged after it is durable. The library's own recovery stays off: whatever breaks is
//! thrown away whole and built anew, connection, topology and consumer.

mod broker;
mod config;
mod headers;
mod inbound;
mod outbound;
mod topology;

use std::sync::Arc;

use luotsi_model::SystemId;
use luotsi_port::{Adapter, Channels, Inbound, Outbound, Parts, Problem, Services};

use broker::Broker;
use config::Config;
use inbound::Consuming;
use outbound::Publishing;

/// The adapter's only value.
pub const ADAPTER: &dyn Adapter = &Kind;

struct Kind;

impl Adapter for Kind {
    fn kind(&self) -> &'static str {
        "amqp"
    }

    fn check(&self, settings: &toml::Table) -> Vec<Problem> {
        Config::check(settings)
    }

    fn check_parts(&self, settings: &toml::Table, parts: Parts) -> Vec<Problem> {
        // Settings that cannot be read are found as such.
        Config::parse(settings).map_or_else(|_| Vec::new(), |config| config.check_parts(parts))
    }

    fn claims(&self, settings: &toml::Table) -> Vec<String> {
        let channels = self.channels(settings);
        let claim = |c: Channels| c.consume.map(|from| (c.host, c.vhost, from.queue));
        let claimed = channels.and_then(claim);
        claimed
            .map(|(host, vhost, queue)| format!("the queue {queue} of {host}, {vhost}"))
            .into_iter()
            .collect()
    }

    fn channels(&self, settings: &toml::Table) -> Option<Channels> {
        Config::parse(settings).ok()?.channels()
    }

    fn inbound(
        &self,
        system: &SystemId,
        settings: &toml::Table,
    ) -> Result<Option<Arc<dyn Inbound>>, Problem> {
        let config = Config::parse(settings)?;
        let broker = Broker::new(&config)?;
        let consuming = |consume| Consuming::new(system.clone(), broker, consume);
        Ok(config.consume.map(|consume| Arc::new(consuming(consume)) as Arc<dyn Inbound>))
    }

    fn outbound(
        &self,
        settings: &toml::Table,
        _services: &Services,
    ) -> Result<Arc<dyn Outbound>, Problem> {
        let config = Config::parse(settings)?;
        let broker = Broker::new(&config)?;
        let publish = config.publish.ok_or_else(|| {
            Problem::new("[settings.publish] is missing", "say where deliveries go")
        })?;
        Ok(Arc::new(Publishing::new(broker, publish)))
    }
}
