//! From a prepared message to a durable one that the dispatchers know of.

use std::{iter::repeat, sync::Arc};

use jiff::Timestamp;
use luotsi_bus::{Bus, Wake};
use luotsi_journal::{
    Accounting,
    command::{Accept, Accepted, Digests, Effect},
};
use luotsi_model::{DeliveryId, Envelope, GenerationId, Purpose, Record, Schema, SystemId, record};
use luotsi_region::Region;

use super::{
    Prepared, Receipt, Refused,
    route::{self, Way},
};
use crate::{
    Flow,
    gate::Gate,
    notices::Bell,
    relay::Relay,
    send::{Carried, Item},
};

/// A message about to be committed, and what is told once it is.
pub(super) struct Pending {
    envelope: Envelope,
    record: Record,
    items: Vec<(DeliveryId, SystemId, Purpose, Timestamp)>,
    pub(super) directs: bool,
    is_held: bool,
}

impl Flow {
    /// Commits a prepared message. The dispatchers are told with the commit, in its order and whether
    /// or not the sender still waits for its answer.
    pub(super) async fn commit(
        &self,
        region: &Region,
        prepared: Prepared,
        idempotency: Option<Digests>,
        way: Way<'_>,
    ) -> Result<Receipt, Refused> {
        let (command, pending) = self.direct(region, prepared, way).await?;
        let command = Accept { idempotency, ..command };
        let (telling, directs) = (self.telling(region), pending.directs);
        let tell = move |reply: &Result<Accepted, _>| {
            if let Ok(accepted) = reply {
                telling.tell(pending, accepted);
            }
        };
        let accepted = self.journal.write_then(command, tell).await?.map_err(Refused::from)?;
        Ok(receipt(&accepted, directs))
    }

    /// Finds the recipients of a message, and so all that its commit needs but a key.
    pub(super) async fn direct(
        &self,
        region: &Region,
        prepared: Prepared,
        way: Way<'_>,
    ) -> Result<(Accept, Pending), Refused> {
        let Prepared { envelope, record, schema, effect, mut accounting, reference } = prepared;
        let directs = matches!(effect, Effect::Directive(_));
        // What a client directs is never turned away for the transport's sake: the gate asks the journal.
        let may_wait = !directs && !envelope.source.is_hub();
        if let Some(why) = self.relay.is_full().filter(|_| may_wait) {
            return Err(Refused::Broker(why));
        }
        let (deliveries, routes) = route::deliveries(self, region, &envelope, &record, way).await?;
        // Somebody's matter that goes nowhere would be lost while its sender believes it taken care
        // of. Advice without a client may end here: it is counted.
        if deliveries.is_empty() && matches!(effect, Effect::None) && envelope.subject.is_some() {
            return Err(Refused::NoRoute);
        }
        accounting.routes = routes;
        let is_held = accounting.is_held;
        let items =
            deliveries.iter().map(|d| (d.id, d.destination.clone(), d.purpose.clone(), d.deadline));
        let items = items.collect();
        let command = Accept {
            reference: reference.or_else(|| record.text(&schema, "reference").map(str::to_owned)),
            record: record::write(&record, &schema),
            envelope: envelope.clone(),
            accounting,
            deliveries,
            idempotency: None,
            effect,
        };
        Ok((command, Pending { envelope, record, items, directs, is_held }))
    }

    /// What tells of messages of a region once they are durable.
    pub(super) fn telling(&self, region: &Region) -> Telling {
        Telling {
            gate: self.gate.clone(),
            bus: self.bus.clone(),
            bell: self.bell.clone(),
            relay: self.relay.clone(),
            generation: region.generation.clone(),
        }
    }

    /// Accepts again what was accepted before: the same record, a new message linked to it; to all
    /// of today's recipients, or only to one.
    pub(crate) async fn accept_again(
        &self,
        region: &Region,
        envelope: Envelope,
        record: Record,
        schema: Arc<Schema>,
        only: Option<&SystemId>,
    ) -> Result<Receipt, Refused> {
        let accounting = Accounting::default();
        let prepared = Prepared::new(envelope, record, schema, accounting);
        self.commit(region, prepared, None, only.map_or(Way::Routes, Way::To)).await
    }
}

/// Tells gate and dispatchers of a message that is durable now.
pub(super) struct Telling {
    gate: Arc<Gate>,
    bus: Arc<Bus<Item>>,
    bell: Arc<Bell>,
    relay: Arc<Relay>,
    generation: GenerationId,
}

impl Telling {
    pub(super) fn tell(&self, pending: Pending, accepted: &Accepted) {
        let Pending { envelope, record, items, directs, is_held } = pending;
        if let Some(client) = envelope.subject.as_ref().filter(|_| directs) {
            self.gate.forget(client);
            self.bus.client_changed(client);
            self.bell.ring_for(client);
        }
        self.relay.ring();
        if is_held {
            return;
        }
        let generation = self.generation.clone();
        let carried = Arc::new(Carried { envelope, record, generation });
        let after = accepted.after.iter().copied().chain(repeat(None));
        let places = accepted.deliveries.iter().zip(after);
        for ((id, destination, purpose, deadline), (seq, after)) in items.into_iter().zip(places) {
            let item = Item::fresh(*seq, id, purpose, deadline, carried.clone(), accepted.seq);
            self.bus.publish(&destination, Wake::Fresh(item.coming_after(after)));
        }
    }
}

pub(super) fn receipt(accepted: &Accepted, directs: bool) -> Receipt {
    Receipt {
        message: accepted.message,
        deliveries: accepted.count,
        in_flight: directs.then_some(accepted.in_flight),
        plan: accepted.plan,
        directive: accepted.directive,
        unmapped: 0,
        is_repeat: accepted.seq.is_none(),
    }
}
