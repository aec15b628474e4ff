//! `luotsi plan`: what a changed region would disclose, beside the hub that it is meant for.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use luotsi_tests::{
    documents::{self, Referral, Scope},
    paths,
    people::{AINO, EINO},
    region::Region,
    world::World,
};
use serde_json::{Value, json};

/// In this file, this text becomes that.
type Edit = (&'static str, &'static str, &'static str);

/// Exit code, standard output, standard error.
fn plan(new: &Region, arguments: &[&str]) -> (Option<i32>, String, String) {
    let today = paths::root().join("config/mallialue");
    let mut command = Command::new(paths::luotsi());
    command.arg("plan").arg("--region").arg(new.folder()).arg("--against").arg(today);
    let output = command.args(arguments).output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn objects(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
}

fn changed(home: &Path, edits: &[Edit]) -> Region {
    let region = Region::copy(home);
    edits.iter().for_each(|(file, from, to)| region.edit(file, from, to));
    region
}

const HEALTH: Edit = (
    "policy.toml",
    "\"contact\", \"need\", \"plan\", \"administrative\"]",
    "\"contact\", \"need\", \"plan\", \"administrative\", \"health\"]",
);
const SHOWS_HEALTH: Edit = (
    "../../mappings/malli-ry/referral.toml",
    "{ at = \"data/need\",              is = \"need\" },",
    "{ at = \"data/need\",              is = \"need\" },\n  { at = \"data/health\", is = \"health\" },",
);
const NO_NEED: Edit = (
    "policy.toml",
    "\"contact\", \"need\", \"plan\", \"administrative\"]",
    "\"contact\", \"plan\", \"administrative\"]",
);

#[test]
fn the_page_says_what_changes_and_the_exit_code_how() {
    let check = |edits: &[Edit], code: i32, lines: &[&str]| {
        let home = tempfile::tempdir().expect("a folder");
        let (exit, said, errors) = plan(&changed(home.path(), edits), &[]);
        assert_eq!(exit, Some(code), "{edits:?}: {said}{errors}");
        for line in lines {
            assert!(said.lines().any(|one| one.trim_end() == *line), "{line:?} is not in\n{said}");
        }
        let wide = said.lines().find(|line| line.chars().count() > 100);
        assert_eq!(wide, None, "more than 100 columns");
        assert!(!said.contains('\u{1b}'), "no colour where nobody looks");
    };
    check(&[], 0, &["✓ the same: nothing would be disclosed otherwise"]);
    check(&[("policy.toml", "[[rule]]\nname     =", "# why\n[[rule]]\nname     =")], 0, &[]);
    check(
        &[HEALTH, SHOWS_HEALTH],
        11,
        &[
            "WIDENS: malli-ry gains health (1 field) for peer-support",
            "    + health  health  because rule \"third sector by consent\" (consent)",
            "  ~ rule third sector by consent  categories: + health",
            "  ~ mapping malli-ry/referral     writes: + health",
        ],
    );
    // A category that the mapping has no place for discloses nothing; nor does a longer wait.
    check(&[HEALTH], 10, &["~ changes, and nothing widens"]);
    check(
        &[("routes.toml", "wait = \"14d\"", "wait = \"2d\"")],
        10,
        &["  ~ route peer support  wait: 14d → 2d"],
    );
    check(&[NO_NEED], 10, &["NARROWS: malli-ry loses need (2 fields) for peer-support"]);
    check(
        &[("routes.toml", "service = [\"home-care\"]", "service = [\"home-care\", \"meals\"]")],
        11,
        &["  ~ route home care  when: + service = meals"],
    );
    check(&[BROKEN], 2, &[]);
}

/// A basis that there is none of.
const BROKEN: (&str, &str, &str) = (
    "policy.toml",
    "advice\"\nbasis      = \"no-subject\"",
    "advice\"\nbasis      = \"no-subjects\"",
);

#[test]
fn a_region_with_errors_is_shown_with_them() {
    let home = tempfile::tempdir().expect("a folder");
    let (exit, said, errors) = plan(&changed(home.path(), &[BROKEN]), &[]);
    assert_eq!((exit, said.as_str()), (Some(2), ""));
    assert!(errors.contains("LU217") && errors.contains("policy.toml:"), "{errors}");
    let (exit, _, errors) = plan(&changed(home.path(), &[]), &["--last", "9", "--data", "no/such"]);
    assert_eq!(exit, Some(2), "{errors}");
}

/// Every file of the data folder, by name, but SQLite's index of its log: whoever reads makes it.
fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(folder).expect("a data folder").flatten();
    let kept = files.filter(|file| !file.file_name().to_string_lossy().ends_with("-shm"));
    kept.map(|file| (file.path(), fs::read(file.path()).expect("a readable file"))).collect()
}

/// `message recipient before after +gained -lost`, without what the test does not speak of.
fn differences(said: &str) -> Vec<Value> {
    let messages = objects(said).into_iter().filter(|line| line["what"] == "message");
    let part = |line: Value| {
        json!([
            line["message"],
            line["recipient"],
            line["before"]["decision"],
            line["after"]["decision"],
            line["gained"],
            line["lost"]
        ])
    };
    messages.map(part).collect()
}

#[test]
fn the_last_messages_are_decided_again_and_nothing_is_written() {
    let world = World::new();
    world.accept("serena", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
    let referral = |reference, hetu| Referral::to_peer_support(reference, hetu).xml();
    let aino = world.accept("serena", &referral("L-1", AINO));
    world.reaches(&aino, "malli-ry", "delivered");
    let eino = world.accept("serena", &referral("L-2", EINO));
    for (message, to, state) in [
        (&aino, "home-care", "delivered"),
        (&aino, "plan", "delivered"),
        (&eino, "malli-ry", "waiting"),
        (&eino, "home-care", "delivered"),
        (&eino, "plan", "delivered"),
    ] {
        world.reaches(message, to, state);
    }
    let data = world.data.to_str().expect("a path").to_owned();
    let home = tempfile::tempdir().expect("a folder");
    let new = changed(home.path(), &[HEALTH, SHOWS_HEALTH]);
    let again = |new: &Region, last: &str| {
        plan(new, &["--format", "ndjson", "--last", last, "--data", &data])
    };
    let gained = json!([aino, "malli-ry", "permit", "permit", ["health"], []]);

    // Beside the running hub.
    let before = world.journal().content();
    let (exit, said, errors) = again(&new, "10");
    assert_eq!(exit, Some(11), "{said}{errors}");
    assert_eq!(differences(&said), std::slice::from_ref(&gained), "Eino's waits under both");
    let lines = objects(&said);
    let totals = lines.last().expect("a last line");
    assert_eq!((&totals["what"], &totals["messages"]), (&json!("totals"), &json!(3)));
    assert_eq!((&totals["sends"], &totals["differences"]), (&json!(6), &json!(1)));
    assert_eq!(world.journal().content(), before);
    assert_eq!(differences(&again(&new, "1").1), [Value::Null; 0], "Eino's alone");

    // Without it, not a byte changes.
    world.terminate();
    let before = bytes(&world.data);
    assert_eq!(differences(&again(&new, "10").1), [gained]);
    let more = [("routes.toml", "service = [\"peer-support\"]", "service = [\"home-care\"]")];
    let elsewhere = tempfile::tempdir().expect("a folder");
    let more = again(&changed(elsewhere.path(), &more), "10");
    let lost: Vec<_> =
        differences(&more.1).into_iter().map(|d| (d[1].clone(), d[3].clone())).collect();
    let unrouted = |system: &str| (json!(system), json!("not-routed"));
    let of_one = ["home-care", "malli-ry", "plan"].map(unrouted);
    assert_eq!(lost, [of_one.clone(), of_one].concat(), "{}", more.1);
    assert_eq!(bytes(&world.data), before);

    // Names fields, never values.
    let (_, page, _) = plan(&new, &["--last", "10", "--data", &data]);
    assert!(page.contains("THE LAST 3 MESSAGES") && page.contains("    + health"), "{page}");
    for value in ["Verenpainetauti", "Mallikas", AINO, "L-1", "S-1"] {
        assert!(!page.contains(value) && !said.contains(value), "{value}");
    }
}
