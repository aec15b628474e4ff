//! `luotsi check --format sarif` holds by the SARIF 2.1.0 schema of OASIS, by a judge that is not
//! ours. `tests/run` fetches both; where they are not, nothing is tested and that is said.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use luotsi_tests::{paths, region::Region, webhook};
use serde_json::{Value, json};

/// A Python that has `jsonschema`, and the schema.
fn judge() -> Option<Command> {
    let own = || paths::root().join("target/fhir/bin/python");
    let python = std::env::var_os("LUOTSI_FHIR_PYTHON").map_or_else(own, PathBuf::from);
    let asked = Command::new(&python).args(["-c", "import jsonschema"]).output().ok()?;
    let usual = || paths::root().join("target/suites");
    let fetched = std::env::var_os("LUOTSI_SUITES").map(PathBuf::from);
    let schema = fetched.clone().unwrap_or_else(usual).join("sarif/sarif-2.1.0.json");
    assert!(fetched.is_none() || schema.exists(), "{} is not there", schema.display());
    let mut command = Command::new(python);
    command.arg(paths::root().join("tests/tests/sarif.py")).arg(&schema);
    (asked.status.success() && schema.exists()).then_some(command)
}

/// What does not hold of the logs.
fn judged(mut judge: Command, logs: &[Value]) -> Vec<String> {
    let mut judge = judge.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
    let lines: String = logs.iter().map(|log| format!("{log}\n")).collect();
    judge.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("it reads");
    let output = judge.wait_with_output().expect("it ends");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

/// What `luotsi check` says of a region.
fn log(region: &Path) -> Value {
    let mut command = Command::new(paths::luotsi());
    command.args(["check", "--format", "sarif", "--region"]).arg(region);
    let output = command.output().expect("the binary runs");
    serde_json::from_slice(&output.stdout).expect("one object")
}

/// The same of a world that is not there: findings that stand in no file.
fn unreached() -> Value {
    let mut command = Command::new(paths::luotsi());
    command.args(["check", "--online", "--format", "sarif", "--region"]);
    command.arg(paths::root().join("config/bench")).env("LUOTSI_SECRET_BENCH", webhook::SECRET);
    command.env("LUOTSI_DATABASE__URL", "postgres://luotsi_hub:sala-sana@127.0.0.1:1/luotsi");
    let output = command.output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(3));
    serde_json::from_slice(&output.stdout).expect("one object")
}

/// The same of the demo region with a change.
fn changed(change: impl Fn(&Region, &Path)) -> Value {
    let home = tempfile::tempdir().expect("a folder");
    let region = Region::copy(home.path());
    change(&region, &region.folder());
    log(&region.folder())
}

#[test]
fn findings_are_sarif() {
    let Some(judge) = judge() else {
        return eprintln!("skipped: no jsonschema or no SARIF schema (tests/run fetches them)");
    };
    let states = "../../mappings/codes/serena-task-states.csv";
    let mut logs = vec![
        log(&paths::root().join("config/mallialue")),
        // A warning, an error with its place, a file that is not there, one that is no text.
        changed(|region, _| region.edit(states, "keskeytynyt,failed,equivalent\n", "")),
        changed(|region, _| region.edit("policy.toml", "advice\"\nbasis ", "advice\"\nbases ")),
        changed(|_, folder| fs::remove_file(folder.join("routes.toml")).expect("a file")),
        changed(|_, folder| {
            fs::write(folder.join("policy.toml"), b"\xff").expect("a writable copy");
        }),
        changed(|_, folder| {
            fs::write(folder.join("connections/yö 1.toml"), "adapter = \"serenä\"\n")
                .expect("a writable copy");
        }),
    ];
    logs.push(unreached());
    let found = |log: &Value| log["runs"][0]["results"].as_array().expect("results").len();
    assert_eq!(found(&logs[0]), 0);
    assert!(logs[1..].iter().all(|log| found(log) > 0));
    // The judge refuses what does not hold.
    let mut wrong = logs[1].clone();
    wrong["runs"][0]["results"][0]["locations"][0]["physicalLocation"] = json!({
        "artifactLocation": { "uri": "yö 1.toml" },
        "region": { "startLine": 0 },
    });
    let last = logs.len();
    logs.push(wrong);
    let faults = judged(judge, &logs);
    let of_wrong = format!("{last} ");
    assert_eq!(faults.len(), 2, "{faults:#?}");
    assert!(faults.iter().all(|fault| fault.starts_with(&of_wrong)), "{faults:#?}");
}
