//! One generation of a region.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use luotsi_consent::{Policy, Sector, Sort};
use luotsi_mapping::Mapping;
use luotsi_model::{
    Envelope, GenerationId, Kind, OrganisationId, Purpose, Record, Schema, ServiceTask, SystemId,
    schema::Title,
};

use crate::{Connection, Route};

/// A region that holds together. Immutable: a reload makes another generation.
pub struct Region {
    /// Its name.
    pub name: String,
    /// The name of this state of its files: equal files have equal names.
    pub generation: GenerationId,
    /// Its languages, the first being the default.
    pub languages: Vec<String>,
    /// The controllers (rekisterinpitäjät), each with its title.
    pub controllers: BTreeMap<OrganisationId, Title>,
    /// The organisations that run systems.
    pub organisations: BTreeMap<OrganisationId, Organisation>,
    /// The purposes that routes, reads and directives may name.
    pub purposes: Vec<Purpose>,
    /// The region's own service tasks (palvelutehtävät).
    pub service_tasks: Vec<ServiceTask>,
    /// The record kinds.
    pub schemas: BTreeMap<Kind, Arc<Schema>>,
    /// The mappings by pack and name: `serena/referral`.
    pub mappings: BTreeMap<String, Arc<Mapping>>,
    /// The connected systems.
    pub connections: BTreeMap<SystemId, Connection>,
    /// The routes, in the order of the file.
    pub routes: Vec<Route>,
    /// The law of the gate.
    pub policy: Policy,
    /// How long a recipient has to acknowledge that it stops processing what was recalled.
    pub acknowledge: SignedDuration,
}

/// An organisation that runs systems.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Organisation {
    /// Its name to a person.
    pub title: Title,
    /// The controller whose register it writes.
    pub controller: OrganisationId,
    /// What sort it is to the policy.
    pub sort: Sort,
    /// The sector it serves in, if any.
    pub sector: Option<Sector>,
}

impl Region {
    /// The schema of a record kind.
    pub fn schema(&self, kind: &Kind) -> Option<&Arc<Schema>> {
        self.schemas.get(kind)
    }

    /// A connected system.
    pub fn connection(&self, system: &SystemId) -> Option<&Connection> {
        self.connections.get(system)
    }

    /// The mapping that writes `kind` for `system`, if it delivers that.
    pub fn delivery_mapping(&self, system: &SystemId, kind: &Kind) -> Option<&Arc<Mapping>> {
        self.connections.get(system)?.delivery.as_ref()?.by_kind.get(kind)
    }

    /// The reason code of the routes by which this message goes to that system for that purpose:
    /// the first in the order of the file.
    pub fn reason_of_route<'r>(
        &'r self,
        envelope: &'r Envelope,
        record: &'r Record,
        to: &SystemId,
        purpose: &Purpose,
    ) -> Option<&'r str> {
        let with_reason = self.routes.iter().filter(|route| route.reason.is_some());
        with_reason
            .filter(|route| route.to.iter().any(|one| one.leads_to(to, purpose)))
            .find(|route| route.takes(envelope, record))
            .and_then(|route| route.reason.as_deref())
    }

    /// Every route that takes this message, in the order of the file.
    pub fn routes_for<'r>(
        &'r self,
        envelope: &'r Envelope,
        record: &'r Record,
    ) -> impl Iterator<Item = &'r Route> {
        self.routes.iter().filter(move |route| route.takes(envelope, record))
    }
}
