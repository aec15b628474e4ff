//! The house's own rules, held by reading the source: which way dependencies point, how long a file
//! may be, what may not stand in it, and that every invariant has its test.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use luotsi_tests::paths;
use serde_json::Value;

const LINES_MAX: usize = 400;

/// A crate of ours depends only on those of lower floors.
const FLOORS: [&[&str]; 5] = [
    &["luotsi-model"],
    &["luotsi-audit", "luotsi-consent", "luotsi-mapping"],
    &["luotsi-port", "luotsi-journal", "luotsi-bus", "luotsi-region"],
    &["luotsi-flow"],
    &["luotsi"],
];
/// All that an adapter knows of ours.
const ADAPTERS_SEE: [&str; 3] = ["luotsi-consent", "luotsi-model", "luotsi-port"];
/// Whose work is pure: no sockets, no files, no runtime.
const PURE: [&str; 4] = ["luotsi-model", "luotsi-audit", "luotsi-consent", "luotsi-mapping"];
const IMPURE: [&str; 8] =
    ["axum", "hyper", "lapin", "reqwest", "rusqlite", "tokio", "tokio-postgres", "tokio-util"];

/// Each crate of ours and what it depends on outside of its tests.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut cargo = Command::new(cargo);
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let output = cargo.current_dir(paths::root()).output().expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a name").to_owned();
    let list = |value: &Value| value.as_array().expect("a list").clone();
    list(&metadata["packages"])
        .iter()
        .map(|package| {
            let all = list(&package["dependencies"]);
            let own = all.iter().filter(|dependency| dependency["kind"].is_null());
            (text(&package["name"]), own.map(|d| text(&d["name"])).collect())
        })
        .collect()
}

fn floor(package: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&package))
}

fn is_adapter(package: &str) -> bool {
    package.starts_with("luotsi-adapter-")
}

#[test]
fn dependencies_point_one_way() {
    let all = dependencies();
    assert!(FLOORS.iter().flat_map(|f| f.iter()).all(|package| all.contains_key(*package)));
    for (package, on) in &all {
        let ours = || on.iter().filter(|name| all.contains_key(*name));
        for name in ours() {
            let goes_down = match (floor(package), floor(name)) {
                (Some(above), Some(below)) => below < above,
                (Some(above), None) => is_adapter(name) && above == FLOORS.len() - 1,
                // Adapters are judged below; the measuring tool and the tests stand outside.
                (None, _) => is_adapter(package) || name == "luotsi-model",
            };
            assert!(goes_down, "{package} must not depend on {name}");
        }
        if is_adapter(package) {
            let seen: Vec<_> = ours().map(String::as_str).collect();
            assert!(seen.iter().all(|name| ADAPTERS_SEE.contains(name)), "{package}: {seen:?}");
        }
        if PURE.contains(&package.as_str()) {
            let impure: Vec<_> = on.iter().filter(|n| IMPURE.contains(&n.as_str())).collect();
            assert!(impure.is_empty(), "{package} is pure, and depends on {impure:?}");
        }
    }
    let sql: Vec<_> = all.iter().filter(|(_, on)| on.contains("rusqlite")).collect();
    let sql: Vec<_> = sql.into_iter().map(|(package, _)| package.as_str()).collect();
    assert_eq!(sql, ["luotsi-journal", "luotsi-tests"], "all SQL lives in the journal");
}

#[test]
fn the_adapters_stand_in_one_alphabetical_slice() {
    let text = paths::text("hub/src/adapters.rs");
    let named: Vec<_> =
        text.lines().filter_map(|line| line.trim().strip_suffix("::ADAPTER,")).collect();
    assert!(named.is_sorted(), "{named:?}");
    let adapters = dependencies().into_keys().filter(|package| is_adapter(package));
    let adapters: Vec<_> = adapters.map(|package| package.replace('-', "_")).collect();
    assert_eq!(named, adapters);
}

/// Every Rust file of ours, by its path from the root.
fn sources() -> Vec<(String, String)> {
    let mut open: Vec<PathBuf> = ["adapters", "bench", "core", "hub", "tests"]
        .iter()
        .map(|folder| paths::root().join(folder))
        .collect();
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("target") {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(paths::root()).expect("below the root");
                let text = fs::read_to_string(&path).expect("UTF-8");
                found.push((name.display().to_string(), text));
            }
        }
    }
    assert!(found.len() > 100, "these are not all");
    found
}

#[test]
fn no_file_grows_too_long() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{path} has {lines} lines: give it rooms");
    }
}

/// The part of a file that is test code.
fn test_code<'t>(path: &str, text: &'t str) -> &'t str {
    let is_test = Path::new(path).components().any(|part| part.as_os_str() == "tests");
    if is_test { text } else { text.find("#[cfg(test)]").map_or("", |at| &text[at..]) }
}

#[test]
fn no_test_waits_by_the_clock_and_nothing_is_left_undone() {
    // Put together here, so that this file does not hold them itself.
    let nap = ["sle", "ep("].concat();
    let undone = [["to", "do!("], ["unimple", "mented!("]].map(|parts| parts.concat());
    for (path, text) in sources() {
        assert!(!test_code(&path, &text).contains(&nap), "{path}: wait on a condition instead");
        for word in &undone {
            assert!(!text.contains(word), "{path} holds {word}");
        }
    }
}

#[test]
fn no_file_holds_unsafe_code() {
    let word = ["uns", "afe "].concat();
    for (path, text) in sources() {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        assert!(code.clone().all(|line| !line.contains(&word)), "{path}");
    }
}

/// `docs/invariants.md` is tables: each row an invariant, and in it, in backticks, the tests that
/// hold it, as `path/of/file.rs::name_of_test`.
#[test]
fn every_invariant_has_its_test() {
    let text = paths::text("docs/invariants.md");
    let mut rows = 0;
    let mut heading = true;
    for line in text.lines() {
        let is_row = line.starts_with('|');
        // The first two lines of a table are its heading.
        let is_rule = is_row && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
        if !is_row || is_rule || heading {
            heading = !is_row || (heading && !is_rule);
            continue;
        }
        rows += 1;
        let named: Vec<_> = line.split('`').filter_map(|word| word.split_once(".rs::")).collect();
        assert!(!named.is_empty(), "no test holds: {line}");
        for (file, test) in named {
            let file = format!("{file}.rs");
            assert!(paths::root().join(&file).is_file(), "{file} is missing: {line}");
            let test = test.rsplit("::").next().unwrap_or(test);
            assert!(paths::text(&file).contains(&format!("fn {test}(")), "{test} in {file}");
        }
    }
    assert!(rows >= 20, "docs/invariants.md names {rows} invariants");
}

/// Whoever says "ADR 21" says one decision.
#[test]
fn each_decision_has_a_number_of_its_own() {
    let folder = fs::read_dir(paths::root().join("docs/adr")).expect("a folder");
    let mut numbers = BTreeSet::new();
    for file in folder {
        let name = file.expect("a file").file_name().into_string().expect("a plain name");
        let number: u32 = name[..4].parse().expect("four digits");
        assert!(numbers.insert(number), "{name}: another decision has its number");
        let title = paths::text(&format!("docs/adr/{name}"));
        assert!(title.starts_with(&format!("# {number}. ")), "{name} is headed by another number");
    }
    let last = u32::try_from(numbers.len()).expect("few");
    assert_eq!(numbers.last(), Some(&last), "none is left out");
}
