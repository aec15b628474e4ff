//! `luotsi map`: one document, three views, each value with its rule.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use luotsi_tests::{paths, region::Region};
use serde_json::Value;

/// Exit code, what was written as one JSON document, standard error.
fn map(arguments: &[&str]) -> (Option<i32>, Value, String) {
    let mut command = Command::new(paths::luotsi());
    command.env_remove("LUOTSI_REGION").args(["--format", "ndjson", "map"]).args(arguments);
    let output = command.current_dir(paths::root()).output().expect("the binary runs");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let view = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code(), view, errors)
}

const REFERRAL: &str = "mappings/serena/cases/referral-aino/input.xml";
const SERENA: &str = "mappings/serena/referral.toml";

/// The line of a file on which a text first stands, from 1.
fn line_of(file: &str, text: &str) -> u64 {
    let found = paths::text(file).lines().position(|line| line.contains(text));
    found.expect("the text stands in the file") as u64 + 1
}

fn find<'v>(rows: &'v Value, key: &str, is: &str) -> &'v Value {
    let all = rows.as_array().expect("rows");
    all.iter().find(|row| row[key] == is).unwrap_or_else(|| panic!("{key} {is} in {rows:#}"))
}

#[test]
fn each_value_has_its_place_and_its_rule() {
    let to = "mappings/malli-ry/referral.toml";
    let (code, view, errors) = map(&[REFERRAL, "--with", SERENA, "--to", to]);
    assert_eq!(code, Some(0), "{errors}");
    let need = line_of(SERENA, "at = \"Tarve\"");

    let leaf = find(&view["source"]["leaves"], "at", "Lahete/Tarve");
    assert_eq!((&leaf["fields"][0], &leaf["rules"][0]), (&"need".into(), &need.into()));
    let ignored = find(&view["source"]["leaves"], "fate", "ignored");
    assert!(ignored["at"].as_str().is_some_and(|at| at.starts_with("Lahete/Tulostus")));

    let field = find(&view["record"], "field", "need");
    assert_eq!((&field["from"], &field["rule"]), (&"Lahete/Tarve".into(), &need.into()));
    let goal = find(&view["record"], "field", "goals[1].text");
    assert_eq!(goal["from"], "Lahete/Tavoitteet/Tavoite[1]/Kuvaus");

    let put = find(&view["result"]["leaves"], "at", "data/need");
    assert_eq!(put["field"], "need");
    assert_eq!(put["rule"], line_of(to, "\"data/need\""));
    let left = view["result"]["left"].as_array().expect("what is left");
    assert!(left.contains(&"client.hetu".into()) && left.contains(&"health".into()), "{left:?}");
    assert!(!view["result"]["text"].as_str().expect("a text").contains("010594Y9021"));
}

#[test]
fn a_record_is_written_in_reverse() {
    let record = "mappings/serena/cases/referral-aino/record.json";
    let (code, view, errors) = map(&[record, "--with", "serena/referral", "--reverse"]);
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(view["source"], Value::Null);
    let put = find(&view["result"]["leaves"], "at", "Lahete/Asiakas/Henkilotunnus");
    assert_eq!(put["field"], "client.hetu");
}

#[test]
fn what_is_not_mapped_is_told_and_so_is_why() {
    let newer = "mappings/serena/cases/referral-newer/input.xml";
    let (code, view, _) = map(&[newer, "--with", SERENA]);
    assert_eq!(code, Some(1), "{view:#}");
    assert!(view["source"]["unmapped"].as_u64().is_some_and(|count| count > 0));
    assert_eq!(find(&view["source"]["leaves"], "fate", "unmapped")["rules"], Value::Array(vec![]));

    let broken = "mappings/serena/cases/referral-broken/input.xml";
    let (code, view, _) = map(&[broken, "--with", SERENA]);
    assert_eq!(code, Some(1), "{view:#}");
    let wanted = paths::text("mappings/serena/cases/referral-broken/faults.json");
    let wanted: Vec<Value> = serde_json::from_str(&wanted).expect("JSON");
    let told = view["faults"].as_array().expect("faults");
    let of = |fault: &Value| (fault["code"].clone(), fault["at"].clone(), fault["line"].clone());
    assert_eq!(told.iter().map(of).collect::<Vec<_>>(), wanted.iter().map(of).collect::<Vec<_>>());
}

#[test]
fn what_is_named_wrongly_is_exit_code_two_and_says_what_is_meant() {
    let check = |arguments: &[&str], mend: &str| {
        let (code, view, errors) = map(arguments);
        assert_eq!((code, &view), (Some(2), &Value::Null), "{errors}");
        assert!(errors.contains(mend), "{mend:?} is not in {errors}");
    };
    check(&[REFERRAL, "--with", "serena/referal"], "write serena/referral");
    check(&["no/such/file", "--with", SERENA], "no/such/file cannot be read");
    check(&[REFERRAL, "--with", SERENA, "--reverse", "--to", SERENA], "cannot be used with");
    check(&[REFERRAL, "--with", SERENA, "--context", "delivery"], "write it like delivery=");
}

/// A process that ends with its test.
struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Changes of the mapping, of a code table and of the document are each seen; a mapping with a
/// mistake is told and waited for.
#[test]
fn watching_shows_each_change() {
    let home = tempfile::tempdir().expect("a folder");
    let region = Region::copy(home.path());
    let root = home.path().join("mappings");
    let sample = home.path().join("sample.xml");
    fs::copy(paths::root().join(REFERRAL), &sample).expect("a sample");
    let mut command = Command::new(paths::luotsi());
    command.env_remove("LUOTSI_REGION").args(["--format", "ndjson", "map"]).arg(&sample);
    command.arg("--with").arg(root.join("serena/referral.toml")).arg("--watch");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    let out = BufReader::new(child.stdout.take().expect("its output"));
    let err = BufReader::new(child.stderr.take().expect("its errors"));
    let _watching = Watching(child);
    let (mut views, mut errors) = (out.lines(), err.lines());
    let mut next = || -> Value {
        let line = views.next().expect("a view").expect("UTF-8");
        serde_json::from_str(&line).expect("JSON")
    };
    // A file half written is a document that is refused: the next change brings the whole.
    let given = |view: &Value| {
        let record = view["record"].as_array().expect("rows");
        record.iter().find(|row| row["field"] == "client.given").map(|row| row["value"].clone())
    };
    assert_eq!(given(&next()), Some("Aino Testi".into()));

    let text = fs::read_to_string(&sample).expect("the sample");
    fs::write(&sample, text.replace("Aino Testi", "Eino")).expect("a writable copy");
    until(&mut next, |view| given(view) == Some("Eino".into()));
    let mapping = "../../mappings/serena/referral.toml";
    region.edit(mapping, "at = \"Tarve\"", "at = \"Lisatietoja\"");
    until(&mut next, |view| view["faults"][0]["at"] == "Lahete/Lisatietoja");
    region.edit(mapping, "at = \"Lisatietoja\"", "att = \"Tarve\"");
    let told = errors.find(|line| line.as_ref().is_ok_and(|line| line.contains("has errors")));
    assert!(told.is_some(), "the mistake is told");
    region.edit(mapping, "att = \"Tarve\"", "at = \"Tarve\"");
    until(&mut next, |view| view["source"]["unmapped"] == 0);
}

/// Reads on to the first view that is as wanted.
fn until(next: &mut impl FnMut() -> Value, is_wanted: impl Fn(&Value) -> bool) {
    while !is_wanted(&next()) {}
}
