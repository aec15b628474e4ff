//! The journey of a message.

use luotsi_journal::{Accounting, Entry, Error, read};
use luotsi_model::{Envelope, MessageId};
use serde::Serialize;

use super::{Heard, Wanted};
use crate::Flow;

/// Everything known of a message's way.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Journey {
    /// Its header.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// What became of its payload: `kept`, `erased` with the client's key, or `broken`.
    pub payload: &'static str,
    /// How its input was accounted for, and which routes took it.
    pub accounting: Accounting,
    /// Its deliveries.
    pub deliveries: Vec<DeliveryTrace>,
}

/// One delivery of it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DeliveryTrace {
    /// The delivery, also the id of the recipient's task.
    pub delivery: String,
    /// Whereto.
    pub destination: String,
    /// What for.
    pub purpose: String,
    /// Where it stands.
    pub state: &'static str,
    /// Where the recipient stands with it.
    pub task: &'static str,
    /// Attempts made.
    pub attempts: u32,
    /// When it is due, for one that pends.
    pub due: Option<String>,
    /// Why it ended or failed last.
    pub cause: Option<String>,
    /// Who is to act, while it waits.
    pub wanted: Option<Wanted>,
    /// What the sender hears, once it is refused.
    pub heard: Option<Heard>,
    /// What the disclosure log says of it.
    pub entries: Vec<Entry>,
}

impl Flow {
    /// A message's journey; `None` when there is no such message.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn journey(&self, id: MessageId) -> Result<Option<Journey>, Error> {
        let found = self
            .journal
            .read(move |c| {
                let Some(message) = read::message(c, id)? else { return Ok(None) };
                let deliveries = read::of_message(c, message.seq)?;
                let entries = read::trail(c, message.seq)?;
                Ok(Some((message, deliveries, entries)))
            })
            .await?;
        let Some((message, found, entries)) = found else { return Ok(None) };
        let region = self.region();
        let mut deliveries = Vec::new();
        for delivery in found {
            let wanted = self.wanted(&region, &message, &delivery).await;
            let heard = self.heard(&region, &message, &delivery).await?;
            deliveries.push(DeliveryTrace { wanted, heard, ..trace(delivery, &entries) });
        }
        let payload = message.record.as_str();
        let (envelope, accounting) = (message.envelope, message.accounting);
        Ok(Some(Journey { envelope, payload, accounting, deliveries }))
    }
}

fn trace(delivery: read::Delivery, entries: &[Entry]) -> DeliveryTrace {
    let own = entries.iter().filter(|entry| entry.delivery == Some(delivery.id));
    DeliveryTrace {
        delivery: delivery.id.to_string(),
        destination: delivery.destination.to_string(),
        purpose: delivery.purpose.to_string(),
        state: delivery.state.as_str(),
        task: delivery.task.as_str(),
        attempts: delivery.attempts,
        due: delivery.state.is_pending().then(|| delivery.due.to_string()),
        cause: delivery.cause,
        wanted: None,
        heard: None,
        entries: own.cloned().collect(),
    }
}
