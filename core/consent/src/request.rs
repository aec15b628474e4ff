//! The question put to the gate.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use luotsi_model::{ClientRef, Kind, OrganisationId, Purpose, ServiceTask, SystemId};
use serde::{Deserialize, Serialize};

/// What sort of recipient it is; the policy speaks of sorts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// A municipality's or wellbeing services county's own unit.
    Public,
    /// An association, a foundation, a parish.
    ThirdSector,
    /// A company.
    Private,
}

impl Sort {
    /// Every sort.
    pub const ALL: [Self; 3] = [Self::Public, Self::ThirdSector, Self::Private];

    /// The name used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::ThirdSector => "third-sector",
            Self::Private => "private",
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Sort {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == text).ok_or(())
    }
}

/// Who would get the data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recipient {
    /// The connected system.
    pub system: SystemId,
    /// The organisation that runs it.
    pub organisation: OrganisationId,
    /// The controller (rekisterinpitäjä) whose register it writes.
    pub controller: OrganisationId,
    /// What sort of organisation it is.
    pub sort: Sort,
}

/// One send, about to happen.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The client, if the record is about one.
    pub subject: Option<&'a ClientRef>,
    /// The controller whose register the record belongs to.
    pub controller: &'a OrganisationId,
    /// Who would get it.
    pub recipient: &'a Recipient,
    /// What for.
    pub purpose: &'a Purpose,
    /// What kind of record it is.
    pub kind: &'a Kind,
    /// The service task it serves.
    pub service: Option<&'a ServiceTask>,
    /// The moment of the send.
    pub now: Timestamp,
}
