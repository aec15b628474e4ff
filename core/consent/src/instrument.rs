//! The sorts of document that stand on record for a client, each with exactly what it needs.

use std::fmt;

use jiff::Timestamp;
use luotsi_model::{ClientRef, DirectiveId, OrganisationId};
use serde::{Deserialize, Serialize};

use crate::{Basis, Sector};

/// What sort of document a directive is. The scope of each is its provisions.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "sort", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Instrument {
    /// The client's own will: a consent or a prohibition (kielto), as its root provision says.
    #[default]
    Will,
    /// Luovutuslupa: voluntary, open-ended, revocable; one for each sector.
    DisclosurePermission {
        /// Within which sector.
        sector: Sector,
        /// When the client was informed (informointi); before that it is not valid.
        informed: Option<Timestamp>,
        /// Whether its recorder attests an existing client relationship.
        relationship: bool,
    },
    /// Ostopalvelu: an organiser buys a service from a producer (Kanta's OSVA).
    PurchasedService {
        /// The agreement's id.
        agreement: String,
        /// The controller that organises the service.
        organiser: OrganisationId,
        /// The organisation that produces it.
        producer: OrganisationId,
        /// Whether the producer may see the organiser's records of the client.
        see: bool,
        /// Whether the producer may store into the organiser's register.
        store: bool,
    },
    /// Palveluseteli.
    Voucher {
        /// The public controller that organises the service, and stays the controller.
        organiser: OrganisationId,
        /// The organisation that produces it.
        producer: OrganisationId,
    },
    /// Valtakirja: somebody acts for the client.
    Mandate {
        /// Who acts.
        delegate: ClientRef,
        /// What shows that she may: an id in the register of mandates, or of a document seen.
        evidence: String,
    },
    /// Hätätilanne. It holds only with an end of its own.
    Emergency {
        /// Who needs the data, by name.
        person: Person,
        /// Why.
        reason: String,
    },
    /// Turvakielto: address and phone go only to those entitled, whatever the basis.
    ProtectedAddress,
    /// What holds between a minor and her guardians.
    Minor {
        /// Whether guardians may see.
        to_guardians: ToGuardians,
        /// Whether custody is split, so that no guardian acts alone.
        custody_split: bool,
    },
}

impl Instrument {
    /// The name of the sort, as it is stored.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Will => "will",
            Self::DisclosurePermission { .. } => "disclosure-permission",
            Self::PurchasedService { .. } => "purchased-service",
            Self::Voucher { .. } => "voucher",
            Self::Mandate { .. } => "mandate",
            Self::Emergency { .. } => "emergency",
            Self::ProtectedAddress => "protected-address",
            Self::Minor { .. } => "minor",
        }
    }

    /// The same without names and free text: for whoever may see how things work and not whom they
    /// concern.
    #[must_use]
    pub fn without_values(self) -> Self {
        match self {
            Self::Emergency { .. } => {
                Self::Emergency { person: Person::new("[person]"), reason: "[reason]".into() }
            }
            other => other,
        }
    }

    /// The basis that such a document can be the ground of; protections are the ground of none.
    pub const fn basis(&self) -> Option<Basis> {
        match self {
            Self::Will => Some(Basis::Consent),
            Self::DisclosurePermission { .. } => Some(Basis::DisclosurePermission),
            Self::PurchasedService { .. } => Some(Basis::PurchasedService),
            Self::Voucher { .. } => Some(Basis::Voucher),
            Self::Mandate { .. } => Some(Basis::Mandate),
            Self::Emergency { .. } => Some(Basis::Emergency),
            Self::ProtectedAddress | Self::Minor { .. } => None,
        }
    }
}

/// Whether a minor's data may be shown to her guardians: the four codes of
/// `1.2.246.537.5.40202.201901`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToGuardians {
    /// 1: she is not capable of deciding; disclosed.
    NotCapable,
    /// 2: she is capable and allows it.
    Allowed,
    /// 3: she is capable and denies it.
    Denied,
    /// 4: her capability is not known; not disclosed.
    Unknown,
}

impl ToGuardians {
    /// By its code.
    pub fn of_code(code: &str) -> Option<Self> {
        match code {
            "1" => Some(Self::NotCapable),
            "2" => Some(Self::Allowed),
            "3" => Some(Self::Denied),
            "4" => Some(Self::Unknown),
            _ => None,
        }
    }
}

/// Who gave a directive. Whoever acts beyond her power can hold back and never let through.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case", deny_unknown_fields)]
pub enum GivenBy {
    /// The client.
    #[default]
    Client,
    /// A guardian of hers.
    Guardian,
    /// Somebody with her mandate; then no further than that mandate reaches.
    Delegate {
        /// The id of the mandate.
        mandate: DirectiveId,
    },
}

/// A person's name: stored and reported to those entitled, never shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Person(String);

impl Person {
    /// By name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name, for the few places that must tell it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[person]")
    }
}
