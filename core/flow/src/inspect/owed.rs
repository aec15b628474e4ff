//! What a delivery without a basis is owed: somebody who acts while it waits, and a word to its
//! sender once it is refused.

use jiff::Timestamp;
use luotsi_journal::{
    Error, State,
    read::{self, Delivery, Message},
};
use luotsi_region::Region;
use serde::Serialize;

use crate::{Flow, notices};

/// What a waiting delivery waits for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Wanted {
    /// It is refused then.
    pub deadline: Timestamp,
    /// Who is to act: the organisation of the sender, which knows the client. `None`: the region no
    /// longer declares it.
    pub who: Option<String>,
    /// What would release it, any of these; of the sort that a person can bring about.
    pub releases: Vec<String>,
}

/// What the sender of a refused delivery hears of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Heard {
    /// The sender.
    pub system: String,
    /// When it is told, or was to be.
    pub due: Timestamp,
    /// The hub's own message that tells it; `None`: not yet.
    pub message: Option<String>,
    /// Whether anything leads back to it.
    pub has_way_back: bool,
}

impl Flow {
    /// For a delivery that waits.
    pub(super) async fn wanted(
        &self,
        region: &Region,
        message: &Message,
        delivery: &Delivery,
    ) -> Option<Wanted> {
        if delivery.state != State::Waiting {
            return None;
        }
        let sender = region.connection(&message.envelope.source);
        let steps = self.explained(region, message, delivery).await.map(|found| found.steps);
        let releases = steps.into_iter().flatten().filter_map(|step| step.would_permit);
        Some(Wanted {
            deadline: delivery.deadline,
            who: sender.map(|connection| connection.organisation.to_string()),
            releases: releases.collect(),
        })
    }

    /// For a delivery whose refusal its sender is owed.
    pub(super) async fn heard(
        &self,
        region: &Region,
        message: &Message,
        delivery: &Delivery,
    ) -> Result<Option<Heard>, Error> {
        let Some(due) = delivery.tell else { return Ok(None) };
        let sender = &message.envelope.source;
        let has_way_back = match delivery.told {
            Some(told) => {
                let sent = self.journal.read(move |c| match read::message(c, told)? {
                    Some(message) => read::of_message(c, message.seq),
                    None => Ok(Vec::new()),
                });
                sent.await?.iter().any(|sent| sent.destination == *sender)
            }
            None => notices::leads_back(region, sender),
        };
        let message = delivery.told.map(|told| told.to_string());
        Ok(Some(Heard { system: sender.to_string(), due, message, has_way_back }))
    }
}
