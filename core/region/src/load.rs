//! From files to a region, or to everything that is wrong with them.

use std::{collections::BTreeMap, sync::Arc};

use luotsi_consent::Policy;
use luotsi_mapping::Mapping;
use luotsi_model::{Diagnostic, SystemId};

use crate::{Files, Region, check};
use findings::{Findings, Names};
use frame::Frame;
use packs::Packs;
use sources::Sources;
pub(crate) use words::DIRECTIVE;
use words::SYSTEM;

pub(crate) mod connections;
pub(crate) mod findings;
mod frame;
mod packs;
mod policy;
pub(crate) mod routes;
mod sets;
mod sources;
mod table;
pub(crate) mod words;

/// What loading came to.
pub struct Loaded {
    /// The region, when there is no error.
    pub region: Option<Region>,
    /// Everything found, errors and warnings, by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// Every mapping that has no error, by its pack and name.
    pub mappings: BTreeMap<String, Arc<Mapping>>,
    /// The text of every file read, by its path, for showing the places.
    pub sources: BTreeMap<String, String>,
    /// The folder of its mappings, from the region's.
    pub mappings_folder: String,
}

/// What a folder of mappings came to.
pub struct LoadedMappings {
    /// Those without an error, by pack and name: `serena/referral`.
    pub mappings: BTreeMap<String, Arc<Mapping>>,
    /// Everything found, errors and warnings, by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// The text of every file read, by its path from `folder`.
    pub sources: BTreeMap<String, String>,
}

/// Loads a folder of mappings alone: record kinds, code tables, packs.
pub fn load_mappings(files: &dyn Files) -> LoadedMappings {
    let mut sources = Sources::new(files);
    let findings = Findings::default();
    let packs = packs::read(".", &mut sources, &findings);
    LoadedMappings {
        mappings: packs.mappings,
        diagnostics: findings.into_sorted(),
        sources: sources.into_texts(),
    }
}

/// Everything read, as far as nothing is wrong with it.
pub(crate) struct Draft {
    pub(crate) frame: Frame,
    pub(crate) packs: Packs,
    pub(crate) connections: connections::Connections,
    pub(crate) routes: Vec<routes::Drafted>,
    /// Whether `routes` are all that the file declares.
    pub(crate) routes_whole: bool,
    pub(crate) policy: Option<Policy>,
}

/// Loads a region. `adapters` are the kinds of adapter this binary has.
pub fn load(files: &dyn Files, adapters: &[&str]) -> Loaded {
    let mut sources = Sources::new(files);
    let findings = Findings::default();
    let draft = draft(&mut sources, adapters, &findings);
    let mappings_folder = draft.frame.mappings.clone();
    check::check(&draft, &findings);
    let sound = findings.errors() == 0;
    let mappings = draft.packs.mappings.clone();
    let region = sound.then(|| region(draft, &sources)).flatten();
    Loaded {
        region,
        diagnostics: findings.into_sorted(),
        mappings,
        sources: sources.into_texts(),
        mappings_folder,
    }
}

fn draft(sources: &mut Sources<'_>, adapters: &[&str], findings: &Findings) -> Draft {
    let frame = frame::read(sources, findings);
    let packs = packs::read(&frame.mappings, sources, findings);
    let known = connections::Known { adapters, frame: &frame, packs: &packs };
    let connections = connections::read(sources, &known, findings);
    let systems = Names::new(&SYSTEM, connections.keys().map(ToString::to_string), true);
    let purposes = &frame.purpose_names;
    let sources_of_routes = connections.keys().map(ToString::to_string);
    let sources_of_routes = sources_of_routes.chain([SystemId::HUB.to_owned()]);
    let sources_of_routes = Names::new(&SYSTEM, sources_of_routes, true);
    let known =
        routes::Known { packs: &packs, systems: &systems, sources: &sources_of_routes, purposes };
    let (routes, routes_whole) = routes::read(sources, &known, findings);
    let known = policy::Known { purposes, kinds: &packs.kind_names, systems: &systems };
    let policy = policy::read(sources, &known, findings);
    Draft { frame, packs, connections, routes, routes_whole, policy }
}

fn region(draft: Draft, sources: &Sources<'_>) -> Option<Region> {
    let Draft { frame, packs, connections, routes, policy, .. } = draft;
    let sound = connections.into_iter().filter_map(|(system, drafted)| Some((system, drafted?)));
    Some(Region {
        name: frame.name,
        generation: sources.generation(),
        languages: frame.languages,
        controllers: frame.controllers,
        organisations: frame.organisations,
        purposes: frame.purposes,
        service_tasks: frame.service_tasks,
        schemas: packs.schemas,
        mappings: packs.mappings,
        connections: sound.map(|(system, drafted)| (system, drafted.connection)).collect(),
        routes: routes.into_iter().map(|drafted| drafted.route).collect(),
        policy: policy?,
        acknowledge: frame.acknowledge,
    })
}
