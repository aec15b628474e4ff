//! What the hub says of a region's bus, and of what is wrong with it.

use std::{path::Path, process::Command};

use luotsi_tests::{paths, world::Setup};
use serde_json::Value;

use crate::setup::{HEADERS, Names, Who, declare};

const URL: &str = "amqps://hubi:salasana-jota-ei-nayteta@bus.malli.example:5671/region";

/// Judges by the official schema, where `tests/run` has fetched it.
const JUDGE: &str = "
const [suites, file] = process.argv.slice(1);
const own = name => require(suites + '/node_modules/' + name);
const Ajv = own('ajv');
const ajv = new Ajv({ strict: false, allErrors: true, logger: false, validateFormats: false });
const schema = own('@asyncapi/specs/schemas/3.0.0.json');
// It brings the meta schema, which the judge has of itself.
delete schema.definitions['http://json-schema.org/draft-07/schema'];
const holds = ajv.compile(schema);
if (!holds(JSON.parse(require('fs').readFileSync(file)))) {
  console.log(JSON.stringify(holds.errors, null, 1));
  process.exit(1);
}";

fn luotsi(arguments: &[&str], region: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(paths::luotsi());
    let output = command.args(arguments).arg("--region").arg(region).output().expect("it runs");
    let both = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(both).expect("UTF-8"))
}

fn described(url: &str) -> (Setup, Names) {
    let (mut setup, names) = (Setup::new(), Names::new());
    declare(&mut setup, Who::Both, &names, url);
    (setup, names)
}

#[test]
fn the_document_is_asyncapi_and_true() {
    let (setup, names) = described(URL);
    let (code, text) = luotsi(&["asyncapi"], &setup.region.folder());
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains("salasana"), "{text}");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["servers"]["bus-1"]["host"], "bus.malli.example:5671");
    assert_eq!(document["servers"].as_object().map(serde_json::Map::len), Some(1), "one broker");
    let channels = &document["channels"];
    assert_eq!(channels["to-malli-ry"]["address"], "lahete");
    assert_eq!(channels["to-malli-ry"]["bindings"]["amqp"]["exchange"]["name"], names.of("tuki"));
    assert_eq!(channels["from-serena"]["address"], names.serenas());
    let answer = &channels["from-malli-ry"]["messages"]["malli-ry_answer"];
    assert_eq!(answer["name"], "task-status");
    assert_eq!(document["operations"]["send-to-malli-ry"]["action"], "send");
    let referral = &channels["to-malli-ry"]["messages"]["referral"];
    assert_eq!(referral["contentType"], "application/json");
    let headers = referral["headers"]["properties"].as_object().expect("headers");
    // Those that `journey` finds in what is published.
    assert_eq!(headers.keys().map(String::as_str).collect::<Vec<_>>(), HEADERS);

    let Ok(suites) = std::env::var("LUOTSI_SUITES") else {
        return eprintln!("skipped: no LUOTSI_SUITES; tests/run fetches the schema of AsyncAPI");
    };
    let file = setup.file("asyncapi.json", &text);
    let judged = Command::new("node").args(["-e", JUDGE, &suites]).arg(file).output();
    let judged = judged.expect("node; tests/run asks for it with the suites");
    let told = [judged.stdout, judged.stderr].concat();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&told));
}

#[test]
fn a_region_without_a_bus_says_so() {
    let (code, text) = luotsi(&["asyncapi"], &Setup::new().region.folder());
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("no connection of this region is on a bus"), "{text}");
}

#[test]
fn what_is_wrong_with_a_connection_to_a_bus_is_found_before_it_is_served() {
    let check = |file: &str, from: &str, to: &str, says: &str| {
        let (setup, _) = described(URL);
        setup.region.edit(&format!("connections/{file}.toml"), from, to);
        let (code, text) = luotsi(&["check"], &setup.region.folder());
        assert_eq!(code, Some(1), "{to}: {text}");
        assert!(text.contains("LU250") && text.contains(says), "{to}: {text}");
        assert!(text.contains(&format!("connections/{file}.toml:")), "a place: {text}");
    };
    let (setup, _) = described(URL);
    let (code, text) = luotsi(&["check"], &setup.region.folder());
    assert_eq!(code, Some(0), "{text}");

    check("malli-ry", "amqps://", "amqp://", "in clear beyond this machine");
    check("malli-ry", "amqps://bus", "amqps://hubi:sana@bus", "carries credentials");
    check(
        "malli-ry",
        "routing_key = \"lahete\"",
        "routing_key = \"010594Y9021\"",
        "personal identity",
    );
    check("malli-ry", "owner = \"system\"", "owner = \"hub\"", "dead_letter_exchange");
    check("malli-ry", "dead_letter_exchange", "#", "dead_letter_exchange is missing");
    check("malli-ry", "publish = {", "other = {", "unknown field");
    check("malli-ry", "publish = {", "# {", "[delivery] without [settings.publish]");
    check("malli-ry", "[intake]", "[settings.x]", "unknown field");
    check("serena", "queue = \"luotsi.", "prefetch = 0\nqueue = \"luotsi.", "everything at once");
    check("serena", "queue = \"luotsi.", "queue = \"amq.", "begins with `amq.`");
    // A posting system needs a token, and a consuming one a queue.
    check("home-care", "token_sha256 = [\"392d", "# [\"392d", "nobody can post");
}

#[test]
fn no_two_connections_consume_one_queue() {
    let (setup, names) = described(URL);
    let queue = names.of("vastaukset");
    let own = format!("queue = \"{}\"\n", names.serenas());
    setup.region.edit("connections/serena.toml", &own, &format!("queue = \"{queue}\"\n"));
    let (code, text) = luotsi(&["check"], &setup.region.folder());
    assert_eq!(code, Some(1), "{text}");
    let told = format!("connections/malli-ry.toml uses the queue {queue} of bus.malli.example");
    assert!(text.contains(&told), "{text}");
}
