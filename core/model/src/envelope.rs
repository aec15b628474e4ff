//! What the hub knows of a message without reading its record.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ClientRef, DeliveryId, GenerationId, Kind, MessageId, OrganisationId, ServiceTask, SystemId,
};

/// The header of an accepted message.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Envelope {
    /// The message.
    pub id: MessageId,
    /// Its record kind.
    pub kind: Kind,
    /// The system it came from.
    pub source: SystemId,
    /// The controller (rekisterinpitäjä) whose register the record belongs to. An answer to a
    /// referral belongs to the register of the referral.
    pub controller: OrganisationId,
    /// The client it is about. `None`: anonymous; it joins no client.
    pub subject: Option<ClientRef>,
    /// The service task it serves.
    pub service: Option<ServiceTask>,
    /// The delivery it answers: the correlation identifier of a task status.
    pub answers: Option<DeliveryId>,
    /// The message it repeats, when an operator replayed one.
    pub replays: Option<MessageId>,
    /// When it was accepted.
    pub received: Timestamp,
    /// The generation of the region that mapped it.
    pub generation: GenerationId,
    /// W3C trace context of the sender, if any.
    pub traceparent: Option<String>,
}
