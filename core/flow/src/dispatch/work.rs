//! Sending to one system, as the lane that it is.

use std::sync::{Arc, Weak};

use luotsi_model::SystemId;
use luotsi_port::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::{SWEEP, hear};
use crate::{
    Flow,
    watch::{Turn, Work},
};

/// The dispatcher of one system, wherever it runs.
pub(crate) struct Dispatching {
    /// Not held: the flow holds its lanes.
    pub(crate) flow: Weak<Flow>,
    pub(crate) system: SystemId,
}

impl Work for Dispatching {
    fn run(self: Arc<Self>, turn: Turn, stop: CancellationToken) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let Some(flow) = self.flow.upgrade() else { return };
            // What the owner before left open is settled before anything is sent: the order holds.
            if turn.is_shared() && !settled(&flow, &self.system, &turn, &stop).await {
                return;
            }
            let end = flow.bus.add(self.system.clone());
            let heard = hear::hear(&flow, &self.system, &turn, &stop);
            let send =
                super::run(flow.clone(), self.system.clone(), end, turn.clone(), stop.clone());
            tokio::join!(heard, send);
            flow.bus.remove(&self.system);
        })
    }
}

/// Settles what stands open on the lane; whether that came about before `stop`.
async fn settled(flow: &Flow, system: &SystemId, turn: &Turn, stop: &CancellationToken) -> bool {
    loop {
        let Err(error) = flow.recover(Some(system.clone()), turn.fence()).await else {
            return true;
        };
        tracing::error!(%error, %system, "what stands open is not settled yet");
        tokio::select! {
            biased;
            () = stop.cancelled() => return false,
            () = flow.clock.sleep_until(flow.clock.now() + SWEEP) => {}
        }
    }
}
