//! Who can answer whom: an answer goes back along the delivery it answers, and belongs to the
//! register of what was sent first.

use std::collections::BTreeSet;

use luotsi_model::{OrganisationId, SystemId};

use crate::{Connection, Destination, Region, Route};

/// `asker` can send `performer` a record of the register of `owner`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Thread<'r> {
    pub(super) asker: &'r SystemId,
    pub(super) performer: &'r SystemId,
    pub(super) owner: &'r OrganisationId,
}

/// The systems from which the route can get a record, in the order of their names.
pub(super) fn sources<'r>(region: &'r Region, route: &'r Route) -> Vec<&'r Connection> {
    let named = region
        .connections
        .values()
        .filter(|c| route.from.is_empty() || route.from.contains(&c.system));
    let gives = |c: &&Connection| {
        let mappings = c.intake.iter().flat_map(|intake| &intake.mappings);
        mappings.into_iter().any(|mapping| mapping.reads() && mapping.schema().kind == route.kind)
    };
    named.filter(gives).collect()
}

/// Whether records of the route's kind answer something.
pub(super) fn is_answer(region: &Region, route: &Route) -> bool {
    region.schema(&route.kind).is_some_and(|schema| schema.task.is_some())
}

/// Every thread that routes can spin. An answer may itself be answered, so this goes on until
/// nothing is added; there are finitely many.
pub(super) fn threads(region: &Region) -> BTreeSet<Thread<'_>> {
    let mut threads = BTreeSet::new();
    loop {
        let more: Vec<_> =
            region.routes.iter().flat_map(|route| spun(region, route, &threads)).collect();
        let known = threads.len();
        threads.extend(more);
        if threads.len() == known {
            return threads;
        }
    }
}

fn spun<'r>(
    region: &'r Region,
    route: &'r Route,
    threads: &BTreeSet<Thread<'r>>,
) -> Vec<Thread<'r>> {
    let mut spun = Vec::new();
    for source in sources(region, route) {
        for (owner, asker) in origins(region, route, source, threads) {
            let to = route.to.iter().filter_map(|to| recipient(to, asker));
            spun.extend(to.map(|performer| Thread { asker: &source.system, performer, owner }));
        }
    }
    spun
}

/// The registers that a record from `source` can belong to, each with who asked for it, if it is an
/// answer.
pub(super) fn origins<'r>(
    region: &'r Region,
    route: &Route,
    source: &'r Connection,
    threads: &BTreeSet<Thread<'r>>,
) -> Vec<(&'r OrganisationId, Option<&'r SystemId>)> {
    if !is_answer(region, route) {
        return vec![(&source.recipient.controller, None)];
    }
    let own = threads.iter().filter(|thread| *thread.performer == source.system);
    own.map(|thread| (thread.owner, Some(thread.asker))).collect()
}

/// Whereto: a record that answers nothing goes nowhere by an `answer` destination.
pub(super) fn recipient<'r>(
    to: &'r Destination,
    asker: Option<&'r SystemId>,
) -> Option<&'r SystemId> {
    match to {
        Destination::System { system, .. } => Some(system),
        Destination::Answer { .. } => asker,
    }
}
