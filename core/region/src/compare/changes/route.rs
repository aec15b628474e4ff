//! Routes: what they take, where they send, how long it may wait.

use luotsi_model::Schema;

use super::{Change, between, sets, values};
use crate::{Condition, Destination, Region, Route};

pub(super) fn changes(old: &Region, new: &Region) -> Vec<Change> {
    let (old, new) = (routes(old), routes(new));
    between("route", by_name(&old), by_name(&new), details)
}

/// A route with the schema that its conditions speak of.
struct Seen<'r> {
    route: &'r Route,
    schema: Option<&'r Schema>,
}

fn routes(region: &Region) -> Vec<Seen<'_>> {
    let seen = |route| Seen { route, schema: region.schema(&route.kind).map(|schema| &**schema) };
    region.routes.iter().map(seen).collect()
}

fn by_name<'s, 'r>(routes: &'s [Seen<'r>]) -> impl Iterator<Item = (String, &'s Seen<'r>)> {
    routes.iter().map(|seen| (seen.route.name.clone(), seen))
}

fn details(old: &Seen<'_>, new: &Seen<'_>) -> Vec<String> {
    let (one, other) = (old.route, new.route);
    let parts = [
        values("kind", &one.kind, &other.kind),
        sets("from", froms(one), froms(other)),
        sets("when", conditions(old), conditions(new)),
        sets("to", one.to.iter().map(destination), other.to.iter().map(destination)),
        values("wait", &wait(one), &wait(other)),
    ];
    parts.into_iter().flatten().collect()
}

/// In whole days where it is any.
fn wait(route: &Route) -> String {
    match (route.wait.as_secs() / 86_400, route.wait.as_secs() % 86_400) {
        (days, 0) => format!("{days}d"),
        _ => format!("{:#}", route.wait),
    }
}

fn froms(route: &Route) -> Vec<String> {
    if route.from.is_empty() {
        return vec!["any system".into()];
    }
    route.from.iter().map(ToString::to_string).collect()
}

fn conditions(seen: &Seen<'_>) -> Vec<String> {
    seen.route.when.iter().flat_map(|condition| condition_of(condition, seen.schema)).collect()
}

fn condition_of(condition: &Condition, schema: Option<&Schema>) -> Vec<String> {
    match condition {
        Condition::Field { field, values } => {
            let path = schema.map_or("", |schema| &schema.field(*field).path);
            values.iter().map(|value| format!("{path} = {value}")).collect()
        }
        Condition::Subject { known: true } => vec!["about a client".into()],
        Condition::Subject { known: false } => vec!["about no client".into()],
        Condition::Presence { client, mandate } => {
            let present = client.map(|_| "with the client present".into());
            present.into_iter().chain(mandate.map(|_| "by a mandate".into())).collect()
        }
    }
}

fn destination(to: &Destination) -> String {
    match to {
        Destination::System { system, purpose } => format!("{system} for {purpose}"),
        Destination::Answer { purpose } => format!("whoever asked, for {purpose}"),
    }
}
