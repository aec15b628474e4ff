//! What other hubs tell the owner of a lane: over the broker, or by the outbox itself where there is
//! none.

use luotsi_bus::{
    Wake,
    broker::{Broker, Heard},
};
use luotsi_journal::{Error, command::Told, read};
use luotsi_model::SystemId;
use tokio_util::sync::CancellationToken;

use super::SWEEP;
use crate::{Flow, watch::Turn};

/// Rows of the outbox looked at in one go.
const BATCH: usize = 64;

/// Hands on what is told until `stop`, or until the lane may be another's: what is struck out after
/// that would be told to nobody.
pub(super) async fn hear(flow: &Flow, system: &SystemId, turn: &Turn, stop: &CancellationToken) {
    if !turn.is_shared() {
        return;
    }
    let listening = async {
        match flow.relay.broker() {
            Some(broker) => over(flow, system, broker).await,
            None => by_the_outbox(flow, system, turn).await,
        }
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        _over = turn.within(&*flow.clock, listening) => {}
    }
}

async fn over(flow: &Flow, system: &SystemId, broker: &Broker) {
    let mut hearing = broker.hear(system.clone());
    loop {
        match hearing.next().await {
            Heard::Hints { places, receipt } => {
                flow.bus.publish(system, Wake::Look(places));
                receipt.taken().await;
            }
            // What was confirmed, and struck out, may be gone with its queue.
            Heard::Missed => flow.bus.publish(system, Wake::Journal),
        }
    }
}

async fn by_the_outbox(flow: &Flow, system: &SystemId, turn: &Turn) {
    loop {
        match look(flow, system, turn).await {
            Ok(BATCH) => continue,
            Ok(_) => {}
            Err(error) => tracing::error!(%error, %system, "cannot look at what others tell"),
        }
        flow.clock.sleep_until(flow.clock.now() + SWEEP).await;
    }
}

async fn look(flow: &Flow, system: &SystemId, turn: &Turn) -> Result<usize, Error> {
    let asked = system.clone();
    let told = flow.journal.read(move |c| read::outbox_to(c, &asked, BATCH)).await?;
    if told.is_empty() {
        return Ok(0);
    }
    flow.bus
        .publish(system, Wake::Look(told.iter().flat_map(|row| row.deliveries.clone()).collect()));
    let rows = told.iter().map(|row| row.seq).collect();
    flow.journal.write(Told { rows, fence: turn.fence() }).await?;
    Ok(told.len())
}
