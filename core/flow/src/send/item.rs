//! One delivery to make, as the dispatcher holds it.

use std::sync::Arc;

use jiff::Timestamp;
use luotsi_journal::read::{Delivery, Message};
use luotsi_model::{ClientRef, DeliveryId, Envelope, GenerationId, Purpose, Record, record};
use luotsi_region::Region;

/// A message with its record in memory, as its acceptance left it.
#[derive(Debug)]
pub(crate) struct Carried {
    pub(crate) envelope: Envelope,
    pub(crate) record: Record,
    /// The generation that the record's field ids belong to.
    pub(crate) generation: GenerationId,
}

impl Carried {
    /// From the journal, in the field ids of `region`.
    pub(crate) fn read(message: Message, region: &Region) -> Result<Arc<Self>, String> {
        let schema = region
            .schema(&message.envelope.kind)
            .ok_or("the region no longer declares its record kind")?;
        let record = message.record.bytes().map_err(|shut| shut.to_string())?;
        let record = record::read(record, schema).map_err(|e| e.to_string())?;
        // Its ids are this generation's now, whichever one accepted it.
        let generation = region.generation.clone();
        Ok(Arc::new(Self { envelope: message.envelope, record, generation }))
    }
}

/// One delivery to make.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) seq: i64,
    pub(crate) id: DeliveryId,
    pub(crate) subject: Option<ClientRef>,
    pub(crate) due: Timestamp,
    /// The last one before it about the same client, if that was told and there is one.
    pub(crate) after: Option<i64>,
    pub(super) message: i64,
    pub(super) purpose: Purpose,
    pub(super) attempts: u32,
    pub(super) deadline: Timestamp,
    /// Absent when the journal is to be asked.
    pub(super) carried: Option<Arc<Carried>>,
}

impl Item {
    pub(crate) fn fresh(
        seq: i64,
        id: DeliveryId,
        purpose: Purpose,
        deadline: Timestamp,
        carried: Arc<Carried>,
        message: Option<i64>,
    ) -> Self {
        Self {
            seq,
            id,
            subject: carried.envelope.subject.clone(),
            due: carried.envelope.received,
            after: None,
            message: message.unwrap_or_default(),
            purpose,
            attempts: 0,
            deadline,
            carried: Some(carried),
        }
    }
}

impl From<Delivery> for Item {
    fn from(delivery: Delivery) -> Self {
        Self {
            seq: delivery.seq,
            id: delivery.id,
            subject: delivery.subject,
            due: delivery.due,
            after: None,
            message: delivery.message,
            purpose: delivery.purpose,
            attempts: delivery.attempts,
            deadline: delivery.deadline,
            carried: None,
        }
    }
}

/// What came of an attempt.
#[derive(Debug)]
pub(crate) enum Next {
    /// It has left the dispatcher's hands: ended, or waiting for a basis in the journal.
    Done,
    /// Try again at that time, from the journal.
    Again(Timestamp),
}

impl Item {
    /// Behind that one, which another hub may have accepted.
    pub(crate) fn coming_after(self, after: Option<i64>) -> Self {
        Self { after, ..self }
    }

    /// With its message at hand.
    pub(crate) fn with(self, carried: Option<Arc<Carried>>) -> Self {
        Self { carried, ..self }
    }

    /// A delivery of which only its turn matters.
    #[cfg(test)]
    pub(crate) fn for_lane(seq: i64, subject: Option<ClientRef>, due: Timestamp) -> Self {
        Self {
            seq,
            id: DeliveryId(Default::default()),
            subject,
            due,
            after: None,
            message: 0,
            purpose: Purpose::new("care"),
            attempts: 0,
            deadline: due,
            carried: None,
        }
    }

    /// The same delivery, due at another time.
    pub(crate) fn due_at(self, due: Timestamp) -> Self {
        Self { due, ..self }
    }
}
