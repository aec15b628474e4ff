//! What the hub declares at the broker: `docs/reference/bus.md` has it for administrators.

use std::fmt;

use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, ShortString},
};
use luotsi_model::SystemId;

use super::link::{is_other, told};

/// Deliveries of one hint before it is a dead letter: whoever takes it dies each time.
const DELIVERY_LIMIT: i32 = 20;
/// Dead letters that are kept. Each is a place in the journal or nothing of the hub's, so the oldest
/// may go: what it was a hint of is found again in the journal.
const DEAD_MAX: i32 = 10_000;

/// The names of one hub's exchanges and queues.
pub(super) struct Names<'a> {
    prefix: &'a str,
}

impl<'a> Names<'a> {
    pub(super) const fn new(prefix: &'a str) -> Self {
        Self { prefix }
    }

    /// The exchange that hints are published to, by their lane.
    pub(super) fn lanes(&self) -> String {
        format!("{}.lanes", self.prefix)
    }

    /// A lane's queue.
    pub(super) fn lane(&self, lane: &SystemId) -> String {
        format!("{}.lane.{lane}", self.prefix)
    }

    /// The exchange of dead letters, and the queue behind it.
    pub(super) fn dead(&self) -> String {
        format!("{}.dead", self.prefix)
    }
}

/// Something that is declared.
pub(super) enum Part {
    Exchange { name: String, kind: ExchangeKind },
    Queue { name: String, arguments: Vec<(&'static str, AMQPValue)> },
    Binding { queue: String, exchange: String, key: String },
}

/// Everything that all lanes need, in the order in which it is declared.
pub(super) fn common(names: &Names<'_>) -> Vec<Part> {
    let bound = [("x-max-length", DEAD_MAX.into()), ("x-overflow", text("drop-head"))];
    vec![
        Part::Exchange { name: names.dead(), kind: ExchangeKind::Fanout },
        Part::Queue { name: names.dead(), arguments: bound.into() },
        Part::Binding { queue: names.dead(), exchange: names.dead(), key: String::new() },
        Part::Exchange { name: names.lanes(), kind: ExchangeKind::Direct },
    ]
}

/// What one lane needs beside.
pub(super) fn of_lane(names: &Names<'_>, lane: &SystemId) -> Vec<Part> {
    let arguments = [
        // One hub hears, so that the order holds.
        ("x-single-active-consumer", AMQPValue::Boolean(true)),
        ("x-delivery-limit", DELIVERY_LIMIT.into()),
        ("x-dead-letter-exchange", text(&names.dead())),
    ];
    let (queue, exchange, key) = (names.lane(lane), names.lanes(), lane.to_string());
    vec![
        Part::Queue { name: queue.clone(), arguments: arguments.into() },
        Part::Binding { queue, exchange, key },
    ]
}

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}

/// Why a part is not declared.
pub(super) struct Refused {
    pub(super) why: String,
    /// Where the broker has it in another form.
    pub(super) mend: Option<String>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)?;
        self.mend.iter().try_for_each(|mend| write!(f, "; {mend}"))
    }
}

/// Declares a part; one that is there as it would be declared stays so.
pub(super) async fn declare(channel: &Channel, part: &Part) -> Result<(), Refused> {
    let declared = match part {
        Part::Exchange { name, kind } => {
            let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
            let none = FieldTable::default();
            channel.exchange_declare(short(name)?, kind.clone(), durable, none).await
        }
        Part::Queue { name, arguments } => {
            let durable = QueueDeclareOptions { durable: true, ..Default::default() };
            let declared = channel.queue_declare(short(name)?, durable, table(arguments));
            declared.await.map(|_| ())
        }
        Part::Binding { queue, exchange, key } => {
            let (options, none) = (QueueBindOptions::default(), FieldTable::default());
            channel.queue_bind(short(queue)?, short(exchange)?, short(key)?, options, none).await
        }
    };
    declared.map_err(|error| Refused {
        why: told(&error),
        mend: is_other(&error).then(|| part.mend()).flatten(),
    })
}

/// Of the kind that survives the loss of a node.
fn table(more: &[(&str, AMQPValue)]) -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    for (name, value) in more {
        arguments.insert((*name).into(), value.clone());
    }
    arguments
}

impl Part {
    /// An exchange or a queue, by its name.
    pub(super) fn named(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Exchange { name, .. } => Some(("exchange", name)),
            Self::Queue { name, .. } => Some(("queue", name)),
            Self::Binding { .. } => None,
        }
    }

    /// What to do about one that is there in another form.
    fn mend(&self) -> Option<String> {
        let (what, name) = self.named()?;
        let how = match self {
            Self::Queue { .. } => format!(" (rabbitmqctl delete_queue {name})"),
            _ => String::new(),
        };
        Some(format!(
            "delete the {what} {name}{how}: the hub declares it anew, and nothing is lost, since \
             hints are found again in the journal"
        ))
    }
}

/// A name that the broker can take.
pub(super) fn short(name: &str) -> Result<ShortString, Refused> {
    ShortString::try_new(name.to_owned()).map_err(|_| Refused {
        why: format!("the name {name} is longer than a broker's 255 bytes"),
        mend: Some("shorten bus.prefix, or the name of the connection".to_owned()),
    })
}
