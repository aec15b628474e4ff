//! What a hub asks of whatever carries its hints.

use futures::future::BoxFuture;
use luotsi_model::SystemId;
use tokio::sync::watch;

use super::{Condition, Hearing, Hint};

/// Carries hints between hubs. It may lose them, repeat them, be late with them and bring them in any
/// order: what must not happen then, the journal prevents.
pub trait Transport: Send + Sync {
    /// As [`Broker::announce`](super::Broker::announce): what it has confirmed.
    fn announce(&self, hints: Vec<Hint>) -> BoxFuture<'_, Vec<i64>>;

    /// As [`Broker::hear`](super::Broker::hear).
    fn hear(&self, lane: SystemId) -> Hearing;

    /// As [`Broker::add_lane`](super::Broker::add_lane).
    fn add_lane(&self, lane: SystemId) -> BoxFuture<'_, ()>;

    /// How it is, and each change of it.
    fn conditions(&self) -> watch::Receiver<Condition>;

    /// Messages that were no hints; one that carries nothing else has none.
    fn strangers(&self) -> u64 {
        0
    }
}
