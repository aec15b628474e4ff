//! A small region without a fault, to be broken.

use luotsi_region::Tree;

pub(crate) const ADAPTERS: &[&str] = &["fhir", "plan", "serena", "webhook"];

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../good/", $path)))),+]
    };
}

pub(crate) const GOOD: &[(&str, &str)] = files![
    "region.toml",
    "routes.toml",
    "policy.toml",
    "connections/club.toml",
    "connections/desk.toml",
    "mappings/codes/services.csv",
    "mappings/in/answer.toml",
    "mappings/in/referral.toml",
    "mappings/out/answer.toml",
    "mappings/out/recall.toml",
    "mappings/out/referral.toml",
    "mappings/records/answer.toml",
    "mappings/records/recall.toml",
    "mappings/records/referral.toml",
];

/// The good region with one file passed through `change`.
pub(crate) fn changed(change: impl Fn(&str, &str) -> Option<Vec<u8>>) -> Tree {
    let files = GOOD.iter().filter_map(|(path, text)| Some((path, change(path, text)?)));
    files.fold(Tree::default(), |tree, (path, bytes)| tree.with(path, bytes))
}
