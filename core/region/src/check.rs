//! What no file shows alone: whether the files of a region fit together.

use std::{collections::BTreeMap, ops::Range};

use luotsi_model::{Purpose, SystemId};

use crate::{
    Destination,
    load::{
        Draft, connections,
        findings::{Findings, Place},
        routes,
    },
};

mod back;
mod gate;
mod permissive;
mod recall;
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
    back::check(&view, findings);
    recall::check(&view, findings);
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
    at: Range<usize>,
    purpose: &'d Purpose,
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
        let is_target =
            |to: &Destination| matches!(to, Destination::System { system, .. } if system == target);
        let reaching =
            self.draft.routes.iter().filter(|route| route.route.to.iter().any(is_target));
        distinct(reaching.flat_map(|route| self.sources(route)))
    }

    /// Whether records of the route's kind answer something.
    fn is_answer(&self, route: &routes::Drafted) -> bool {
        let schema = self.draft.packs.schemas.get(&route.route.kind);
        schema.is_some_and(|schema| schema.task.is_some())
    }

    /// The systems that the hub answers itself where it refuses what they send.
    fn refusable(&self) -> Vec<&'d connections::Drafted> {
        let routes = self.draft.routes.iter().filter(|route| !self.is_answer(route));
        distinct(routes.flat_map(|route| self.sources(route)))
    }

    /// The systems in whose controllers' registers a record of this route can belong: the sources,
    /// or for an answer, whoever sent what it answers.
    fn owners(&self, route: &'d routes::Drafted) -> Vec<&'d connections::Drafted> {
        let sources = self.sources(route);
        if !self.is_answer(route) {
            return sources;
        }
        let refused = if route.route.takes_from_hub() { self.refusable() } else { Vec::new() };
        let asked = sources.iter().flat_map(|source| self.askers(&source.connection.system));
        distinct(asked.chain(refused))
    }

    /// Every send that the routes can make.
    fn sends(&self) -> Vec<Send<'d>> {
        self.draft.routes.iter().flat_map(|route| self.sends_of(route)).collect()
    }

    fn sends_of(&self, route: &'d routes::Drafted) -> Vec<Send<'d>> {
        let owners = self.owners(route);
        let mut sends = Vec::new();
        for (to, at) in route.route.to.iter().zip(&route.to_at) {
            let purpose = to.purpose();
            let mut send = |recipient, owners, is_answer| {
                sends.push(Send { route, at: at.clone(), purpose, recipient, owners, is_answer });
            };
            match to {
                Destination::System { system, .. } => {
                    let recipient = self.systems.get(system).copied();
                    recipient.into_iter().for_each(|to| send(to, owners.clone(), false));
                }
                Destination::Answer { .. } => {
                    owners.iter().for_each(|asker| send(asker, vec![asker], true));
                }
            }
        }
        sends
    }
}

fn distinct<'d>(
    systems: impl Iterator<Item = &'d connections::Drafted>,
) -> Vec<&'d connections::Drafted> {
    let by_name: BTreeMap<_, _> = systems.map(|s| (&s.connection.system, s)).collect();
    by_name.into_values().collect()
}
