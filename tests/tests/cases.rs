//! `luotsi test`: the region's cases and the packs', and what is told of one that does not hold.

use std::{fs, path::Path, process::Command};

use luotsi_tests::{paths, region::Region};
use serde_json::Value;

/// Exit code, standard output, standard error.
fn test(path: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(paths::luotsi());
    command.env_remove("LUOTSI_REGION").arg("test").arg(path).args(arguments);
    let output = command.output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn objects(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
}

fn cases(region: &Region, name: &str) -> std::path::PathBuf {
    region.folder().join("cases").join(name)
}

#[test]
fn every_shipped_case_holds_and_every_policy_rule_and_route_has_one() {
    let region = paths::root().join("config/mallialue");
    let (code, said, errors) = test(&region, &["--coverage", "--format", "ndjson"]);
    let said = objects(&said);
    let failed: Vec<_> = said.iter().filter(|case| case["holds"] == false).collect();
    assert!(code == Some(0) && failed.is_empty(), "{failed:#?}{errors}");
    let parts = said.last().and_then(|last| last["coverage"].as_array()).expect("the coverage");
    for of in ["policy rules", "routes"] {
        let part = parts.iter().find(|part| part["of"] == of).expect("a part");
        assert_eq!(part["missed"], Value::Array(Vec::new()), "{of} that no case exercises");
    }
}

/// Each change of the region breaks a case, which says where.
#[test]
fn a_changed_region_is_told_leaf_by_leaf() {
    let check = |file: &str, from: &str, to: &str, case: &str, at: &str, got: &str| {
        let home = tempfile::tempdir().expect("a folder");
        let region = Region::copy(home.path());
        region.edit(file, from, to);
        let (code, said, errors) = test(&cases(&region, case), &["--format", "ndjson"]);
        assert_eq!(code, Some(1), "{said}{errors}");
        let said = objects(&said);
        let all = said[0]["differences"].as_array().expect("differences");
        let came = |one: &Value| one["got"].as_str().unwrap_or("nothing") == got;
        let found = all.iter().any(|one| one["at"] == at && came(one));
        assert!(found, "{at}: {got} is not in {all:#?}");
    };
    let mapping = "../../mappings/malli-ry/referral.toml";
    check(
        mapping,
        "{ at = \"data/need\",              is = \"need\" },",
        "{ at = \"data/wish\", is = \"need\" },",
        "peer-support-consented",
        "data/wish",
        "\"Kaipaa seuraa ja tukea arkeen.\"",
    );
    check(
        "policy.toml",
        "reasons    = [\"malli-hengenvaara\"]",
        "reasons    = [\"malli-hengenvaara\", \"malli-uteliaisuus\"]",
        "hospital-unknown-reason",
        "to malli-sairaala",
        "delivered",
    );
    check(
        "routes.toml",
        "  { system = \"home-care\", purpose = \"care\" },\n  { system = \"plan\", purpose = \"planning\" },\n]\n# A referral",
        "  { system = \"home-care\", purpose = \"care\" },\n]\n# A referral",
        "peer-support-consented",
        "to plan",
        "nothing",
    );
}

#[test]
fn blessing_rewrites_what_is_wanted_and_never_what_must_not_go() {
    let home = tempfile::tempdir().expect("a folder");
    let region = Region::copy(home.path());
    let case = cases(&region, "peer-support-consented");
    let wanted = case.join("malli-ry.json");
    let before = fs::read_to_string(&wanted).expect("a wanted file");
    fs::write(&wanted, before.replace("Aino Testi", "Eino")).expect("a writable copy");
    let (code, _, errors) = test(&case, &["--bless"]);
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(fs::read_to_string(&wanted).expect("a wanted file"), before);

    region.edit(
        "policy.toml",
        "\"contact\", \"need\", \"plan\", \"administrative\"]",
        "\"contact\", \"need\", \"plan\", \"administrative\", \"health\"]",
    );
    region.edit(
        "../../mappings/malli-ry/referral.toml",
        "{ at = \"data/need\",              is = \"need\" },",
        "{ at = \"data/need\", is = \"need\" },\n  { at = \"data/health\", is = \"health\" },",
    );
    let (code, said, errors) = test(&case, &["--bless"]);
    assert_eq!(code, Some(1), "{said}{errors}");
    assert!(said.contains("never Verenpainetauti"), "{said}");
    assert_eq!(fs::read_to_string(&wanted).expect("a wanted file"), before, "left as it was");
}

#[test]
fn what_cannot_be_run_is_exit_code_two_and_says_why() {
    let home = tempfile::tempdir().expect("a folder");
    let region = Region::copy(home.path());
    let check = |path: &Path, why: &str| {
        let (code, said, errors) = test(path, &[]);
        assert_eq!(code, Some(2), "{said}{errors}");
        assert!(said.is_empty() && errors.contains(why), "{why:?} is not in {errors}");
    };
    check(Path::new("no/such/folder"), "no/such/folder is not a folder");
    check(home.path(), "neither a region nor a folder of mappings");
    check(&region.folder().join("connections"), "no folder of cases lies in");
    let case = cases(&region, "answer");
    let head = case.join("case.toml");
    let text = fs::read_to_string(&head).expect("a case");
    fs::write(&head, text.replace("\"malli-ry\"", "\"mali-ry\"")).expect("a writable copy");
    check(&case, "write `malli-ry`");
    fs::write(&head, text.replace("says", "sais")).expect("a writable copy");
    check(&case, "unknown field `sais`");
    fs::write(&head, text).expect("a writable copy");
    region.append("policy.toml", "[[rule]]\nname = \"nameless\"");
    check(&case, "has errors");
}

#[test]
fn junit_is_well_formed_and_counts() {
    let home = tempfile::tempdir().expect("a folder");
    let region = Region::copy(home.path());
    let case = cases(&region, "answer").join("plan.json");
    fs::write(case, "{\"<&\\u0001\":1}").expect("a writable copy");
    let (code, said, errors) = test(&region.folder().join("cases"), &["--format", "junit"]);
    assert_eq!(code, Some(1), "{errors}");
    let document = roxmltree::Document::parse(&said).expect("well-formed XML");
    let of = |name: &str| document.descendants().filter(|n| n.has_tag_name(name)).count();
    let folders = fs::read_dir(region.folder().join("cases")).expect("cases").count();
    assert_eq!((of("testcase"), of("failure")), (folders, 1));
    let root = document.root_element();
    assert_eq!(
        (root.attribute("tests"), root.attribute("failures")),
        (Some(&*folders.to_string()), Some("1"),)
    );
}
