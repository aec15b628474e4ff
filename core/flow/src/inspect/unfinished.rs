//! What is stuck: deliveries that pend, and those that wait for a person.

use jiff::Timestamp;
use luotsi_journal::{Error, State, read};
use luotsi_model::SystemId;
use serde::Serialize;

use super::Wanted;
use crate::Flow;

/// One of them.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Unfinished {
    /// The message, to trace or replay.
    pub message: String,
    /// The delivery.
    pub delivery: String,
    /// Whereto.
    pub destination: String,
    /// What for.
    pub purpose: String,
    /// Where it stands.
    pub state: &'static str,
    /// Attempts made.
    pub attempts: u32,
    /// When it was accepted.
    pub accepted: Timestamp,
    /// When it is tried again, or decided again at the latest.
    pub due: Option<Timestamp>,
    /// Who is to act, for one that waits for a basis.
    pub wanted: Option<Wanted>,
    /// Why it has not come to a good end.
    pub cause: Option<String>,
    /// For what is held: the places that no rule knows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmapped: Vec<String>,
}

impl Flow {
    /// The oldest `limit` of each state, of one destination where named: those that wait for a
    /// person first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn unfinished(
        &self,
        states: Vec<State>,
        destination: Option<SystemId>,
        limit: usize,
    ) -> Result<Vec<Unfinished>, Error> {
        let found = self.journal.read(move |c| {
            let mut all = Vec::new();
            for state in states {
                for delivery in read::unfinished(c, state, destination.as_ref(), limit)? {
                    let message = read::message_at(c, delivery.message)?;
                    all.push((delivery, message));
                }
            }
            Ok(all)
        });
        let region = self.region();
        let mut rows = Vec::new();
        for (delivery, message) in found.await? {
            let wanted = match &message {
                Some(message) => self.wanted(&region, message, &delivery).await,
                None => None,
            };
            rows.push(Unfinished { wanted, ..row(delivery, message.as_ref()) });
        }
        Ok(rows)
    }
}

fn row(delivery: read::Delivery, message: Option<&read::Message>) -> Unfinished {
    Unfinished {
        message: message.map(|m| m.envelope.id.to_string()).unwrap_or_default(),
        delivery: delivery.id.to_string(),
        destination: delivery.destination.to_string(),
        purpose: delivery.purpose.to_string(),
        state: delivery.state.as_str(),
        attempts: delivery.attempts,
        accepted: delivery.accepted,
        due: delivery.state.is_pending().then_some(delivery.due),
        wanted: None,
        cause: delivery.cause,
        unmapped: message
            .filter(|_| delivery.state == State::Held)
            .map(|message| message.accounting.unmapped.clone())
            .unwrap_or_default(),
    }
}
