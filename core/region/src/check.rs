//! What no file shows alone: whether the files of a region fit together.

use std::collections::BTreeMap;

use luotsi_model::{Kind, SystemId};

use crate::load::{
    Draft, connections,
    findings::{Findings, Place},
    routes,
};

mod gate;
mod tokens;
mod unused;
mod ways;

/// Checks everything in the draft that is sound in itself.
pub(crate) fn check(draft: &Draft, findings: &Findings) {
    let view = View::new(draft);
    tokens::check(&view, findings);
    let place = Place { file: routes::FILE, findings };
    for send in view.sends() {
        ways::check(&send, place);
        gate::check(&send, &view, place);
    }
    gate::check_reads(&view, findings);
    if view.is_whole {
        unused::check(&view, findings);
    }
}

/// The sound parts of a draft.
struct View<'d> {
    draft: &'d Draft,
    systems: BTreeMap<&'d SystemId, &'d connections::Drafted>,
    /// Whether every connection and route is sound: only then does *none* mean none.
    is_whole: bool,
}

/// One send that a route can make.
struct Send<'d> {
    route: &'d routes::Drafted,
    at: std::ops::Range<usize>,
    purpose: &'d luotsi_model::Purpose,
    recipient: &'d connections::Drafted,
    /// The systems in whose controllers' registers the record may belong.
    owners: Vec<&'d connections::Drafted>,
    /// Whether it goes back to the sender of what it answers.
    is_answer: bool,
}

impl<'d> View<'d> {
    fn new(draft: &'d Draft) -> Self {
        let sound =
            |(system, drafted): (&'d SystemId, &'d Option<_>)| Some((system, drafted.as_ref()?));
        let systems: BTreeMap<_, _> = draft.connections.iter().filter_map(sound).collect();
        let is_whole = draft.routes_whole && systems.len() == draft.connections.len();
        Self { draft, systems, is_whole }
    }

    /// The systems from which the route can get a record.
    fn sources(&self, route: &'d routes::Drafted) -> Vec<&'d connections::Drafted> {
        let from = &route.route.from;
        let systems = self.systems.values().copied();
        let named = systems.filter(|s| from.is_empty() || from.contains(&s.connection.system));
        named.filter(|system| system.intake_at.kinds.contains_key(&route.route.kind)).collect()
    }

    /// The systems that send to `target` what it may then answer.
    fn askers(&self, target: &SystemId) -> Vec<&'d connections::Drafted> {
        let reaches = |route: &&'d routes::Drafted| {
            let to = &route.route.to;
            to.iter().any(
                |to| matches!(to, crate::Destination::System { system, .. } if system == target),
            )
        };
        let mut askers: Vec<_> = self
            .draft
            .routes
            .iter()
            .filter(reaches)
            .flat_map(|route| self.sources(route))
            .collect();
        askers.sort_by(|a, b| a.connection.system.cmp(&b.connection.system));
        askers.dedup_by(|a, b| a.connection.system == b.connection.system);
        askers
    }

    fn answers(&self, kind: &Kind) -> bool {
        self.draft.packs.schemas.get(kind).is_some_and(|schema| schema.task.is_some())
    }

    /// Every send that the routes can make.
    fn sends(&self) -> Vec<Send<'d>> {
        self.draft.routes.iter().flat_map(|route| self.sends_of(route)).collect()
    }

    fn sends_of(&self, route: &'d routes::Drafted) -> Vec<Send<'d>> {
        let sources = self.sources(route);
        // An answer belongs to the register of what it answers.
        let owners: Vec<_> = if self.answers(&route.route.kind) {
            sources.iter().flat_map(|source| self.askers(&source.connection.system)).collect()
        } else {
            sources
        };
        let mut sends = Vec::new();
        for (to, at) in route.route.to.iter().zip(&route.to_at) {
            let mut send = |recipient, owners, is_answer| {
                let purpose = to.purpose();
                sends.push(Send { route, at: at.clone(), purpose, recipient, owners, is_answer });
            };
            match to {
                crate::Destination::System { system, .. } => {
                    if let Some(recipient) = self.systems.get(system) {
                        send(recipient, owners.clone(), false);
                    }
                }
                crate::Destination::Answer { .. } => {
                    owners.iter().for_each(|asker| send(asker, vec![asker], true));
                }
            }
        }
        sends
    }
}
