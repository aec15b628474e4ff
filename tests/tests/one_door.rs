//! One door: whatever shows a record asks the gate at that moment. On each way out something comes
//! between acceptance and showing; then nothing is shown, and the log says that it was refused.
//!
//! Ways that the hub does not have yet, and that belong here with their first commit: inbox pages,
//! an export, a broker that delivers again.

use std::{process::Command, thread};

use luotsi_tests::{
    documents::{self, Referral, Scope},
    http::{Answer, Request},
    hub::token,
    paths,
    people::AINO,
    standin::Manner,
    wait,
    world::{Setup, World},
};
use serde_json::{Value, json};

/// What comes between.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Between {
    /// The client takes her consent back.
    Withdrawal,
    /// She prohibits, and her consent stands.
    Prohibition,
    /// Her consent can no longer be read.
    Fault,
}

/// What is not to be shown.
enum Showing {
    /// This message, to Malli ry.
    Message(String),
    /// What was asked for, as this.
    Read(Answer),
}

/// Goes as far as the door, lets it happen, and goes on through the door.
type Way = fn(&World, &dyn Fn()) -> Showing;

const WAYS: [(&str, Way); 9] = [
    ("behind another", behind_another),
    ("retry", retry),
    ("release of a wait", release),
    ("replay of a dead letter", dead_letter),
    ("luotsi replay --to", resend),
    ("recovery after a crash", recovery),
    ("catching up after a crash", catching_up),
    ("read of the plan", plan),
    ("read of a directive", directive),
];

#[test]
fn whatever_shows_a_record_asks_the_gate_at_that_moment() {
    let check = |between| {
        for (name, way) in WAYS {
            println!("{name}: {between:?}");
            shows_nothing(way, between);
        }
    };
    thread::scope(|scope| {
        for between in [Between::Withdrawal, Between::Prohibition, Between::Fault] {
            scope.spawn(move || check(between));
        }
    });
}

/// Malli ry reads plans and directives, and records directives.
fn world() -> World {
    let setup = Setup::new();
    let file = "connections/malli-ry.toml";
    let read = "[read]\npurpose = \"peer-support\"\nkinds = [\"plan\", \"directive\"]\n\
                mappings = [\"fhir-r4/plan\"]\n\n[settings]";
    setup.region.edit(file, "[settings]", read);
    setup.region.edit(file, "[intake]", "[intake]\nconsents = true");
    setup.start()
}

fn shows_nothing(way: Way, between: Between) {
    let world = world();
    let shown = std::cell::Cell::new(0);
    let happen = || {
        happens(&world, between);
        shown.set(world.malli_ry.count());
    };
    match way(&world, &happen) {
        Showing::Message(message) if between == Between::Fault => {
            // Denied for as long as nothing can be decided, which is no end.
            // It may stand behind another of the same client, which then is what is asked.
            wait::holds("it is denied", || !denials(&world, is_undecidable).is_empty());
            let before = undecidable(&world);
            wait::holds("it is asked again", || undecidable(&world) > before + 1);
            let mut denied = denials(&world, is_undecidable);
            denied.sort_unstable();
            let entries = denied.len();
            denied.dedup();
            assert_eq!(denied.len(), entries, "written down as it begins, and not each time");
            assert_eq!(world.delivery(&message, "malli-ry")["state"], "ready");
        }
        Showing::Message(message) => {
            world.reaches(&message, "malli-ry", "refused");
            assert!(!denials(&world, |entry| entry["message"] == message.as_str()).is_empty());
        }
        Showing::Read(answer) => {
            answer.expect(404);
            assert!(!denials(&world, |entry| entry["message"].is_null()).is_empty());
        }
    }
    assert_eq!(world.malli_ry.count(), shown.get(), "something was shown");
}

fn happens(world: &World, between: Between) {
    match between {
        Between::Withdrawal => {
            world.accept("serena", &documents::withdrawal("P-1", AINO, "S-1"));
        }
        Between::Prohibition => {
            world.accept("serena", &documents::prohibition("K-1", AINO, Scope::PEER_SUPPORT));
        }
        Between::Fault => {
            let broken = "update directive set body = '{' where id = 'S-1';
                          update client set epoch = epoch + 1";
            world.journal().sabotage(broken);
        }
    }
}

/// How often the gate could not decide.
fn undecidable(world: &World) -> u64 {
    let metrics = world.metrics();
    let lines = metrics.lines().filter(|l| l.starts_with("luotsi_consent_decisions_total"));
    let own = lines.filter(|line| line.contains("decision=\"undecidable\""));
    own.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

/// What the log has denied Malli ry, by delivery.
fn denials(world: &World, of: impl Fn(&Value) -> bool) -> Vec<String> {
    let entries = world.journal().entries();
    let own =
        |e: &&Value| e["recipient"] == "malli-ry" && (e["phase"] == "refusal" || is_undecidable(e));
    entries.iter().filter(own).filter(|e| of(e)).map(|e| e["delivery"].to_string()).collect()
}

fn is_undecidable(entry: &Value) -> bool {
    entry["phase"] == "wait" && entry["result"] == "undecidable"
}

fn consented(world: &World) {
    world.accept("serena", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
}

/// A referral; whatever goes elsewhere has arrived there.
fn refer(world: &World, reference: &str) -> String {
    let message = world.accept("serena", &Referral::to_peer_support(reference, AINO).xml());
    world.reaches(&message, "home-care", "delivered");
    world.reaches(&message, "plan", "delivered");
    message
}

/// A referral that is at Malli ry, which says nothing.
fn held(world: &World, reference: &str) -> String {
    world.malli_ry.be(Manner::Hold);
    let message = refer(world, reference);
    world.malli_ry.wait("it is at the recipient", |_| true);
    message
}

fn behind_another(world: &World, happen: &dyn Fn()) -> Showing {
    consented(world);
    let first = held(world, "L-1");
    let behind = refer(world, "L-2");
    happen();
    world.malli_ry.be(Manner::Answer(200));
    world.reaches(&first, "malli-ry", "delivered");
    Showing::Message(behind)
}

fn retry(world: &World, happen: &dyn Fn()) -> Showing {
    consented(world);
    let message = held(world, "L-1");
    happen();
    world.malli_ry.be(Manner::Answer(503));
    wait::holds("it has failed", || world.delivery(&message, "malli-ry")["attempts"] == 1);
    world.malli_ry.be(Manner::Answer(200));
    Showing::Message(message)
}

fn release(world: &World, happen: &dyn Fn()) -> Showing {
    let waiting = ["L-1", "L-2"].map(|reference| refer(world, reference));
    for message in &waiting {
        world.reaches(message, "malli-ry", "waiting");
    }
    world.malli_ry.be(Manner::Hold);
    consented(world);
    world.malli_ry.wait("the first is released", |_| true);
    world.reaches(&waiting[1], "malli-ry", "ready");
    happen();
    world.malli_ry.be(Manner::Answer(200));
    let [_, second] = waiting;
    Showing::Message(second)
}

fn dead_letter(world: &World, happen: &dyn Fn()) -> Showing {
    consented(world);
    world.malli_ry.be(Manner::Answer(422));
    let message = refer(world, "L-1");
    world.reaches(&message, "malli-ry", "dead-letter");
    happen();
    world.malli_ry.be(Manner::Answer(200));
    let again = world.api("POST", &format!("/messages/{message}/replay"), "").expect(202).json();
    Showing::Message(again["message"].as_str().expect("a message").to_owned())
}

fn resend(world: &World, happen: &dyn Fn()) -> Showing {
    consented(world);
    let message = refer(world, "L-1");
    world.reaches(&message, "malli-ry", "delivered");
    happen();
    let mut luotsi = Command::new(paths::luotsi());
    luotsi.args(["replay", &message, "--to", "malli-ry"]);
    luotsi.arg("--ops").arg(format!("http://{}", world.ops)).arg("--data").arg(&world.data);
    let output = luotsi.output().expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Showing::Message(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn recovery(world: &World, happen: &dyn Fn()) -> Showing {
    consented(world);
    let message = held(world, "L-1");
    happen();
    world.kill();
    world.malli_ry.be(Manner::Answer(200));
    world.start();
    Showing::Message(message)
}

fn catching_up(world: &World, happen: &dyn Fn()) -> Showing {
    consented(world);
    held(world, "L-1");
    let behind = refer(world, "L-2");
    happen();
    world.kill();
    world.malli_ry.be(Manner::Answer(200));
    world.start();
    Showing::Message(behind)
}

fn plan(world: &World, happen: &dyn Fn()) -> Showing {
    consented(world);
    let message = refer(world, "L-1");
    world.reaches(&message, "malli-ry", "delivered");
    let form = format!("patient.identifier=urn:oid:1.2.246.21%7C{AINO}");
    let search = Request::new("POST", "/fhir/R4/CarePlan/_search").bearer(&token("serena"));
    let search = search.header("content-type", "application/x-www-form-urlencoded");
    let found = world.send(&search.body(form.as_bytes())).expect(200).json();
    let id = found["entry"][0]["resource"]["id"].as_str().expect("a plan").to_owned();
    read(world, &format!("/fhir/R4/CarePlan/{id}"), happen)
}

/// What Malli ry recorded permits home care only; that Malli ry may read it rests on the other.
fn directive(world: &World, happen: &dyn Fn()) -> Showing {
    consented(world);
    let coding = |system, code| json!({ "coding": [{ "system": system, "code": code }] });
    let consent = json!({
        "resourceType": "Consent",
        "status": "active",
        "scope": coding("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [coding("http://loinc.org", "59284-0")],
        "patient": { "identifier": { "system": "urn:oid:1.2.246.21", "value": AINO } },
        "dateTime": "2026-11-14",
        "policyRule": coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"),
        "provision": {
            "type": "permit",
            "actor": [{
                "role": coding("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
                "reference": {
                    "identifier": { "system": "urn:luotsi:recipient", "value": "home-care" },
                },
            }],
        },
    });
    let body = consent.to_string();
    let post = Request::new("POST", "/fhir/R4/Consent").bearer(&token("malli-ry"));
    let post = post.header("content-type", "application/fhir+json").body(body.as_bytes());
    let created = world.send(&post).expect(201);
    read(world, created.header("location").expect("a place"), happen)
}

/// Reads as Malli ry what may be read, and again.
fn read(world: &World, place: &str, happen: &dyn Fn()) -> Showing {
    let get = || world.send(&Request::new("GET", place).bearer(&token("malli-ry")));
    get().expect(200);
    happen();
    Showing::Read(get())
}
