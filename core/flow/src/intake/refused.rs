//! Why a message was not taken in.

use luotsi_journal::command::{self, Rejected};
use luotsi_mapping::Fault;
use luotsi_model::task::Illegal;

/// A refusal before acceptance. It names places and fields, never values; the sender still has its
/// message, and nothing of it was kept.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// The connection takes nothing in.
    #[error("this connection takes nothing in")]
    NoIntake,
    /// Not a document of the declared format.
    #[error("the document cannot be read: {} at {}:{}", .0.why, .0.line, .0.column)]
    Unreadable(Box<Fault>),
    /// A document, but it does not map.
    #[error("the document does not fit its mapping, in {} places", .0.len())]
    Unmappable(Vec<Fault>),
    /// Rows of a table that cannot be taken in; so none of it was.
    #[error("{count} of {of} rows cannot be taken in, and so none was")]
    Rows {
        /// How many.
        count: usize,
        /// Of how many.
        of: usize,
        /// What is wrong with each, by its line or row.
        faults: Vec<Fault>,
    },
    /// The key came with another body before.
    #[error("this Idempotency-Key was used with another body")]
    KeyReused,
    /// The task cannot take that step.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// The sender has no such task. The same whether there is none or it is another's.
    #[error("there is no such task")]
    UnknownTask,
    /// The client has no such directive.
    #[error("there is no such directive of this client to take back")]
    UnknownDirective,
    /// The connection records no directives.
    #[error("this connection records no directives")]
    NoConsents,
    /// A FHIR consent that is not understood, by its elements' FHIRPaths.
    #[error("the consent is not understood, in {} places", .0.len())]
    NotUnderstood(Vec<Fault>),
    /// The sender has recorded no such directive. The same whether there is none or it is another's.
    #[error("there is no such directive")]
    UnknownConsent,
    /// The directive has been changed since it was read.
    #[error("the directive is at version {0}")]
    DirectiveVersion(u32),
    /// A plan or a directive must name its client.
    #[error("the document names no client")]
    NoSubject,
    /// No route takes it: it would be accepted and reach nobody.
    #[error("no route of the region takes this record")]
    NoRoute,
    /// The client has no such plan. The same whether there is none or it is another's.
    #[error("there is no such plan")]
    UnknownPlan,
    /// The plan has been changed since it was read.
    #[error("the plan is at version {}", .0.version)]
    PlanVersion(command::Stale),
    /// A notice of the hub's own that is no longer owed.
    #[error("the notice is no longer owed")]
    NotOwed,
    /// Nothing more is taken in until the broker takes what is to be told: the sender must try again.
    #[error("{0}")]
    Broker(String),
    /// It could not be made durable: the sender must try again.
    #[error(transparent)]
    Journal(#[from] luotsi_journal::Error),
}

impl Refused {
    pub(crate) fn unreadable(fault: Fault) -> Self {
        Self::Unreadable(Box::new(fault))
    }

    /// A stable code, each with a page.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoIntake => "no-intake",
            Self::Unreadable(fault) => fault.code,
            Self::Unmappable(_) => "does-not-map",
            Self::Rows { .. } => "bad-rows",
            Self::KeyReused => "idempotency-key-reused",
            Self::Illegal(_) => "illegal-transition",
            Self::UnknownTask => "unknown-task",
            Self::UnknownDirective => "unknown-directive",
            Self::NoConsents => "no-consents",
            Self::NotUnderstood(_) => "not-understood",
            Self::UnknownConsent => "not-found",
            Self::DirectiveVersion(_) => "version-conflict",
            Self::NoSubject => "no-subject",
            Self::NoRoute => "no-route",
            Self::UnknownPlan => "unknown-plan",
            Self::PlanVersion(_) => "version-conflict",
            Self::NotOwed => "not-owed",
            Self::Broker(_) => "broker-away",
            Self::Journal(_) => "not-durable",
        }
    }

    /// The places of the document at fault.
    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::Unreadable(fault) => std::slice::from_ref(fault),
            Self::Unmappable(faults) | Self::NotUnderstood(faults) | Self::Rows { faults, .. } => {
                faults
            }
            _ => &[],
        }
    }
}

impl From<Rejected> for Refused {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::KeyReused => Self::KeyReused,
            Rejected::Illegal(illegal) => Self::Illegal(illegal),
            Rejected::UnknownDirective => Self::UnknownDirective,
            Rejected::DirectiveVersion(version) => Self::DirectiveVersion(version),
            Rejected::PlanVersion(stale) => Self::PlanVersion(stale),
            Rejected::NotOwed => Self::NotOwed,
        }
    }
}
