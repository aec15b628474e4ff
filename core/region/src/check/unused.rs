//! What works, but perhaps not as meant: parts that nothing uses, and records sent twice.

use luotsi_model::Kind;

use super::View;
use crate::{
    Destination, Route,
    load::{
        connections,
        findings::{Findings, Place},
        routes::{self, Drafted},
        words::RECALL,
    },
};

/// What the hub keeps itself; no route need take it.
const KEPT: [&str; 2] = ["directive", "plan"];

pub(super) fn check(view: &View<'_>, findings: &Findings) {
    for drafted in view.systems.values() {
        let place = Place { file: &drafted.connection.file, findings };
        idle(drafted, place);
        untaken(drafted, view, place);
        unsent(drafted, view, place);
    }
    let place = Place { file: routes::FILE, findings };
    for (at, route) in view.draft.routes.iter().enumerate() {
        unfed(route, view, place);
        unasked(route, view, place);
        view.draft.routes[..at].iter().for_each(|earlier| doubled(earlier, route, place));
    }
}

/// A connection that neither sends nor gets nor reads.
fn idle(drafted: &connections::Drafted, place: Place<'_>) {
    let connection = &drafted.connection;
    let has_part =
        connection.intake.is_some() || connection.delivery.is_some() || connection.read.is_some();
    if !has_part {
        let what = format!("`{}` does nothing", connection.system);
        let why = "it has neither [intake] nor [delivery] nor [read]";
        place.warning("LU240", 0..0, what, why, "add one of them, or remove the file");
    }
}

/// Kinds that come in and that no route takes.
fn untaken(drafted: &connections::Drafted, view: &View<'_>, place: Place<'_>) {
    let system = &drafted.connection.system;
    let takes = |route: &Drafted, kind: &Kind| {
        let route = &route.route;
        route.kind == *kind && (route.from.is_empty() || route.from.contains(system))
    };
    for (kind, span) in &drafted.intake_at.kinds {
        let taken = view.draft.routes.iter().any(|route| takes(route, kind));
        if !taken && !KEPT.contains(&kind.as_str()) {
            let what = format!("no route takes a `{kind}` from `{system}`");
            let why = "it would be refused, or go to nobody";
            let mend = "add a route, or remove the mapping";
            place.warning("LU241", span.clone(), what, why, mend);
        }
    }
}

/// Kinds that could go out and that no route sends.
fn unsent(drafted: &connections::Drafted, view: &View<'_>, place: Place<'_>) {
    let system = &drafted.connection.system;
    let sends = view.sends();
    let routed = drafted.delivery_at.iter().filter(|(kind, _)| kind.as_str() != RECALL);
    for (kind, span) in routed {
        let is_sent = sends.iter().any(|send| {
            send.recipient.connection.system == *system && send.route.route.kind == *kind
        });
        if !is_sent {
            let what = format!("no route sends a `{kind}` to `{system}`");
            let why = "the mapping is never used";
            let mend = "add a route, or remove the mapping";
            place.warning("LU240", span.clone(), what, why, mend);
        }
    }
}

/// Sources that send no record of the route's kind.
fn unfed(drafted: &Drafted, view: &View<'_>, place: Place<'_>) {
    let route = &drafted.route;
    let why = "no mapping of its [intake] reads that kind, so nothing comes this way";
    let mend = "add the mapping, or correct the route";
    for (system, span) in route.from.iter().zip(&drafted.from_at) {
        let source = view.systems.get(system);
        let is_own = system.is_hub() && route.takes_from_hub();
        if !is_own && !source.is_some_and(|source| source.intake_at.kinds.contains_key(&route.kind))
        {
            let what = format!("`{system}` sends no `{}`", route.kind);
            place.warning("LU243", span.clone(), what, why, mend);
        }
    }
    if route.from.is_empty() && view.sources(drafted).is_empty() && !route.takes_from_hub() {
        let what = format!("no system sends a `{}`", route.kind);
        let why = "no mapping of any [intake] reads that kind, so the route is never taken";
        place.warning("LU243", drafted.at.clone(), what, why, mend);
    }
}

/// Answers by systems that are never asked.
fn unasked(drafted: &Drafted, view: &View<'_>, place: Place<'_>) {
    let mut destinations = drafted.route.to.iter().zip(&drafted.to_at);
    let answer = destinations.find(|(to, _)| matches!(to, Destination::Answer { .. }));
    let Some((_, span)) = answer else { return };
    for source in view.sources(drafted) {
        let system = &source.connection.system;
        if view.askers(system).is_empty() {
            let what = format!("`{system}` has nothing to answer");
            let why = "no route sends it anything, so nobody waits for its answer";
            let mend = "add a route to it, or leave it out by `from`";
            place.warning("LU245", span.clone(), what, why, mend);
        }
    }
}

/// Two routes that take the same record to the same system.
fn doubled(earlier: &Drafted, later: &Drafted, place: Place<'_>) {
    if !may_take_the_same(&earlier.route, &later.route) {
        return;
    }
    for (to, span) in later.route.to.iter().zip(&later.to_at) {
        let Some(other) = earlier.route.to.iter().find(|other| same_recipient(to, other)) else {
            continue;
        };
        let (name, purpose) = (&earlier.route.name, other.purpose());
        let what = format!("the route {name:?} sends there too, for {purpose}");
        let why = if other.purpose() == to.purpose() {
            "a record that both take goes there once: this destination then changes nothing"
        } else {
            "a record that both take is delivered twice, as two tasks"
        };
        let mend = "part them by `when` or `from`, or keep one";
        place.warning("LU242", span.clone(), what, why, mend);
    }
}

fn may_take_the_same(one: &Route, other: &Route) -> bool {
    let share_source = one.from.is_empty()
        || other.from.is_empty()
        || one.from.iter().any(|system| other.from.contains(system));
    let excluded = one.when.iter().any(|a| other.when.iter().any(|b| a.excludes(b)));
    one.kind == other.kind && share_source && !excluded
}

fn same_recipient(one: &Destination, other: &Destination) -> bool {
    match (one, other) {
        (Destination::System { system: one, .. }, Destination::System { system: other, .. }) => {
            one == other
        }
        (Destination::Answer { .. }, Destination::Answer { .. }) => true,
        _ => false,
    }
}
