//! Who is to stop processing what they received, and where that stands. Names no client: the message
//! leads to her, and asking for that is in the use log.

use jiff::Timestamp;
use luotsi_journal::{
    Entry, Error, Phase, RecallState,
    command::{ByHand, RecallByHand},
    read::{self, Held, Recall},
};
use luotsi_model::SystemId;
use serde::Serialize;
use uuid::Uuid;

use super::Asked;
use crate::Flow;

/// One of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RecallShown {
    /// Its id, to settle it by.
    pub recall: String,
    /// Who received it.
    pub recipient: String,
    /// What for.
    pub purpose: String,
    /// The record kind of what they received.
    pub kind: String,
    /// The id by which they know it; `None`: the log does not say.
    pub held: Option<String>,
    /// The message that it came of, to trace; `None`: it was read.
    pub message: Option<String>,
    /// The directive that was withdrawn, by its recorder's own id.
    pub directive: String,
    /// The version that withdrew it.
    pub version: u32,
    /// When it was withdrawn.
    pub withdrawn: Timestamp,
    /// Where it stands.
    pub state: &'static str,
    /// The delivery of its notice.
    pub notice: Option<String>,
    /// Until when the recipient has to acknowledge it.
    pub deadline: Option<Timestamp>,
    /// Why a person is asked, or how it was settled.
    pub cause: Option<String>,
}

impl Flow {
    /// The oldest `limit` of each of those states, those that wait for a person first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn recalls(
        &self,
        states: Vec<RecallState>,
        limit: usize,
    ) -> Result<Vec<RecallShown>, Error> {
        self.journal
            .read(move |c| {
                let found = read::recalls(c, &states, limit)?;
                found.into_iter().map(|recall| Ok(shown(&recall, message(c, &recall)?))).collect()
            })
            .await
    }

    /// A person has seen to a recall, or has its notice made again; either is in the use log. Gives
    /// where the recall stood when that could not be done; `None` when there is no such recall.
    ///
    /// # Errors
    /// When the journal cannot be read or written.
    pub async fn recall_by_hand(
        &self,
        who: &SystemId,
        id: Uuid,
        by_hand: ByHand,
    ) -> Result<Option<Result<(), RecallState>>, Error> {
        let Some(recall) = self.journal.read(move |c| read::recall(c, id)).await? else {
            return Ok(None);
        };
        let asked = match by_hand {
            ByHand::Settle => Asked::RecallSettled(recall.client.clone()),
            ByHand::Again => Asked::RecallAgain(recall.client.clone()),
        };
        let entry =
            Entry { phase: Phase::Use, client: Some(recall.client), ..self.use_of(who, &asked) };
        let done = self.journal.write(RecallByHand { id, by_hand, entry }).await?;
        self.bell.ring();
        Ok(done)
    }
}

fn message(session: &luotsi_journal::Session, recall: &Recall) -> Result<Option<String>, Error> {
    let Held::Delivery(delivery) = recall.held else { return Ok(None) };
    Ok(read::original(session, delivery)?.map(|message| message.envelope.id.to_string()))
}

fn shown(recall: &Recall, message: Option<String>) -> RecallShown {
    RecallShown {
        recall: recall.id.to_string(),
        recipient: recall.recipient.to_string(),
        purpose: recall.purpose.to_string(),
        kind: recall.kind.to_string(),
        held: match recall.held {
            Held::Delivery(delivery) => Some(delivery.to_string()),
            Held::Read(id) => Some(id.to_string()),
            Held::Unknown => None,
        },
        message,
        directive: recall.directive.to_string(),
        version: recall.version,
        withdrawn: recall.at,
        state: recall.state.as_str(),
        notice: recall.notice.map(|notice| notice.to_string()),
        deadline: recall.deadline,
        cause: recall.cause.clone(),
    }
}
