//! What is declared otherwise, noun by noun. Names only: no secret, no setting's value.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use serde::Serialize;

use crate::Region;

mod connection;
mod frame;
mod mapping;
mod policy;
mod route;

/// A declaration that is new, gone or different.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Change {
    /// What it is: `route`, `connection`, `rule`, `mapping`, `record kind`, `organisation` …
    pub noun: &'static str,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub effect: Effect,
    /// What is different of it, for one that changed.
    pub details: Vec<String>,
}

/// What became of a declaration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It is new.
    Added,
    /// It is there in both, differently.
    Changed,
    /// It is gone.
    Removed,
}

/// Every change of what the two regions declare.
pub(super) fn of(old: &Region, new: &Region) -> Vec<Change> {
    [
        route::changes(old, new),
        connection::changes(old, new),
        policy::changes(old, new),
        mapping::changes(old, new),
        frame::changes(old, new),
    ]
    .concat()
}

/// The files that say something else, by path: those whose TOML holds other values, whatever their
/// comments and form, and other files that differ at all.
pub fn files(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<String> {
    let paths: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let differs = |path: &&&String| match (old.get(**path), new.get(**path)) {
        (Some(one), Some(other)) => !says_the_same(path, one, other),
        (one, other) => one.is_some() != other.is_some(),
    };
    paths.iter().filter(differs).map(|path| (*path).clone()).collect()
}

fn says_the_same(path: &str, one: &str, other: &str) -> bool {
    let values = |text: &str| text.parse::<toml::Table>().ok();
    one == other || path.ends_with(".toml") && values(one).is_some_and(|v| Some(v) == values(other))
}

/// The changes between two sets of named things; `details` says how two of one name differ.
fn between<'a, T: 'a + ?Sized>(
    noun: &'static str,
    old: impl Iterator<Item = (String, &'a T)>,
    new: impl Iterator<Item = (String, &'a T)>,
    details: impl Fn(&T, &T) -> Vec<String>,
) -> Vec<Change> {
    let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) = (old.collect(), new.collect());
    let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let change = |name: &String| {
        let (effect, details) = match (old.get(name), new.get(name)) {
            (Some(one), Some(other)) => (Effect::Changed, details(one, other)),
            (None, _) => (Effect::Added, Vec::new()),
            (_, None) => (Effect::Removed, Vec::new()),
        };
        let is_one = effect != Effect::Changed || !details.is_empty();
        is_one.then(|| Change { noun, name: name.clone(), effect, details })
    };
    names.into_iter().filter_map(change).collect()
}

/// `label: + one, - other`; nothing for equal sets.
fn sets<T: Display + Ord>(
    label: &str,
    old: impl IntoIterator<Item = T>,
    new: impl IntoIterator<Item = T>,
) -> Option<String> {
    let (old, new): (BTreeSet<T>, BTreeSet<T>) =
        (old.into_iter().collect(), new.into_iter().collect());
    let gained = new.difference(&old).map(|name| format!("+ {name}"));
    let lost = old.difference(&new).map(|name| format!("- {name}"));
    let parts: Vec<_> = gained.chain(lost).collect();
    (!parts.is_empty()).then(|| format!("{label}: {}", parts.join(", ")))
}

/// `label: this → that`; nothing for equal values.
fn values<T: Display + PartialEq>(label: &str, old: &T, new: &T) -> Option<String> {
    (old != new).then(|| format!("{label}: {old} → {new}"))
}

/// That two values differ that are not for showing, or too long to show.
fn hidden<T: PartialEq>(label: &str, old: &T, new: &T) -> Option<String> {
    (old != new).then(|| format!("{label}: other than before"))
}
