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
    /// A service in which guardians see and act for their children. It answers for who they are.
    Guardian,
}

impl Sort {
    /// Every sort.
    pub const ALL: [Self; 4] = [Self::Public, Self::ThirdSector, Self::Private, Self::Guardian];

    /// The name used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::ThirdSector => "third-sector",
            Self::Private => "private",
            Self::Guardian => "guardian",
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

/// The sector of the services an organisation gives. A disclosure permission never crosses it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sector {
    /// Social welfare.
    Social,
    /// Health care.
    Health,
}

impl Sector {
    /// Every sector.
    pub const ALL: [Self; 2] = [Self::Social, Self::Health];

    /// The name used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Social => "social",
            Self::Health => "health",
        }
    }
}

impl FromStr for Sector {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|sector| sector.as_str() == text).ok_or(())
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
    /// The sector it serves in; a sector not declared is none.
    pub sector: Option<Sector>,
}

/// What a message, its route or its client's code attests. What is absent is not attested: a basis
/// that needs it does not hold.
#[derive(Clone, Copy, Default, Debug)]
pub struct Attested<'a> {
    /// The record's own reference, as its sender gave it: what a prohibition of a document names.
    pub document: Option<&'a str>,
    /// The reason code of a statutory right.
    pub reason: Option<&'a str>,
    /// The id of the mandate by which somebody acted for the client.
    pub mandate: Option<&'a str>,
    /// Whether the sender attests an existing client relationship.
    pub relationship: bool,
    /// The client's age in full years at the moment of the send.
    pub age: Option<u8>,
}

/// One send, about to happen.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The client, if the record is about one.
    pub subject: Option<&'a ClientRef>,
    /// The controller whose register the record belongs to.
    pub controller: &'a OrganisationId,
    /// Whose system it came from, as far as that is known.
    pub source: Option<&'a Recipient>,
    /// Who would get it.
    pub recipient: &'a Recipient,
    /// What for.
    pub purpose: &'a Purpose,
    /// What kind of record it is.
    pub kind: &'a Kind,
    /// The service task it serves.
    pub service: Option<&'a ServiceTask>,
    /// What else is attested.
    pub attested: Attested<'a>,
    /// The moment of the send.
    pub now: Timestamp,
}
