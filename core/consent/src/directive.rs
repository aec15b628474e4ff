//! What stands on record for a client: her consents and prohibitions, and the permissions,
//! agreements and protections that the law knows beside them.
//!
//! The shape is that of the FHIR R4 Consent: a root provision that restricts the whole, and one
//! level of exceptions. Absent criteria do not constrain; criteria are joined by *and*, the values
//! of one criterion by *or*.

use std::sync::Arc;

use jiff::Timestamp;
use luotsi_model::{Categories, ClientRef, DirectiveId, Kind, Purpose, ServiceTask, SystemId};
use serde::{Deserialize, Serialize};

use crate::{GivenBy, Instrument, Request};

/// What a provision does with the data it matches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Lets through.
    Permit,
    /// Holds back.
    Deny,
}

/// Whether a directive still stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// In force, within its period.
    Active,
    /// Taken back by the client.
    Withdrawn,
}

/// A stretch of time: from `start`, up to but without `end`; open where absent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// First moment inside.
    pub start: Option<Timestamp>,
    /// First moment outside again.
    pub end: Option<Timestamp>,
}

impl Period {
    /// Whether `moment` is inside.
    pub fn contains(&self, moment: Timestamp) -> bool {
        self.start.is_none_or(|start| start <= moment) && self.end.is_none_or(|end| moment < end)
    }
}

/// One provision. Empty lists do not constrain, so a stored criterion of an unknown name is
/// refused: passed over, it would widen a consent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provision {
    /// Permit or deny.
    pub effect: Effect,
    /// When it applies.
    #[serde(default)]
    pub period: Period,
    /// Systems, organisations or controllers it speaks of, by their names in the region.
    #[serde(default)]
    pub recipients: Vec<String>,
    /// Purposes it speaks of.
    #[serde(default)]
    pub purposes: Vec<Purpose>,
    /// Record kinds it speaks of.
    #[serde(default)]
    pub kinds: Vec<Kind>,
    /// Service tasks it speaks of.
    #[serde(default)]
    pub services: Vec<ServiceTask>,
    /// Documents it speaks of, by their senders' own references.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<String>,
    /// Data categories it speaks of; empty: all.
    #[serde(default)]
    pub categories: Categories,
}

impl Provision {
    /// A provision without criteria.
    pub const fn everything(effect: Effect) -> Self {
        Self {
            effect,
            period: Period { start: None, end: None },
            recipients: Vec::new(),
            purposes: Vec::new(),
            kinds: Vec::new(),
            services: Vec::new(),
            documents: Vec::new(),
            categories: Categories::NONE,
        }
    }

    /// Whether it speaks of this recipient and this purpose.
    pub(crate) fn addresses(&self, request: &Request<'_>) -> bool {
        self.names(request.recipient) && within(&self.purposes, Some(request.purpose))
    }

    fn names(&self, recipient: &crate::Recipient) -> bool {
        let by = |name: &String| {
            name == recipient.system.as_str()
                || name == recipient.organisation.as_str()
                || name == recipient.controller.as_str()
        };
        self.recipients.is_empty() || self.recipients.iter().any(by)
    }

    /// The categories whose data it matches in this request; none when kind, service or document
    /// miss.
    pub(crate) fn data(&self, request: &Request<'_>) -> Categories {
        // Whether a record without a service task, or without a reference of its own, belongs to
        // what is prohibited cannot be decided, and what cannot be decided is held back.
        let undecidable = |unknown: bool| unknown && self.effect == Effect::Deny;
        let served =
            within(&self.services, request.service) || undecidable(request.service.is_none());
        let document = request.attested.document;
        let is_named = |asked| self.documents.iter().any(|one| one == asked);
        let named =
            self.documents.is_empty() || document.map_or_else(|| undecidable(true), is_named);
        if !served || !named || !within(&self.kinds, Some(request.kind)) {
            return Categories::NONE;
        }
        if self.categories.is_empty() { Categories::ALL } else { self.categories }
    }
}

/// A criterion with values is missed by a request that has none.
fn within<T: PartialEq>(values: &[T], asked: Option<&T>) -> bool {
    values.is_empty() || asked.is_some_and(|asked| values.contains(asked))
}

/// One directive of one client, in one version.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Directive {
    /// The id its recorder gave it.
    pub id: DirectiveId,
    /// Which version of it this is, from 1.
    pub version: u32,
    /// Whose it is.
    pub subject: ClientRef,
    /// Whether it still stands.
    pub standing: Standing,
    /// When the client gave it.
    pub given: Timestamp,
    /// The system that recorded it.
    pub recorder: SystemId,
    /// What sort of document it is, with what only that sort has.
    #[serde(default)]
    pub instrument: Instrument,
    /// Who gave it.
    #[serde(default)]
    pub given_by: GivenBy,
    /// The root provision. Of a protection, only its period counts.
    pub root: Provision,
    /// Its exceptions.
    #[serde(default)]
    pub exceptions: Vec<Provision>,
}

/// Everything one client has directed, in the latest versions, as of one epoch: the epoch moves
/// with every change to the client's directives.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Directives {
    /// Counts the changes.
    pub epoch: u64,
    /// The directives, withdrawn ones too.
    pub all: Arc<[Arc<Directive>]>,
}
