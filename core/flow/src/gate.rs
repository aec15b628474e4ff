//! The gate: finds the client's directives and asks for a permit.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use luotsi_consent::{Directives, Permit, Policy, Refusal, Request, permit};
use luotsi_journal::{Journal, read};
use luotsi_model::ClientRef;

/// Clients whose directives are kept at hand.
const KEPT_MAX: usize = 65_536;

/// Directives at hand are a shortcut and never the truth: the journal refuses an intent that was
/// decided on an epoch gone by, and the sender then asks again with [`Gate::forget`].
pub(crate) struct Gate {
    journal: Journal,
    kept: Mutex<HashMap<ClientRef, Directives>>,
}

impl Gate {
    pub(crate) fn new(journal: Journal) -> Self {
        Self { journal, kept: Mutex::new(HashMap::new()) }
    }

    /// Decides one send on the client's directives, now.
    pub(crate) async fn permit(
        &self,
        request: &Request<'_>,
        policy: &Policy,
    ) -> Result<Permit, Refusal> {
        let directives = self.directives(request.subject).await;
        permit(request, directives.as_ref(), policy)
    }

    /// What the client has directed; `None` when that cannot be read, which denies.
    pub(crate) async fn directives(&self, subject: Option<&ClientRef>) -> Option<Directives> {
        let Some(client) = subject else { return Some(Directives::default()) };
        if let Some(kept) = self.kept().get(client) {
            return Some(kept.clone());
        }
        let asked = client.clone();
        let read = self.journal.read(move |c| read::directives(c, &asked)).await;
        let found = read
            .inspect_err(|error| tracing::error!(%error, "directives unreadable: denied"))
            .ok()?;
        let mut kept = self.kept();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(client.clone(), found.clone());
        Some(found)
    }

    /// Makes the next decision about the client read the journal.
    pub(crate) fn forget(&self, client: &ClientRef) {
        self.kept().remove(client);
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<ClientRef, Directives>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod measure;
