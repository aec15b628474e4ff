//! What no case exercises.

use std::collections::{BTreeMap, BTreeSet};

use luotsi_mapping::{Mapping, Place, case::Used};
use luotsi_model::diagnostic::line_column;
use serde::Serialize;

use super::find::Ground;
use crate::command::check;

/// Rules, code rows and routes, exercised and not.
#[derive(Debug, Default, Serialize)]
pub(super) struct Coverage {
    #[serde(skip)]
    packs: BTreeSet<String>,
    #[serde(skip)]
    used: BTreeMap<String, Used>,
    #[serde(skip)]
    rules: BTreeSet<String>,
    #[serde(skip)]
    routes: BTreeSet<String>,
    pub(super) coverage: Vec<Part>,
}

/// One sort of thing that cases exercise.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    /// `mapping rules`, `code rows`, `policy rules`, `routes`.
    pub(super) of: &'static str,
    pub(super) exercised: usize,
    pub(super) all: usize,
    /// What no case exercises: where it stands, and what it is.
    pub(super) missed: Vec<(String, String)>,
}

impl Coverage {
    /// A pack whose cases were run.
    pub(super) fn pack(&mut self, pack: &str) {
        self.packs.insert(pack.to_owned());
    }

    pub(super) fn add(&mut self, mapping: &str, used: Used) {
        self.used.entry(mapping.to_owned()).or_default().add(used);
    }

    /// A policy rule that let something through.
    pub(super) fn rule(&mut self, name: &str) {
        self.rules.insert(name.to_owned());
    }

    pub(super) fn route(&mut self, name: &str) {
        self.routes.insert(name.to_owned());
    }

    /// Holds what was exercised against all there is: of the packs whose cases were run, and of the
    /// region where its own were.
    pub(super) fn close(&mut self, ground: &Ground, is_whole: bool) {
        let meant: Vec<_> =
            ground.mappings.iter().filter(|(name, _)| self.is_meant(name)).collect();
        let nothing = Used::default();
        let (mut rules, mut codes) = (Part::new("mapping rules"), Part::new("code rows"));
        let mut tables = BTreeMap::new();
        let mut rows = BTreeSet::new();
        for (name, mapping) in meant {
            let used = self.used.get(name).unwrap_or(&nothing);
            let places = mapping.places();
            for place in &places {
                let is_used = used.sites.contains(&place.site);
                rules.count(is_used, || (at(mapping, place, ground), said(place)));
            }
            rows.extend(used.codes.iter().cloned());
            let tabled = places.into_iter().filter_map(|place| place.codes);
            tables.extend(tabled.map(|table| (table.name().to_owned(), table)));
        }
        for (name, table) in &tables {
            for code in table.sources() {
                let is_used = rows.contains(&(name.clone(), code.to_owned()));
                let place = || format!("codes/{name}.csv");
                codes.count(is_used, || (place(), code.to_owned()));
            }
        }
        self.coverage = vec![rules, codes];
        if let Some(region) = ground.region.as_ref().filter(|_| is_whole) {
            let (mut rules, mut routes) = (Part::new("policy rules"), Part::new("routes"));
            let place = |file: &str| check::below(&ground.root, file);
            for rule in &region.policy.rules {
                let missed = || (place("policy.toml"), rule.name.to_string());
                rules.count(self.rules.contains(&*rule.name), missed);
            }
            for route in &region.routes {
                let missed = || (place("routes.toml"), route.name.clone());
                routes.count(self.routes.contains(&route.name), missed);
            }
            self.coverage.extend([rules, routes]);
        }
    }

    fn is_meant(&self, mapping: &str) -> bool {
        mapping.split_once('/').is_some_and(|(pack, _)| self.packs.contains(pack))
    }
}

impl Part {
    fn new(of: &'static str) -> Self {
        Self { of, exercised: 0, all: 0, missed: Vec::new() }
    }

    fn count(&mut self, is_used: bool, missed: impl FnOnce() -> (String, String)) {
        self.all += 1;
        self.exercised += usize::from(is_used);
        self.missed.extend((!is_used).then(missed));
    }
}

/// `mappings/serena/referral.toml:31`.
fn at(mapping: &Mapping, place: &Place, ground: &Ground) -> String {
    let text = ground.sources.get(mapping.name()).map_or("", String::as_str);
    let (line, _) = line_column(text, place.site.start());
    format!("{}:{line}", check::below(&ground.root, mapping.name()))
}

fn said(place: &Place) -> String {
    match &place.field {
        Some(field) if place.at.is_empty() => format!("{field}, a constant"),
        Some(field) => format!("{} is {field}", place.at),
        None if place.is_ignored => format!("{} is ignored", place.at),
        None => format!("{}, given by the mapping", place.at),
    }
}
