//! What a newcomer runs first: `luotsi demo` and `luotsi check`.

use std::{path::Path, process::Command};

use luotsi_tests::{paths, region::Region};
use serde_json::Value;

/// A command of the binary: exit code, standard output, standard error.
fn luotsi(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(paths::luotsi()).args(arguments).output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn objects(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
}

#[test]
fn the_demo_tells_all_eight_steps_and_every_claim_holds() {
    let (code, said, errors) = luotsi(&["demo", "--exit", "--format", "ndjson"]);
    let steps = objects(&said);
    let told: Vec<_> = steps.iter().filter_map(|step| step["step"].as_u64()).collect();
    assert_eq!(told, (1..=8).collect::<Vec<_>>(), "{errors}");
    for step in &steps {
        assert_eq!(step["ok"], true, "{step:#}");
        let claims = step["facts"]["claims"].as_array().expect("what it claims");
        assert!(!claims.is_empty() && claims.iter().all(|claim| claim["ok"] == true), "{step:#}");
    }
    assert_eq!(code, Some(0), "{errors}");
}

#[test]
fn the_demo_is_for_people_too() {
    let (code, said, errors) = luotsi(&["demo", "--exit"]);
    assert_eq!(code, Some(0), "{said}{errors}");
    assert!(!said.contains('\u{1b}'), "no colour where nobody looks");
    let wide = said.lines().find(|line| line.chars().count() > 100);
    assert_eq!(wide, None, "more than 100 columns");
}

#[test]
fn the_shipped_regions_hold() {
    for region in ["config/mallialue", "config/bench", "config/bench-open"] {
        let folder = paths::root().join(region);
        let folder = folder.to_str().expect("a path");
        let (code, found, said) = luotsi(&["check", "--region", folder, "--format", "ndjson"]);
        assert_eq!(code, Some(0), "{region}: {found}{said}");
        assert_eq!(objects(&found), [Value::Null; 0], "{region}");
    }
}

/// A copy of the demo region with three mistakes in three files.
fn broken(home: &Path) -> String {
    let region = Region::copy(home);
    region.edit("routes.toml", "kind = \"assessment\"", "kind = \"asessment\"");
    region.edit("connections/plan.toml", "\"plan/assessment\"", "\"plan/asessment\"");
    region.edit("policy.toml", "sorts    = [\"public\"]", "sort     = [\"public\"]");
    region.folder().to_str().expect("a path").to_owned()
}

#[test]
fn a_broken_region_is_told_whole_with_every_place() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = broken(home.path());
    let (code, found, _) = luotsi(&["check", "--region", &folder, "--format", "ndjson"]);
    assert_eq!(code, Some(1));
    let found = objects(&found);
    let place = |file: &str, wrong: &str| {
        let text = std::fs::read_to_string(Path::new(&folder).join(file)).expect("a file");
        let at = text.find(wrong).expect("the mistake");
        let line = text[..at].matches('\n').count() as u64 + 1;
        let column = text[..at].rsplit('\n').next().map_or(0, |l| l.chars().count()) as u64 + 1;
        (line, column)
    };
    let mistakes = [
        ("routes.toml", "\"asessment\"", "assessment"),
        ("connections/plan.toml", "\"plan/asessment\"", "plan/assessment"),
        ("policy.toml", "sort ", "sorts"),
    ];
    for (file, wrong, mend) in mistakes {
        let (line, column) = place(file, wrong);
        let told = found.iter().find(|finding| {
            let named = finding["file"].as_str().is_some_and(|named| named.ends_with(file));
            named && finding["line"] == line && finding["column"] == column
        });
        let told = told.unwrap_or_else(|| panic!("{file}:{line}:{column} in {found:#?}"));
        assert!(told["mend"].as_str().is_some_and(|text| text.contains(mend)), "{told:#}");
        assert!(told["why"].as_str().is_some_and(|why| !why.is_empty()), "{told:#}");

        let (code, shown, said) = luotsi(&["check", "--region", &folder]);
        assert_eq!(code, Some(1));
        assert!(shown.contains(&format!("{file}:{line}:{column}")), "{shown}{said}");
    }
}

#[test]
fn a_mistake_in_the_command_is_exit_code_two() {
    let check = |arguments: &[&str]| {
        let (code, said, errors) = luotsi(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {said}{errors}");
        assert!(said.is_empty() && !errors.is_empty(), "{arguments:?}");
    };
    check(&["check", "--region", "no/such/folder"]);
    check(&["serve"]);
    check(&["no-such-command"]);
    let (code, _, errors) =
        luotsi(&["trace", "0192f3c4-5a00-7000-8000-000000000001", "--ops", "http://127.0.0.1:9"]);
    assert!(matches!(code, Some(2 | 3)), "{errors}");
}

/// Every finding in the two forms that other programs read, with its place and its rule.
#[test]
fn findings_are_told_as_json_and_sarif() {
    let home = tempfile::tempdir().expect("a folder");
    let region = broken(home.path());
    let check = |format| luotsi(&["check", "--region", &region, "--format", format]);
    let (code, found, said) = check("json");
    assert_eq!((code, &*said), (Some(1), ""));
    let found: Vec<Value> = serde_json::from_str(&found).expect("one array");
    let (code, log, _) = check("sarif");
    assert_eq!(code, Some(1));
    let log: Value = serde_json::from_str(&log).expect("one object");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), found.len());
    for (result, finding) in results.iter().zip(&found) {
        let rule =
            &rules[usize::try_from(result["ruleIndex"].as_u64().expect("a rule")).expect("small")];
        assert_eq!((&result["ruleId"], &rule["id"]), (&finding["code"], &finding["code"]));
        assert!(rule["help"]["text"].as_str().is_some_and(|text| text.len() > 20), "{rule}");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["region"]["startLine"], finding["line"]);
        assert_eq!(place["region"]["startColumn"], finding["column"]);
        let uri = place["artifactLocation"]["uri"].as_str().expect("a file");
        assert!(uri.starts_with("file:///") && uri.ends_with(".toml"), "{uri}");
        assert!(
            result["message"]["text"].as_str().is_some_and(|t| t.contains("Mend: ")),
            "{result}"
        );
    }
}

#[test]
fn a_code_is_explained_and_an_unknown_one_has_its_nearest() {
    let (code, said, _) = luotsi(&["explain", "lu106"]);
    assert_eq!(code, Some(0));
    // What follows a comment in an example belongs to the section.
    assert!(
        said.starts_with("LU106 Mapping files\n") && said.contains("one_way = \"out\""),
        "{said}"
    );
    assert!(!said.contains("](") && !said.contains("LU107"), "{said}");
    let (code, said, _) = luotsi(&["explain", "missing-field"]);
    assert!(code == Some(0) && said.contains("Mend:"), "{said}");
    let (code, said, why) = luotsi(&["explain", "missing-feld"]);
    assert_eq!((code, &*said), (Some(1), ""));
    assert!(why.contains("luotsi explain missing-field"), "{why}");
    assert_eq!(luotsi(&["deliveries", "--format", "sarif"]).0, Some(2));
}
