//! The adapter's settings.

use luotsi_model::hetu::{Hetu, Strictness};
use luotsi_port::{Channels, Parts, Problem, Secret, settings};
use serde::Deserialize;

/// So long that a name of ours made from it is still a short string of AMQP.
const NAME_LENGTH_MAX: usize = 200;
/// What a broker keeps for its own exchanges and queues.
const RESERVED: &str = "amq.";

/// `[settings]` of a connection with `adapter = "amqp"`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The broker, and the virtual host as the path.
    pub(crate) url: String,
    /// Who the hub is to the broker.
    pub(crate) username: String,
    pub(crate) password: Secret,
    /// Where deliveries go.
    #[serde(default)]
    pub(crate) publish: Option<Publish>,
    /// Where documents come from.
    #[serde(default)]
    pub(crate) consume: Option<Consume>,
}

/// `[settings.publish]`. The exchange is the system's; the hub only looks whether it is there.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publish {
    /// Empty: the default exchange, where the routing key names a queue.
    pub(crate) exchange: String,
    pub(crate) routing_key: String,
}

/// `[settings.consume]`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Consume {
    pub(crate) queue: String,
    /// Messages that the broker sends ahead of their acknowledgement.
    #[serde(default = "prefetch")]
    pub(crate) prefetch: u16,
    pub(crate) owner: Owner,
    /// Of a queue of the system's own: where it dead-letters to.
    #[serde(default)]
    pub(crate) dead_letter_exchange: Option<String>,
    /// Of a queue of the hub's: what it is bound to.
    #[serde(default)]
    pub(crate) bindings: Vec<Binding>,
    /// Of a queue of the hub's: how often a message is delivered that is not settled.
    #[serde(default)]
    pub(crate) delivery_limit: Option<u16>,
}

/// Who declares the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Owner {
    /// The hub declares it, and its dead letters.
    Hub,
    /// It is there; the hub only looks.
    System,
}

/// A binding that the hub makes, to an exchange of the system's.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Binding {
    pub(crate) exchange: String,
    pub(crate) routing_key: String,
}

const fn prefetch() -> u16 {
    32
}

const DELIVERY_LIMIT: u16 = 20;

impl Consume {
    /// Where what is refused goes.
    pub(crate) fn dead_letters(&self) -> String {
        self.dead_letter_exchange.clone().unwrap_or_else(|| format!("{}.dead", self.queue))
    }

    pub(crate) fn delivery_limit(&self) -> u16 {
        self.delivery_limit.unwrap_or(DELIVERY_LIMIT)
    }
}

impl Config {
    /// The settings, when nothing is wrong with them.
    pub(crate) fn parse(table: &toml::Table) -> Result<Self, Problem> {
        let config: Self = settings(table)?;
        config.problems().into_iter().next().map_or(Ok(config), Err)
    }

    /// Everything wrong with them.
    pub(crate) fn check(table: &toml::Table) -> Vec<Problem> {
        settings::<Self>(table).map_or_else(|problem| vec![problem], |config| config.problems())
    }

    fn problems(&self) -> Vec<Problem> {
        let mut found: Vec<_> = crate::broker::uri(&self.url).err().into_iter().collect();
        if let Some(publish) = &self.publish {
            if !publish.exchange.is_empty() {
                found.extend(name("publish.exchange", &publish.exchange, ""));
            }
            found.extend(name("publish.routing_key", &publish.routing_key, ""));
        }
        if let Some(consume) = &self.consume {
            found.extend(consume.problems());
        }
        found
    }

    /// Everything wrong between them and the connection's other parts.
    pub(crate) fn check_parts(&self, parts: Parts) -> Vec<Problem> {
        let both = |has: bool, part: &str, table: &str, what: &str| match has {
            true => Problem::new(
                format!("[{part}] without [settings.{table}]"),
                format!("say in [settings.{table}] where {what}, or leave [{part}] out"),
            ),
            false => Problem::new(
                format!("[settings.{table}] without [{part}]"),
                format!("add [{part}], or leave [settings.{table}] out"),
            ),
        };
        // By a token the system may post to the hub's listener as well.
        let consumes = (parts.intake && !parts.token && self.consume.is_none())
            || (!parts.intake && self.consume.is_some());
        let publishes = parts.delivery != self.publish.is_some();
        let consume = || both(parts.intake, "intake", "consume", "documents come from");
        let publish = || both(parts.delivery, "delivery", "publish", "deliveries go");
        consumes.then(consume).into_iter().chain(publishes.then(publish)).collect()
    }

    pub(crate) fn channels(&self) -> Option<Channels> {
        let uri = crate::broker::uri(&self.url).ok()?;
        let publish = self.publish.as_ref().map(|publish| luotsi_port::Publish {
            exchange: publish.exchange.clone(),
            routing_key: publish.routing_key.clone(),
            headers: crate::headers::written(),
        });
        let consume = self.consume.as_ref().map(|consume| luotsi_port::Consume {
            queue: consume.queue.clone(),
            dead_letter_exchange: consume.dead_letters(),
            bindings: consume
                .bindings
                .iter()
                .map(|b| (b.exchange.clone(), b.routing_key.clone()))
                .collect(),
            headers: crate::headers::known(),
        });
        Some(Channels {
            host: format!("{}:{}", uri.authority.host, uri.authority.port),
            is_secure: uri.scheme == lapin::uri::AMQPScheme::AMQPS,
            vhost: uri.vhost,
            publish,
            consume,
        })
    }
}

impl Consume {
    fn problems(&self) -> Vec<Problem> {
        let mut found: Vec<_> = name("consume.queue", &self.queue, "").into_iter().collect();
        if self.prefetch == 0 {
            found.push(Problem::new(
                "consume.prefetch = 0 lets the broker send everything at once",
                "let it be from 1 to 65535; 32 if you leave it out",
            ));
        }
        match self.owner {
            Owner::Hub => found.extend(self.problems_of_the_hubs()),
            Owner::System => found.extend(self.problems_of_the_systems()),
        }
        for binding in &self.bindings {
            found.extend(name("consume.bindings.exchange", &binding.exchange, ""));
            found.extend(name("consume.bindings.routing_key", &binding.routing_key, "*#"));
        }
        found
    }

    fn problems_of_the_hubs(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        if self.queue.starts_with(RESERVED) {
            found.push(Problem::new(
                "consume.queue begins with `amq.`, which the broker keeps for itself",
                "name it after the region and the system, for example luotsi.malli-ry",
            ));
        }
        if self.dead_letter_exchange.is_some() {
            found.push(Problem::new(
                "consume.dead_letter_exchange of a queue that the hub declares",
                "leave it out: the hub declares <queue>.dead as well",
            ));
        }
        if self.delivery_limit == Some(0) {
            found.push(Problem::new(
                "consume.delivery_limit = 0 would give up what was interrupted once",
                "let it be 1 or more; 20 if you leave it out",
            ));
        }
        found
    }

    fn problems_of_the_systems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        match &self.dead_letter_exchange {
            Some(exchange) => found.extend(name("consume.dead_letter_exchange", exchange, "")),
            None => found.push(Problem::new(
                "consume.dead_letter_exchange is missing, and the queue is the system's",
                "name the exchange that the queue dead-letters to: without one the broker would \
                 drop what the hub refuses",
            )),
        }
        if !self.bindings.is_empty() || self.delivery_limit.is_some() {
            found.push(Problem::new(
                "consume.bindings or consume.delivery_limit of a queue that the hub does not declare",
                "leave them to whoever declares it, or say owner = \"hub\"",
            ));
        }
        found
    }
}

/// Names stand in the broker's own logs and pages, so they hold nothing of anyone.
fn name(key: &str, text: &str, more: &str) -> Option<Problem> {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || ".-_:/".contains(c) || more.contains(c);
    if text.is_empty() || text.len() > NAME_LENGTH_MAX || !text.chars().all(is_fit) {
        return Some(Problem::new(
            format!("{key} is no name"),
            format!("write 1 to {NAME_LENGTH_MAX} letters a to z, digits and . - _ : /"),
        ));
    }
    let is_code = |at: usize| {
        let part = text.get(at..at + 11);
        part.is_some_and(|part| Hetu::parse(part, Strictness::Lenient).is_ok())
    };
    (0..text.len()).any(is_code).then(|| {
        Problem::new(
            format!("{key} holds a personal identity code"),
            "names of exchanges, queues and routing keys are shown and logged: name no person",
        )
    })
}
