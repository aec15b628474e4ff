//! Tells the one task that something may be owed.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use luotsi_model::ClientRef;
use tokio::sync::Notify;

/// A bell, and about whom it was rung.
#[derive(Default)]
pub(crate) struct Bell {
    notify: Notify,
    clients: Mutex<BTreeSet<ClientRef>>,
}

impl Bell {
    /// Something may be owed, or due otherwise than it was.
    pub(crate) fn ring(&self) {
        self.notify.notify_one();
    }

    /// The same, since the client's directives have changed or something about her was refused.
    pub(crate) fn ring_for(&self, client: &ClientRef) {
        self.note(client);
        self.ring();
    }

    /// Keeps a client for the next look, without asking for it.
    pub(super) fn note(&self, client: &ClientRef) {
        self.clients().insert(client.clone());
    }

    /// The clients that it was rung for since the last time.
    pub(super) fn take(&self) -> BTreeSet<ClientRef> {
        std::mem::take(&mut self.clients())
    }

    /// Until it rings.
    pub(super) async fn rung(&self) {
        self.notify.notified().await;
    }

    fn clients(&self) -> MutexGuard<'_, BTreeSet<ClientRef>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
