//! Messages of the hub's own. They are accepted by the same commit as all others and go the same
//! way: dispatcher, gate, permit, log. Nothing that the hub says is sent around the gate.

use std::sync::Arc;

use luotsi_journal::{Accounting, command::Effect};
use luotsi_model::{
    ClientRef, DeliveryId, Envelope, MessageId, OrganisationId, Purpose, Record, Schema,
    ServiceTask, SystemId,
};
use luotsi_region::Region;

use super::{Prepared, Receipt, Refused, route::Way};
use crate::Flow;

/// Something that the hub has to say.
pub(crate) struct Own<'o> {
    /// What it says.
    pub(crate) record: Record,
    /// The schema of that.
    pub(crate) schema: Arc<Schema>,
    /// The controller in whose register the matter is.
    pub(crate) controller: OrganisationId,
    /// The client it is about, if it is about one.
    pub(crate) subject: Option<ClientRef>,
    /// The service task of the matter.
    pub(crate) service: Option<ServiceTask>,
    /// The delivery it is about; `answer = true` leads to the sender of that.
    pub(crate) answers: Option<DeliveryId>,
    /// The trace that it goes on.
    pub(crate) traceparent: Option<String>,
    /// Who is to hear it.
    pub(crate) to: &'o SystemId,
    /// What for, where no route leads there and none is needed.
    pub(crate) straight: Option<&'o Purpose>,
    /// What is settled by its acceptance, in the same transaction: a crash neither loses nor
    /// repeats it.
    pub(crate) effect: Effect,
}

impl Flow {
    /// Takes in what the hub says itself. Where nothing leads to whom it is meant for, it is kept
    /// with no delivery: what was to be settled is settled, and operations see that nobody heard.
    ///
    /// # Errors
    /// [`Refused::Journal`]; then nothing of it was kept.
    pub(crate) async fn accept_own(
        &self,
        region: &Region,
        own: Own<'_>,
    ) -> Result<Receipt, Refused> {
        let now = self.clock.now();
        let envelope = Envelope {
            id: MessageId(self.entropy.id(now)),
            kind: own.record.kind.clone(),
            source: SystemId::hub(),
            controller: own.controller,
            subject: own.subject,
            service: own.service,
            answers: own.answers,
            replays: None,
            received: now,
            generation: region.generation.clone(),
            traceparent: own.traceparent,
        };
        let can_hear = region.delivery_mapping(own.to, &envelope.kind).is_some();
        let way = match own.straight {
            _ if !can_hear => Way::Nowhere,
            Some(purpose) => Way::Straight(own.to, purpose),
            None => Way::To(own.to),
        };
        let prepared = Prepared::new(envelope, own.record, own.schema, Accounting::default());
        let prepared = Prepared { effect: own.effect, ..prepared };
        let receipt = self.commit(region, prepared, None, way).await?;
        if receipt.deliveries == 0 {
            tracing::warn!(system = %own.to, message = %receipt.message, "the hub has something to say and no way there");
        }
        Ok(receipt)
    }
}
