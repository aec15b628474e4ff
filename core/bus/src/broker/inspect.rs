//! What `luotsi check --online` tells about the broker.

use std::fmt;

use lapin::{
    Channel, Connection,
    options::{ExchangeDeclareOptions, QueueDeclareOptions},
    types::FieldTable,
};
use luotsi_model::SystemId;
use tokio::time::timeout;

use super::{
    Settings,
    link::{ANSWER_TIME_MAX, LATE, connect, is_missing, told},
    topology::{self, Names, Part, Refused, short},
};

/// Something at the broker that is not as the hub wants it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The exchange or queue.
    pub what: String,
    /// What is wrong with it.
    pub why: String,
    /// How to mend it.
    pub mend: String,
    /// Whether it is only not there: a hub that starts declares it.
    pub is_missing: bool,
}

/// Why the broker could not be looked at, with the mend where a person must do something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreachable(pub String);

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreachable {}

/// Looks at every exchange and queue of these lanes, and creates nothing. Bindings cannot be looked
/// at over AMQP; `serve` makes them each time that it connects.
///
/// # Errors
/// [`Unreachable`] when the broker cannot be asked.
pub async fn inspect(settings: &Settings, lanes: &[SystemId]) -> Result<Vec<Finding>, Unreachable> {
    let connection = connect(settings, "luotsi: check").await.map_err(Unreachable)?;
    let names = Names::new(settings.prefix());
    let mut parts = topology::common(&names);
    parts.extend(lanes.iter().flat_map(|lane| topology::of_lane(&names, lane)));
    let mut findings = Vec::new();
    for part in &parts {
        let looked = timeout(ANSWER_TIME_MAX, look(&connection, part)).await;
        let looked = looked.map_err(|_| Unreachable(LATE.to_owned()))?;
        findings.extend(looked.map_err(|e| Unreachable(told(&e)))?);
    }
    let _ = timeout(ANSWER_TIME_MAX, connection.close(200, "done".into())).await;
    Ok(findings)
}

/// On a channel of its own, since a refusal ends it.
async fn look(connection: &Connection, part: &Part) -> lapin::Result<Option<Finding>> {
    let Some((what, name)) = part.named() else { return Ok(None) };
    let found = |why: String, mend: String| Finding {
        what: format!("{what} {name}"),
        why,
        mend,
        is_missing: false,
    };
    let channel = connection.create_channel().await?;
    match exists(&channel, part).await {
        Err(error) if !connection.status().connected() => Err(error),
        Err(error) if is_missing(&error) => Ok(Some(Finding {
            is_missing: true,
            ..found(
                "is not there".to_owned(),
                "none before the first `luotsi serve`, which declares it; later, see who deletes it"
                    .to_owned(),
            )
        })),
        Err(error) => Ok(Some(found(
            told(&error),
            "let the user of bus.url configure, write and read what begins with bus.prefix"
                .to_owned(),
        ))),
        // It is there, so that declaring it creates nothing, and compares.
        Ok(()) => match topology::declare(&channel, part).await {
            Ok(()) => Ok(None),
            Err(Refused { why, mend }) => Ok(Some(found(why, mend.unwrap_or_default()))),
        },
    }
}

async fn exists(channel: &Channel, part: &Part) -> lapin::Result<()> {
    let none = FieldTable::default();
    match part {
        Part::Queue { name, .. } => {
            let passive = QueueDeclareOptions { passive: true, ..Default::default() };
            // A name that is too long stops at `declare`.
            let Ok(name) = short(name) else { return Ok(()) };
            channel.queue_declare(name, passive, none).await.map(|_| ())
        }
        Part::Exchange { name, kind } => {
            let passive = ExchangeDeclareOptions { passive: true, ..Default::default() };
            let Ok(name) = short(name) else { return Ok(()) };
            channel.exchange_declare(name, kind.clone(), passive, none).await
        }
        Part::Binding { .. } => Ok(()),
    }
}
