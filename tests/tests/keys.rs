//! Payloads at rest, over the real binary: nothing in the data folder reads in clear, keys that do not
//! fit are refused, and an erased client is read by nobody.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
};

use luotsi_tests::{
    documents::{self, Referral, Scope},
    hub::Hub,
    paths,
    people::{AINO, EINO},
    world::{Setup, World},
};
use serde_json::{Value, json};

/// Runs a command of the binary beside the hub.
fn luotsi(arguments: &[&str], hub: &Hub, stdin: &str) -> Output {
    let mut command = Command::new(paths::luotsi());
    command.args(arguments).env("LUOTSI_DATA", &hub.data).env_remove("LUOTSI_OPS_TOKEN");
    command.env("LUOTSI_OPS_URL", format!("http://{}", hub.ops));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    child.stdin.take().expect("a pipe").write_all(stdin.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// The files of the data folder that hold `text`, by name.
fn holding(data: &Path, text: &str) -> Vec<String> {
    let files = fs::read_dir(data).expect("a folder").flatten();
    let held = files.filter(|file| {
        // The log of the database goes when the last one closes it.
        let bytes = fs::read(file.path()).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    });
    held.map(|file| file.file_name().to_string_lossy().into_owned()).collect()
}

/// Both clients referred, consented and delivered; the message about Aino.
fn delivered() -> (World, String) {
    let world = World::new();
    let mut messages = [("1", AINO), ("2", EINO)].map(|(n, hetu)| {
        let consent = documents::consent(&format!("S-{n}"), hetu, Scope::PEER_SUPPORT);
        world.accept("serena", &consent);
        let referral = Referral::to_peer_support(&format!("KANARIA-{n}"), hetu).xml();
        let message = world.accept("serena", &referral);
        for system in ["malli-ry", "home-care", "plan"] {
            world.reaches(&message, system, "delivered");
        }
        message
    });
    (world, std::mem::take(&mut messages[0]))
}

#[test]
fn nothing_in_the_data_folder_reads_in_clear() {
    let (world, _) = delivered();
    let values = ["KANARIA", AINO, EINO, "Mallikas", "Verenpainetauti", "rollaattori"];
    let clean = |when: &str| {
        for value in values {
            assert_eq!(holding(&world.data, value), [""; 0], "{value}, {when}");
        }
    };
    let text = Referral::to_peer_support("KANARIA-1", AINO).xml();
    assert!(values[2..].iter().filter(|value| text.contains(**value)).count() > 1, "they are sent");
    clean("while it runs");
    assert!(world.terminate().success());
    clean("afterwards");
}

#[test]
fn a_master_key_that_others_can_read_or_that_is_lost_is_refused() {
    let (world, message) = delivered();
    assert!(world.terminate().success());
    let (key, kept) = (world.data.join("master.key"), world.data.join("kept"));
    assert_eq!(fs::metadata(&key).expect("made").permissions().mode() & 0o777, 0o600);
    let refuses = |wanted: &[&str]| {
        let (code, log) = world.refuses(&[]);
        assert_eq!(code, Some(2), "{log}");
        wanted.iter().for_each(|text| assert!(log.contains(text), "{text:?} in {log}"));
    };
    for mode in [0o644, 0o640, 0o604] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).expect("chmod");
        refuses(&["master.key", "can be read by others", "chmod 600"]);
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("chmod");
    let text = fs::read_to_string(&key).expect("a key");
    fs::rename(&key, &kept).expect("moved");
    // Whoever closes it last moves its write-ahead log into it, should the hub have left one.
    assert!(world.journal().count("message") > 0);
    let database = fs::read(world.data.join("luotsi.db")).expect("a journal");
    refuses(&["there is no", "master.key", "sealed under the master key m-", "put the file back"]);
    assert!(!key.exists(), "no other is made in its place");
    let write = |text: &str| {
        fs::copy(&kept, &key).expect("a copy with its mode");
        fs::write(&key, text).expect("a writable file");
    };
    write(&format!("{}\n", "5".repeat(64)));
    refuses(&["master key that was not given: m-"]);
    write(&format!("{text}nonsense\n"));
    refuses(&["line 2 of", "no key of 64 hexadecimal digits"]);
    write("");
    refuses(&["holds no key"]);
    assert!(fs::read(world.data.join("luotsi.db")).expect("a journal") == database);
    write(&text);
    world.start();
    let replay = world.api("POST", &format!("/messages/{message}/replay?to=malli-ry"), "");
    replay.expect(202);
}

#[test]
fn a_rotation_leaves_everything_readable_and_the_old_key_needless() {
    let (world, message) = delivered();
    let listed = |wanted: &[&str]| {
        let output = luotsi(&["keys", "list"], &world, "");
        let text = said(&output);
        assert!(output.status.success(), "{text}");
        let is: Vec<_> = text.lines().map(|line| line.split_once("  ").expect("two").1).collect();
        assert_eq!(is, wanted);
    };
    listed(&["current"]);
    let rotated = luotsi(&["keys", "rotate"], &world, "");
    assert!(rotated.status.success(), "{}", said(&rotated));
    listed(&["taken up at the next start", "needed"]);
    world.kill();
    world.start();
    assert!(world.log().contains("luotsi keys retire"), "it tells that the old one can go");
    listed(&["current", "wraps nothing"]);
    let retired = luotsi(&["keys", "retire"], &world, "");
    assert!(said(&retired).contains("taken out"), "{}", said(&retired));
    listed(&["current"]);
    let key = fs::read_to_string(world.data.join("master.key")).expect("a key");
    assert_eq!(key.lines().count(), 1);
    assert!(!world.log().contains(key.trim()) && !said(&rotated).contains(key.trim()));
    assert!(world.terminate().success());
    world.start();
    world.api("POST", &format!("/messages/{message}/replay?to=malli-ry"), "").expect(202);
}

#[test]
fn the_master_keys_may_come_from_a_command() {
    let mut setup = Setup::new();
    let key = setup.file("key", &format!("{}\n", "ab".repeat(32)));
    let settings = format!("[keys.master]\ncommand = [\"cat\", {key:?}]\n");
    let settings = setup.file("luotsi.toml", &settings).display().to_string();
    setup.environment.push(("LUOTSI_SETTINGS".into(), settings));
    let hub = setup.hub();
    hub.start();
    hub.accept("serena", &Referral::to_peer_support("KANARIA-1", AINO).xml());
    assert!(!hub.data.join("master.key").exists());
    assert!(hub.terminate().success());
    fs::remove_file(&key).expect("removed");
    let (code, log) = hub.refuses(&[]);
    assert_eq!(code, Some(2));
    assert!(log.contains("the command of keys.master, cat, ended with"), "{log}");
}

#[test]
fn an_erased_client_is_read_by_nobody() {
    let (world, message) = delivered();
    world.malli_ry.be(luotsi_tests::standin::Manner::Hold);
    let again = Referral::to_peer_support("KANARIA-3", AINO).xml();
    let held = world.accept("serena", &again);
    world.reaches(&held, "malli-ry", "sending");
    let erase = ["--format", "ndjson", "erase", "--hetu-stdin", "--yes"];
    let unsure = luotsi(&erase[2..4], &world, AINO);
    assert_eq!(unsure.status.code(), Some(2), "{}", said(&unsure));
    let pends = luotsi(&erase, &world, AINO);
    assert_eq!(pends.status.code(), Some(1), "{}", said(&pends));
    assert!(said(&pends).contains("not ended"), "{}", said(&pends));
    world.malli_ry.be(luotsi_tests::standin::Manner::Answer(200));
    for system in ["malli-ry", "home-care", "plan"] {
        world.reaches(&held, system, "delivered");
    }

    let done = luotsi(&erase, &world, AINO);
    assert!(done.status.success(), "{}", said(&done));
    let told: Value = serde_json::from_slice(&done.stdout).expect("a line");
    assert_eq!(
        (&told["keys"], &told["plan"], &told["dead_letters"]),
        (&json!(1), &json!(true), &json!(0))
    );
    let client = told["client"].as_str().expect("a reference").to_owned();

    let looks_gone = || {
        assert_eq!(world.journey(&message)["payload"], "erased");
        let why = world.api("GET", &format!("/messages/{message}/why?to=malli-ry"), "");
        assert_eq!(why.expect(200).json()["fields"], json!([]));
        let replay = world.api("POST", &format!("/messages/{message}/replay"), "").expect(409);
        assert!(replay.text().contains("erased"), "{}", replay.text());
    };
    looks_gone();
    let traced = said(&luotsi(&["trace", &message], &world, ""));
    assert!(traced.contains("payload was erased"), "{traced}");
    let report = json!({ "client": client }).to_string();
    let report = world.api("POST", "/reports/disclosures", &report).expect(200).json();
    let uses = report["uses"].as_array().expect("a list");
    assert!(uses.iter().any(|one| one["what"] == "erasure"), "{uses:?}");
    assert!(!report["disclosures"].as_array().expect("a list").is_empty(), "the log is whole");

    // Her consent still stands, so who comes back need not consent anew.
    let back = world.accept("serena", &Referral::to_peer_support("KANARIA-4", AINO).xml());
    world.reaches(&back, "malli-ry", "delivered");
    assert_eq!(world.journey(&back)["payload"], "kept");
    assert!(world.terminate().success());
    let copy = world.data.join("copy.db");
    fs::copy(world.data.join("luotsi.db"), &copy).expect("a copy");
    fs::remove_file(world.data.join("master.key")).expect("removed");
    let db = copy.to_str().expect("a path");
    let verified = luotsi(&["audit", "verify", "--db", db], &world, "");
    assert!(verified.status.success(), "{}", said(&verified));
}
