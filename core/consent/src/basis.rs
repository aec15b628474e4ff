//! On what ground a recipient may have a client's data.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A legal basis that a policy rule may name. Prohibition is none: it stands over them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Use within one controller's register (703/2023): recipient and record share the controller.
    SameRegister,
    /// The client's explicit consent, scoped by its provisions.
    Consent,
    /// Luovutuslupa: the client's permission within one sector, after she was informed, and within
    /// a client relationship.
    DisclosurePermission,
    /// Ostopalvelu: what an organiser's agreement lets its producer see and store.
    PurchasedService,
    /// Palveluseteli: the organiser stays the controller of what the voucher's provider does.
    Voucher,
    /// An authority's right by law, for a stated reason.
    Statutory,
    /// Somebody acts for the client: a named mandate, or a guardian of a minor.
    Mandate,
    /// A named person's need in an emergency, until it expires.
    Emergency,
    /// There is no client: advice without identity (neuvonta) needs no basis and joins no record.
    NoSubject,
}

impl Basis {
    /// Every basis.
    pub const ALL: [Self; 9] = [
        Self::SameRegister,
        Self::Consent,
        Self::DisclosurePermission,
        Self::PurchasedService,
        Self::Voucher,
        Self::Statutory,
        Self::Mandate,
        Self::Emergency,
        Self::NoSubject,
    ];

    /// The name used in files, metrics and the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SameRegister => "same-register",
            Self::Consent => "consent",
            Self::DisclosurePermission => "disclosure-permission",
            Self::PurchasedService => "purchased-service",
            Self::Voucher => "voucher",
            Self::Statutory => "statutory",
            Self::Mandate => "mandate",
            Self::Emergency => "emergency",
            Self::NoSubject => "no-subject",
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No basis has this name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown legal basis")]
pub struct Unknown;

impl FromStr for Basis {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Self::ALL.into_iter().find(|basis| basis.as_str() == text).ok_or(Unknown)
    }
}
