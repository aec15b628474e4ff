//! Which refusals have been looked at, and on which directives.
//!
//! What a sender's own directives do not explain is not explained until directives change. Looked at anew
//! each second, thousands that wait for their time would keep the hub and its database busy.

use std::collections::{BTreeSet, HashMap};

use luotsi_journal::read::UntoldRefusal;
use luotsi_model::ClientRef;

/// The epochs of the clients' directives at the latest look, by the places of the deliveries; `None`: there
/// has been none.
#[derive(Default)]
pub(super) struct Known(Option<HashMap<i64, u64>>);

impl Known {
    pub(super) const fn is_nothing(&self) -> bool {
        self.0.is_none()
    }

    /// The clients about whom there is something that is not known.
    pub(super) fn news(&self, found: &[UntoldRefusal]) -> BTreeSet<ClientRef> {
        let known = |one: &UntoldRefusal| self.0.as_ref()?.get(&one.delivery).copied();
        let new = found.iter().filter(|one| known(one) != Some(one.epoch));
        new.map(|one| one.client.clone()).collect()
    }

    /// All of these have been looked at, and what is not among them is told.
    pub(super) fn learn(&mut self, found: &[UntoldRefusal]) {
        self.0 = Some(found.iter().map(|one| (one.delivery, one.epoch)).collect());
    }
}
