//! The alert of its own that a disclosure in an emergency raises.

use luotsi_consent::{Basis, Grant};
use luotsi_model::{Categories, DirectiveId, SystemId};

use crate::Metrics;

/// A permit that nothing but an emergency gave. The log marks it by its ground; this tells it to
/// whoever watches.
pub(crate) struct Alarm {
    directive: Option<DirectiveId>,
}

impl Alarm {
    /// The alarm to raise once the intent is durable, if there is one.
    pub(crate) fn of(grant: &Grant) -> Option<Self> {
        let others = grant.grounds.iter().filter(|ground| ground.basis != Basis::Emergency);
        let without = others.fold(Categories::NONE, |all, ground| all.union(ground.categories));
        let needed = grant.grounds.iter().find(|ground| {
            ground.basis == Basis::Emergency && !ground.categories.difference(without).is_empty()
        })?;
        Some(Self { directive: needed.directive.as_ref().map(|(id, _)| id.clone()) })
    }

    /// A metric and a warning, without a word about the client or the person named.
    pub(crate) fn raise(&self, metrics: &Metrics, to: &SystemId) {
        metrics.emergency(to);
        let directive = self.directive.as_ref().map(DirectiveId::as_str);
        tracing::warn!(target: "luotsi::emergency", system = %to, directive, "disclosed in an emergency");
    }
}
