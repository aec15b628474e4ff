//! The fields that some way of one region carries and none of the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use luotsi_consent::Basis;
use luotsi_model::{Category, Kind, Purpose, SystemId};
use serde::Serialize;

use super::{
    cover::{Aspect, missing},
    ways::Way,
};

/// A field that can reach a recipient as it could not, or could and no longer can.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Shift {
    /// Who gets it.
    pub recipient: SystemId,
    /// What for.
    pub purpose: Purpose,
    /// The record kind.
    pub kind: Kind,
    /// The field, by path.
    pub field: String,
    /// What it is about.
    pub category: Category,
    /// On what ground.
    pub basis: Basis,
    /// The policy rule that lets it through.
    pub rule: Arc<str>,
    /// The routes that carry it; none where the recipient reads it.
    pub routes: BTreeSet<String>,
    /// The systems it comes from.
    pub sources: BTreeSet<SystemId>,
    /// What makes it one.
    #[serde(flatten)]
    pub cause: Cause,
}

/// How far the other region is from carrying the field. The order is that of weight.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum Cause {
    /// In the other region the recipient never gets it for this purpose.
    Unreached,
    /// There it gets it on other grounds only.
    OtherBasis {
        /// Those.
        bases: BTreeSet<Basis>,
    },
    /// There it gets it on this ground too, on other terms.
    OtherTerms {
        /// In which they differ.
        differs: BTreeSet<Aspect>,
    },
}

type Bucket<'w, 'r> = (&'w SystemId, &'w Kind, &'w Purpose);

fn bucket<'w>(way: &'w Way<'_>) -> Bucket<'w, 'w> {
    (&way.send.recipient.system, way.send.kind, way.send.purpose)
}

/// What `after` carries and `before` does not, by recipient, purpose, kind, category and field.
pub(super) fn of(before: &[Way<'_>], after: &[Way<'_>]) -> Vec<Shift> {
    let mut known: BTreeMap<_, Vec<&Way<'_>>> = BTreeMap::new();
    before.iter().for_each(|way| known.entry(bucket(way)).or_default().push(way));
    let mut by_bucket: BTreeMap<_, Vec<&Way<'_>>> = BTreeMap::new();
    after.iter().for_each(|way| by_bucket.entry(bucket(way)).or_default().push(way));
    let mut found = BTreeMap::new();
    for (bucket, ways) in by_bucket {
        let known = known.get(&bucket).map_or(&[][..], Vec::as_slice);
        uncovered(known, &ways).into_iter().for_each(|(way, field, cause)| {
            add(&mut found, way, field, cause);
        });
    }
    found.into_values().collect()
}

type Uncovered<'w, 'r> = Vec<(&'w Way<'r>, &'r str, Cause)>;

fn uncovered<'w, 'r>(known: &[&Way<'_>], ways: &[&'w Way<'r>]) -> Uncovered<'w, 'r> {
    let mut found = Vec::new();
    for way in ways {
        let fields = way.fields.keys();
        let causes = fields.filter_map(|field| Some((*way, *field, cause(known, way, field)?)));
        found.extend(causes);
    }
    let freed = freed(known, ways, &found);
    found.extend(freed);
    found
}

/// Where a field widens without which nothing went, everything that it held back goes with it.
fn freed<'w, 'r>(
    known: &[&Way<'_>],
    ways: &[&'w Way<'r>],
    found: &Uncovered<'w, 'r>,
) -> Uncovered<'w, 'r> {
    let needed: BTreeSet<&str> = known.iter().flat_map(|way| &way.required).copied().collect();
    let keys: Vec<_> = found.iter().filter(|(_, field, _)| needed.contains(field)).collect();
    let mut freed = Vec::new();
    for way in ways {
        let own: Vec<_> = keys.iter().filter(|(other, ..)| is_one_send(way, other)).collect();
        for field in way.fields.keys() {
            let is_found = found.iter().any(|(w, f, _)| std::ptr::eq(*w, *way) && f == field);
            let is_freed = own.iter().any(|(_, key, _)| key != field);
            let differs = BTreeSet::from([Aspect::Needed]);
            let cause = Cause::OtherTerms { differs };
            freed.extend((is_freed && !is_found).then_some((*way, *field, cause)));
        }
    }
    freed
}

/// Whether one send can go by both ways.
fn is_one_send(one: &Way<'_>, other: &Way<'_>) -> bool {
    one.send.source.system == other.send.source.system
        && one.is_about_client == other.is_about_client
        && one.send.route.is_some() == other.send.route.is_some()
}

/// `None` when the field is carried already.
fn cause(known: &[&Way<'_>], way: &Way<'_>, field: &str) -> Option<Cause> {
    let carrying: Vec<_> = known.iter().filter(|other| other.fields.contains_key(field)).collect();
    if carrying.is_empty() {
        return Some(Cause::Unreached);
    }
    let basis = way.rule.basis;
    let same = carrying.iter().filter(|other| other.rule.basis == basis);
    let nearest = same.map(|other| missing(other, way, field)).min_by_key(Vec::len);
    match nearest {
        None => {
            let bases = carrying.iter().map(|other| other.rule.basis).collect();
            Some(Cause::OtherBasis { bases })
        }
        Some(differs) if differs.is_empty() => None,
        Some(differs) => Some(Cause::OtherTerms { differs: differs.into_iter().collect() }),
    }
}

type Key = (SystemId, Purpose, Kind, Category, String, Basis, Arc<str>);

/// One shift for all ways that differ only in route and source; the weightiest cause is told.
fn add(found: &mut BTreeMap<Key, Shift>, way: &Way<'_>, field: &str, cause: Cause) {
    let (send, rule) = (&way.send, way.rule);
    let category = way.fields[field];
    let (recipient, purpose, kind) =
        (send.recipient.system.clone(), send.purpose.clone(), send.kind.clone());
    let key = (recipient, purpose, kind, category, field.to_owned(), rule.basis, rule.name.clone());
    let shift = found.entry(key).or_insert_with_key(|key| {
        let (recipient, purpose, kind, category, field, basis, rule) = key.clone();
        let (routes, sources) = (BTreeSet::new(), BTreeSet::new());
        let cause = cause.clone();
        Shift { recipient, purpose, kind, field, category, basis, rule, routes, sources, cause }
    });
    shift.routes.extend(send.route.map(|route| route.name.clone()));
    shift.sources.insert(send.source.system.clone());
    if cause < shift.cause {
        shift.cause = cause;
    }
}
