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
    /// There is no client: advice without identity (neuvonta) needs no basis and joins no record.
    NoSubject,
}

impl Basis {
    /// Every basis.
    pub const ALL: [Self; 3] = [Self::SameRegister, Self::Consent, Self::NoSubject];

    /// The name used in files, metrics and the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SameRegister => "same-register",
            Self::Consent => "consent",
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
