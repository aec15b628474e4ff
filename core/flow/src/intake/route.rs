//! Which recipients, for which purpose (content-based router).

use std::collections::HashSet;

use luotsi_journal::{command::NewDelivery, read};
use luotsi_model::{DeliveryId, Envelope, Purpose, Record, SystemId};
use luotsi_region::{Destination, Region};

use super::Refused;
use crate::Flow;

/// Which way a message goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way<'w> {
    /// By every route that takes it.
    Routes,
    /// By those routes, to this system alone.
    To(&'w SystemId),
    /// Straight to a system, by no route: where it goes follows from what it says.
    Straight(&'w SystemId, &'w Purpose),
    /// To nobody: it is kept.
    Nowhere,
}

/// The deliveries of a message and the names of the routes that made them. A destination that two
/// routes name for one purpose gets one delivery.
pub(super) async fn deliveries(
    flow: &Flow,
    region: &Region,
    envelope: &Envelope,
    record: &Record,
    way: Way<'_>,
) -> Result<(Vec<NewDelivery>, Vec<String>), Refused> {
    if let Way::Straight(system, purpose) = way {
        let id = DeliveryId(flow.entropy.id(envelope.received));
        let (destination, purpose) = (system.clone(), purpose.clone());
        // What it says is true now: it does not wait for a basis.
        let deadline = envelope.received;
        return Ok((vec![NewDelivery { id, destination, purpose, deadline }], Vec::new()));
    }
    if matches!(way, Way::Nowhere) {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut deliveries = Vec::new();
    let mut routes = Vec::new();
    let mut seen = HashSet::new();
    for route in region.routes_for(envelope, record) {
        routes.push(route.name.clone());
        for destination in &route.to {
            let Some(system) = resolve(flow, destination, envelope).await? else { continue };
            if matches!(way, Way::To(only) if *only != system) {
                continue;
            }
            let purpose = destination.purpose().clone();
            if seen.insert((system.clone(), purpose.clone())) {
                let deadline = envelope.received + route.wait;
                let id = DeliveryId(flow.entropy.id(envelope.received));
                deliveries.push(NewDelivery { id, destination: system, purpose, deadline });
            }
        }
    }
    Ok((deliveries, routes))
}

/// An answer goes to whoever sent what it answers; a message that answers nothing goes nowhere by
/// such a destination.
async fn resolve(
    flow: &Flow,
    destination: &Destination,
    envelope: &Envelope,
) -> Result<Option<SystemId>, Refused> {
    match (destination, envelope.answers) {
        (Destination::System { system, .. }, _) => Ok(Some(system.clone())),
        (Destination::Answer { .. }, None) => Ok(None),
        (Destination::Answer { .. }, Some(delivery)) => {
            let original = flow.journal().read(move |c| read::original(c, delivery)).await?;
            let asker = original.map(|message| message.envelope.source);
            // What answers the hub itself is taken in, and goes no further.
            Ok(asker.filter(|system| !system.is_hub()))
        }
    }
}
