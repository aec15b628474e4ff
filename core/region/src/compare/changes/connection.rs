//! Connections: who they are, what they may give, get and read. Settings by key: they may hold
//! secrets.

use std::collections::{BTreeMap, BTreeSet};

use luotsi_mapping::Mapping;
use luotsi_model::Kind;

use super::{Change, between, hidden, sets, values};
use crate::{Connection, Delivery, Intake, Read, Region};

pub(super) fn changes(old: &Region, new: &Region) -> Vec<Change> {
    between("connection", by_name(old), by_name(new), details)
}

fn by_name(region: &Region) -> impl Iterator<Item = (String, &Connection)> {
    region.connections.iter().map(|(system, connection)| (system.to_string(), connection))
}

fn details(old: &Connection, new: &Connection) -> Vec<String> {
    let mut parts = vec![
        values("adapter", &old.adapter, &new.adapter),
        values("organisation", &old.organisation, &new.organisation),
        settings(&old.settings, &new.settings),
    ];
    parts.extend(part("intake", old.intake.as_ref(), new.intake.as_ref(), intake));
    parts.extend(part("delivery", old.delivery.as_ref(), new.delivery.as_ref(), delivery));
    parts.extend(part("read", old.read.as_ref(), new.read.as_ref(), read));
    parts.into_iter().flatten().collect()
}

fn part<T>(
    name: &str,
    old: Option<&T>,
    new: Option<&T>,
    details: impl Fn(&T, &T) -> Vec<Option<String>>,
) -> Vec<Option<String>> {
    match (old, new) {
        (Some(old), Some(new)) => details(old, new),
        (None, Some(_)) => vec![Some(format!("[{name}]: new"))],
        (Some(_), None) => vec![Some(format!("[{name}]: gone"))],
        (None, None) => Vec::new(),
    }
}

fn settings(old: &toml::Table, new: &toml::Table) -> Option<String> {
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let differing: Vec<_> = keys.into_iter().filter(|key| old.get(*key) != new.get(*key)).collect();
    let keys = differing.iter().map(|key| key.as_str()).collect::<Vec<_>>().join(", ");
    (!keys.is_empty()).then(|| format!("[settings]: {keys} other than before"))
}

fn intake(old: &Intake, new: &Intake) -> Vec<Option<String>> {
    let names = |intake: &Intake| names(intake.mappings.iter().map(|mapping| &**mapping));
    let (one, other) = (format!("{:?}", old.format), format!("{:?}", new.format));
    vec![
        hidden("[intake] token_sha256", &old.token_sha256, &new.token_sha256),
        values("[intake] format", &one.to_lowercase(), &other.to_lowercase()),
        sets("[intake] mappings", names(old), names(new)),
        // Which of them reads a document is the first that matches.
        hidden("[intake] order of mappings", &order(names(old), &names(new)), &names(new)),
        hidden("[intake] unmapped", &old.unmapped, &new.unmapped),
        hidden("[intake] hetu", &old.hetu, &new.hetu),
        values("[intake] consents", &old.consents, &new.consents),
        values("[intake] bytes_max", &old.bytes_max, &new.bytes_max),
    ]
}

/// The new names themselves where the names are not the same ones: that is told already.
fn order(old: Vec<String>, new: &[String]) -> Vec<String> {
    let sorted = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
    if sorted(&old) == sorted(new) { old } else { new.to_vec() }
}

fn delivery(old: &Delivery, new: &Delivery) -> Vec<Option<String>> {
    vec![
        sets("[delivery] mappings", by_kind(&old.by_kind), by_kind(&new.by_kind)),
        values("[delivery] concurrency_max", &old.concurrency_max, &new.concurrency_max),
        hidden("[delivery] timeout", &old.timeout, &new.timeout),
        hidden("[delivery.retry]", &old.retry, &new.retry),
    ]
}

fn read(old: &Read, new: &Read) -> Vec<Option<String>> {
    vec![
        values("[read] purpose", &old.purpose, &new.purpose),
        values("[read] directives", &old.directives, &new.directives),
        sets("[read] mappings", by_kind(&old.by_kind), by_kind(&new.by_kind)),
    ]
}

fn by_kind(by_kind: &BTreeMap<Kind, std::sync::Arc<Mapping>>) -> Vec<String> {
    names(by_kind.values().map(|mapping| &**mapping))
}

fn names<'m>(mappings: impl Iterator<Item = &'m Mapping>) -> Vec<String> {
    mappings.map(|mapping| super::mapping::name(mapping).to_owned()).collect()
}
