//! What stands in for the machine's clock and for the systems at the far end.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use luotsi_consent::Permitted;
use luotsi_flow::Store;
use luotsi_model::{Clock, DeliveryId, Kind};
use luotsi_port::{BoxFuture, Outbound, Outgoing, PlanStore, Receipt, SendError};
use tokio::sync::watch;

/// A clock that stands until it is told another moment.
pub(super) struct Standing(watch::Sender<Timestamp>);

impl Standing {
    pub(super) fn new(at: Timestamp) -> Self {
        Self(watch::Sender::new(at))
    }

    pub(super) fn stand_at(&self, moment: Timestamp) {
        self.0.send_replace(moment);
    }
}

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    fn sleep_until(&self, moment: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut hands = self.0.subscribe();
        Box::pin(async move {
            // The sender is the clock itself, which is still there.
            let _ = hands.wait_for(|now| *now >= moment).await;
        })
    }
}

/// What the recipients took, by delivery.
#[derive(Default)]
pub(super) struct Taken(Mutex<BTreeMap<DeliveryId, (Kind, Vec<u8>)>>);

impl Taken {
    pub(super) fn of(&self, delivery: &str) -> Option<(Kind, Vec<u8>)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|(id, _)| id.to_string() == delivery).map(|(_, taken)| taken.clone())
    }
}

pub(super) struct Recipient {
    pub(super) taken: Arc<Taken>,
    /// The plan's own store takes what is sent to it.
    pub(super) plan: Option<Store>,
}

impl Outbound for Recipient {
    fn deliver(&self, parcel: Permitted<Outgoing>) -> BoxFuture<'_, Result<Receipt, SendError>> {
        let (parcel, grant) = parcel.release();
        let taken = (parcel.kind.clone(), parcel.body.to_vec());
        let mut all = self.taken.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(parcel.delivery, taken);
        drop(all);
        Box::pin(async move {
            match (&self.plan, grant.subject) {
                (Some(plan), Some(client)) => plan.merge(client, parcel.body).await,
                _ => Ok(Receipt { answer: "taken".into() }),
            }
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async { Ok(()) })
    }
}
