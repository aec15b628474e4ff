//! Who can answer whom: an answer goes back along the delivery it answers, and belongs to the
//! register of what was sent first.

use std::{collections::BTreeSet, sync::LazyLock};

use luotsi_model::{OrganisationId, SystemId};

use crate::{Connection, Destination, Region, Route};

/// `asker` can send `performer` a record of the register of `owner`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Thread<'r> {
    pub(super) asker: &'r SystemId,
    pub(super) performer: &'r SystemId,
    pub(super) owner: &'r OrganisationId,
}

static HUB: LazyLock<SystemId> = LazyLock::new(SystemId::hub);

/// Where a record comes from.
#[derive(Clone, Copy)]
pub(super) struct Source<'r> {
    pub(super) system: &'r SystemId,
    /// Absent: the hub says it itself.
    pub(super) connection: Option<&'r Connection>,
}

impl<'r> From<&'r Connection> for Source<'r> {
    fn from(connection: &'r Connection) -> Self {
        Self { system: &connection.system, connection: Some(connection) }
    }
}

/// Where the route can get a record from: systems in the order of their names, then the hub.
pub(super) fn sources<'r>(region: &'r Region, route: &'r Route) -> Vec<Source<'r>> {
    let hub = Source { system: &HUB, connection: None };
    let own = (route.takes_from_hub() && is_answer(region, route)).then_some(hub);
    systems(region, route).into_iter().map(Source::from).chain(own).collect()
}

fn systems<'r>(region: &'r Region, route: &'r Route) -> Vec<&'r Connection> {
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
            let to = route.to.iter().filter_map(|to| recipient(to, source, asker));
            spun.extend(to.map(|performer| Thread { asker: source.system, performer, owner }));
        }
    }
    spun
}

/// The registers that a record from `source` can belong to, each with who asked for it, if it is an
/// answer. The hub answers whoever sends something, where it refuses that.
pub(super) fn origins<'r>(
    region: &'r Region,
    route: &Route,
    source: Source<'r>,
    threads: &BTreeSet<Thread<'r>>,
) -> Vec<(&'r OrganisationId, Option<&'r SystemId>)> {
    let Some(connection) = source.connection else { return senders(region) };
    if !is_answer(region, route) {
        return vec![(&connection.recipient.controller, None)];
    }
    let own = threads.iter().filter(|thread| thread.performer == source.system);
    own.map(|thread| (thread.owner, Some(thread.asker))).collect()
}

fn senders(region: &Region) -> Vec<(&OrganisationId, Option<&SystemId>)> {
    let routes = region.routes.iter().filter(|route| !is_answer(region, route));
    let systems = routes.flat_map(|route| systems(region, route));
    let distinct: BTreeSet<_> =
        systems.map(|c| (&c.recipient.controller, Some(&c.system))).collect();
    distinct.into_iter().collect()
}

/// Whereto: a record that answers nothing goes nowhere by an `answer` destination, and what the hub
/// answers itself goes to nobody but whom it answers.
pub(super) fn recipient<'r>(
    to: &'r Destination,
    source: Source<'_>,
    asker: Option<&'r SystemId>,
) -> Option<&'r SystemId> {
    match to {
        Destination::System { system, .. } => {
            (source.connection.is_some() || asker == Some(system)).then_some(system)
        }
        Destination::Answer { .. } => asker,
    }
}
