//! What the gate answers.

use std::sync::Arc;

use luotsi_model::{Categories, DirectiveId};

use crate::Basis;

/// What has no basis yet, and could have one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Lack {
    /// A consent of the client that covers this recipient and purpose.
    Consent,
    /// A disclosure permission of the client in this sector.
    DisclosurePermission,
    /// An agreement between the record's organiser and the recipient.
    PurchasedService,
    /// A voucher for the recipient's service.
    Voucher,
    /// The mandate that the message names.
    Mandate,
}

/// Why nothing may go. Operations see it; the sender does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// No rule of the policy addresses this recipient, purpose and kind.
    NoRule,
    /// A rule addresses it, but its basis does not hold and no directive could make it hold.
    NoBasis,
    /// The client prohibited it.
    Prohibited,
    /// The client took her consent back.
    Withdrawn,
    /// Her consent speaks of this recipient, but not of this data.
    NotCovered,
    /// A protected address, or what holds between a minor and her guardians, stands over it.
    Protected,
    /// The directives could not be read.
    Undecidable,
}

impl Reason {
    /// The name used in the log, metrics and problem codes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoRule => "no-rule",
            Self::NoBasis => "no-basis",
            Self::Prohibited => "prohibited",
            Self::Withdrawn => "withdrawn",
            Self::NotCovered => "not-covered",
            Self::Protected => "protected",
            Self::Undecidable => "undecidable",
        }
    }
}

/// What comes of a send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Some categories may go.
    Permit,
    /// None may go yet; a directive could change that.
    Wait(Lack),
    /// None may go.
    Deny(Reason),
}

/// Why some categories may go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ground {
    /// The legal basis.
    pub basis: Basis,
    /// The policy rule.
    pub rule: Arc<str>,
    /// The directive and its version, where the basis rests on one.
    pub directive: Option<(DirectiveId, u32)>,
    /// The reason code, where the basis rests on one.
    pub reason: Option<Box<str>>,
    /// The categories it carries.
    pub categories: Categories,
}

/// The decision over one send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// What comes of it.
    pub outcome: Outcome,
    /// The categories that may go; empty unless the outcome is a permit.
    pub permitted: Categories,
    /// Why they may.
    pub grounds: Vec<Ground>,
}

impl Decision {
    pub(crate) const fn none(outcome: Outcome) -> Self {
        Self { outcome, permitted: Categories::NONE, grounds: Vec::new() }
    }
}
