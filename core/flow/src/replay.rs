//! An operator sends a message again: the same gate, the same journal, linked to its original.

use luotsi_journal::read;
use luotsi_model::{Envelope, MessageId, SystemId, record};

use crate::{Flow, Receipt, Refused};

/// Why a message was not replayed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotReplayed {
    /// No such message.
    #[error("there is no such message")]
    Unknown,
    /// Directives and answers act when they are accepted; acting twice is not repeating. What the hub
    /// says itself is made again from what is owed, not from what was said.
    #[error("a {0} is not replayed: it took effect when it was accepted")]
    Acts(String),
    /// The stored record does not fit today's schema.
    #[error("its record does not fit today's schema: {0}")]
    Schema(#[from] record::Error),
    /// Its payload does not open.
    #[error(transparent)]
    Shut(#[from] read::Shut),
    /// The hub could not accept it again.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Flow {
    /// Accepts a message anew from its stored record. It is routed by today's routes and decided
    /// at every send by today's directives: a replay has no way around the gate. With `only`, it goes
    /// to that system alone. Dead letters of the original to the same systems are thereby settled.
    ///
    /// # Errors
    /// [`NotReplayed`].
    pub async fn replay(
        &self,
        id: MessageId,
        only: Option<&SystemId>,
    ) -> Result<Receipt, NotReplayed> {
        let found =
            self.journal.read(move |c| read::message(c, id)).await.map_err(Refused::from)?;
        let original = found.ok_or(NotReplayed::Unknown)?;
        let region = self.region();
        let kind = &original.envelope.kind;
        let schema = region.schema(kind).cloned().ok_or(NotReplayed::Unknown)?;
        if schema.task.is_some()
            || kind.as_str() == "directive"
            || original.envelope.source.is_hub()
        {
            return Err(NotReplayed::Acts(kind.to_string()));
        }
        let record = record::read(original.record.bytes()?, &schema)?;
        let envelope = Envelope {
            id: MessageId(self.entropy.id(self.clock.now())),
            replays: Some(id),
            received: self.clock.now(),
            generation: region.generation.clone(),
            traceparent: None,
            ..original.envelope
        };
        Ok(self.accept_again(&region, envelope, record, schema, only).await?)
    }
}
