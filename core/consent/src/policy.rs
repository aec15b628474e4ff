//! The region's policy: which basis lets which sort of recipient have which categories, what for.

use std::sync::Arc;

use luotsi_model::{Categories, Kind, Purpose, SystemId};

use crate::{Basis, Recipient, Request, Sort};

/// One rule. It names the most that may ever go (minimum necessary); a directive only narrows it.
/// Empty lists of purposes, kinds and systems do not constrain; sorts must be named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Its name, shown wherever it decided.
    pub name: Arc<str>,
    /// On what ground.
    pub basis: Basis,
    /// For which sorts of recipient.
    pub sorts: Vec<Sort>,
    /// Only for these systems, where named.
    pub systems: Vec<SystemId>,
    /// For which purposes.
    pub purposes: Vec<Purpose>,
    /// For which record kinds.
    pub kinds: Vec<Kind>,
    /// Which categories at the most.
    pub categories: Categories,
    /// Whether it holds over a prohibition. Within one register a kielto has no say in law; the
    /// region states that by this flag, never by silence.
    pub over_prohibition: bool,
    /// Whether those it addresses are entitled to a protected address (turvakielto).
    pub protected_address: bool,
    /// The reason codes on which it holds; of a statutory rule only, and then one at least.
    pub reasons: Vec<Box<str>>,
}

impl Rule {
    /// Whether it speaks of this send.
    pub(crate) fn addresses(&self, request: &Request<'_>) -> bool {
        self.speaks_of(request.recipient, request.purpose, request.kind)
    }

    /// Whether it speaks of sends of this kind to this recipient for this purpose. Whether its basis
    /// holds is another question.
    pub fn speaks_of(&self, recipient: &Recipient, purpose: &Purpose, kind: &Kind) -> bool {
        self.sorts.contains(&recipient.sort)
            && (self.systems.is_empty() || self.systems.contains(&recipient.system))
            && (self.purposes.is_empty() || self.purposes.contains(purpose))
            && (self.kinds.is_empty() || self.kinds.contains(kind))
    }
}

/// All rules. What none of them grants is denied: there is no other default.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Policy {
    /// The rules, in the order of the file; the order decides nothing but who is named first.
    pub rules: Vec<Rule>,
}
