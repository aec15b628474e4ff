//! Directives in and out as FHIR `Consent`, on the running hub.

use std::process::Command;

use luotsi_tests::{
    documents::{self, Referral, Scope},
    http::{Answer, Request},
    hub::{Hub, token},
    paths,
    people::{AINO, EINO},
    world::{Setup, World},
};
use serde_json::{Value, json};

const NOBODYS: &str = "0192f3c4-5a00-7000-8000-0000000000ff";
const CONSENTS: &str = "/fhir/R4/Consent";

/// Serena records and reads directives, as in the demo region; the desk and Malli ry do too.
fn region() -> Setup {
    let setup = Setup::new();
    setup.region.add_desk();
    let edit = |file: &str, from: &str, to: &str| setup.region.edit(file, from, to);
    edit("connections/desk.toml", "format = \"json\"", "format = \"json\"\nconsents = true");
    edit("connections/desk.toml", "[\"plan\"]", "[\"plan\", \"directive\"]");
    let read = "[read]\npurpose = \"peer-support\"\nkinds = [\"directive\"]\n\n[settings]";
    edit("connections/malli-ry.toml", "[settings]", read);
    edit("connections/malli-ry.toml", "[intake]", "[intake]\nconsents = true");
    setup
}

fn consent(hetu: &str) -> Value {
    let coding = |system, code| json!({ "coding": [{ "system": system, "code": code }] });
    json!({
        "resourceType": "Consent",
        "status": "active",
        "scope": coding("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [coding("http://loinc.org", "59284-0")],
        "patient": { "identifier": { "system": "urn:oid:1.2.246.21", "value": hetu } },
        "dateTime": "2026-11-14",
        "policyRule": coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"),
        "provision": {
            "type": "permit",
            "period": { "start": "2020-01-01" },
            "actor": [{
                "role": coding("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
                "reference": {
                    "identifier": { "system": "urn:luotsi:recipient", "value": "malli-ry" },
                },
            }],
            "purpose": [{ "system": "urn:luotsi:purpose", "code": "peer-support" }],
            "provision": [{
                "type": "deny",
                "securityLabel": [{ "system": "urn:luotsi:data-category", "code": "contact" }],
            }],
        },
    })
}

fn write(hub: &Hub, system: &str, to: (&str, &str), tag: &str, consent: &Value) -> Answer {
    let body = consent.to_string();
    let request = Request::new(to.0, to.1).bearer(&token(system));
    let request = request.header("content-type", "application/fhir+json");
    let request = if tag.is_empty() { request } else { request.header("if-match", tag) };
    hub.send(&request.body(body.as_bytes()))
}

fn post(hub: &Hub, system: &str, consent: &Value) -> Answer {
    write(hub, system, ("POST", CONSENTS), "", consent)
}

fn put(hub: &Hub, system: &str, place: &str, tag: &str, consent: &Value) -> Answer {
    write(hub, system, ("PUT", place), tag, consent)
}

fn get(hub: &Hub, system: &str, place: &str) -> Answer {
    hub.send(&Request::new("GET", place).bearer(&token(system)))
}

fn search(hub: &Hub, system: &str, hetu: &str) -> Answer {
    let form = format!("patient.identifier=urn:oid:1.2.246.21%7C{hetu}");
    let request = Request::new("POST", "/fhir/R4/Consent/_search").bearer(&token(system));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    hub.send(&request.body(form.as_bytes()))
}

/// Where a created consent is.
fn place(created: &Answer) -> String {
    created.header("location").expect("a place").to_owned()
}

/// An answer as an outsider sees it: all but the time.
fn seen(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter().filter(|(name, _)| name != "date").cloned();
    (answer.status, headers.collect(), answer.text())
}

#[test]
fn a_consent_releases_what_waits_and_its_withdrawal_stops_the_next() {
    let world = region().start();
    let waiting = world.accept("serena", &Referral::to_peer_support("L-1", AINO).xml());
    world.reaches(&waiting, "malli-ry", "waiting");
    for system in ["home-care", "plan"] {
        world.reaches(&waiting, system, "delivered");
    }
    let created = post(&world, "serena", &consent(AINO)).expect(201);
    assert_eq!(created.header("etag"), Some("W/\"1\""));
    assert_eq!(created.header("luotsi-in-flight"), Some("0"));
    let place = place(&created);
    let sent = world.reaches(&waiting, "malli-ry", "delivered");
    let intent = sent["entries"].as_array().unwrap().iter().find(|e| e["phase"] == "intent");
    let intent = intent.expect("an intent");
    assert_eq!(intent["grounds"][0]["version"], 1, "the decision pins the version");
    let withheld: Vec<_> = intent["withheld"].as_array().unwrap().iter().collect();
    assert!(withheld.contains(&&json!("client.phone")), "the exception holds: {withheld:?}");

    let mut kept = get(&world, "serena", &place).expect(200).json();
    kept["status"] = "inactive".into();
    let withdrawn = put(&world, "serena", &place, "W/\"1\"", &kept).expect(200);
    assert_eq!(withdrawn.header("etag"), Some("W/\"2\""));
    assert_eq!(withdrawn.header("luotsi-in-flight"), Some("0"));
    let next = world.accept("serena", &Referral::to_peer_support("L-2", AINO).xml());
    let refused = world.reaches(&next, "malli-ry", "refused");
    assert_eq!(refused["cause"], "withdrawn");
    let shown = get(&world, "serena", &place).expect(200);
    assert_eq!(shown.header("etag"), Some("W/\"2\""));
    assert_eq!(shown.json()["status"], "inactive");
    assert_eq!(shown.json()["provision"], kept["provision"], "its terms are kept");

    put(&world, "serena", &place, "W/\"1\"", &kept).expect(412);
    put(&world, "serena", &place, "", &kept).expect(428);
    kept["status"] = "active".into();
    put(&world, "serena", &place, "W/\"2\"", &kept).expect(200);
    let again = world.accept("serena", &Referral::to_peer_support("L-3", AINO).xml());
    let sent = world.reaches(&again, "malli-ry", "delivered");
    let pinned = sent["entries"].as_array().unwrap().iter().find(|e| e["phase"] == "intent");
    assert_eq!(pinned.expect("an intent")["grounds"][0]["version"], 3);
}

/// A client phones: a person records her consent, and takes it back, by the ops API.
#[test]
fn a_person_records_a_consent_and_takes_it_back() {
    let world = region().start();
    let waiting = world.accept("serena", &Referral::to_peer_support("L-1", AINO).xml());
    world.reaches(&waiting, "malli-ry", "waiting");
    for system in ["home-care", "plan"] {
        world.reaches(&waiting, system, "delivered");
    }
    let given = consent(AINO).to_string();
    world.api("POST", "/directives?system=home-care", &given).expect(403);
    world.api("POST", "/directives?system=nobody", &given).expect(404);
    world.api("POST", "/directives?system=serena", "{}").expect(422);
    let recorded = world.api("POST", "/directives?system=serena", &given).expect(201).json();
    assert_eq!((&recorded["version"], &recorded["in_flight"]), (&json!(1), &json!(0)));
    world.reaches(&waiting, "malli-ry", "delivered");

    let id = recorded["consent"].as_str().expect("an id");
    world.api("POST", &format!("/directives/{NOBODYS}/withdrawn"), "").expect(404);
    let taken = world.api("POST", &format!("/directives/{id}/withdrawn"), "").expect(200).json();
    assert_eq!((&taken["version"], &taken["in_flight"]), (&json!(2), &json!(0)));
    let next = world.accept("serena", &Referral::to_peer_support("L-2", AINO).xml());
    assert_eq!(world.reaches(&next, "malli-ry", "refused")["cause"], "withdrawn");
    let place = format!("{CONSENTS}/{id}");
    assert_eq!(get(&world, "serena", &place).expect(200).json()["status"], "inactive");
    let uses = world.journal().entries().into_iter().filter(|e| e["phase"] == "use");
    let uses: Vec<_> = uses.filter(|e| e["result"] == "directive-recorded").collect();
    assert_eq!(uses.len(), 2);
    assert!(uses.iter().all(|one| one["recipient"] == "ops.token" && !one["client"].is_null()));
}

#[test]
fn another_systems_directive_looks_like_none() {
    let world = region().start();
    let place = place(&post(&world, "serena", &consent(AINO)).expect(201));
    let nobodys = format!("{CONSENTS}/{NOBODYS}");
    let tagged = |place: &str, client: &str| {
        let mut body = consent(client);
        body["id"] = place.rsplit('/').next().into();
        body
    };
    get(&world, "serena", &place).expect(200);
    for reader in ["desk", "malli-ry", "home-care"] {
        let (others, none) = (get(&world, reader, &place), get(&world, reader, &nobodys));
        assert_eq!(seen(&others.expect(404)), seen(&none), "{reader}");
        let (others, none) = (search(&world, reader, AINO), search(&world, reader, EINO));
        assert_eq!(seen(&others.expect(200)), seen(&none), "{reader}");
    }
    let others = put(&world, "desk", &place, "W/\"1\"", &tagged(&place, AINO));
    let none = put(&world, "desk", &nobodys, "W/\"1\"", &tagged(&nobodys, AINO));
    assert_eq!(seen(&others.expect(404)), seen(&none));
    // The same consent cannot become another client's.
    put(&world, "serena", &place, "W/\"1\"", &tagged(&place, EINO)).expect(404);
    put(&world, "serena", &place, "W/\"1\"", &tagged(&nobodys, AINO)).expect(422);
    let kept = get(&world, "serena", &place).expect(200);
    assert_eq!(kept.header("etag"), Some("W/\"1\""));
}

/// Nothing lets Malli ry have what the client directs about another: it was recorded, and yet is not
/// shown.
#[test]
fn the_policy_decides_over_a_systems_own_directives_too() {
    let world = region().start();
    let mut of_another = consent(AINO);
    of_another["provision"]["actor"][0]["reference"] = json!({ "display": "home-care" });
    let place = place(&post(&world, "malli-ry", &of_another).expect(201));
    get(&world, "malli-ry", &place).expect(404);
    assert_eq!(search(&world, "malli-ry", AINO).expect(200).json()["total"], 0);
    let reads = world.journal().entries().into_iter().filter(|e| e["kind"] == "directive");
    let phases: Vec<_> = reads.map(|e| e["phase"].as_str().expect("a phase").to_owned()).collect();
    assert_eq!(phases, ["refusal"; 2]);
    assert_eq!(world.journal().count("directive"), 1);
}

#[test]
fn what_is_not_understood_is_refused_by_its_place_and_nothing_is_kept() {
    let world = region().start();
    let mut bad = consent(AINO);
    bad["modifierExtension"] = json!([{ "url": "urn:test:not", "valueBoolean": true }]);
    bad["provision"]["provision"][0]["provision"] = json!([{ "type": "permit" }]);
    let outcome = post(&world, "serena", &bad).expect(422).json();
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    let issues: Vec<_> = outcome["issue"].as_array().unwrap().iter().collect();
    let told: Vec<_> = issues.iter().map(|i| (&i["code"], &i["expression"][0])).collect();
    let (extension, deeper) = (json!("extension"), json!("not-supported"));
    let (at, nested) =
        (json!("Consent.modifierExtension"), json!("Consent.provision.provision[0].provision"));
    assert_eq!(told, [(&extension, &at), (&deeper, &nested)]);
    let mut withdrawn = consent(AINO);
    withdrawn["status"] = "inactive".into();
    post(&world, "serena", &withdrawn).expect(422);
    post(&world, "home-care", &consent(AINO)).expect(403);
    let none = Request::new("POST", CONSENTS).body(b"{}");
    world.send(&none).expect(401);
    assert_eq!(world.journal().count("directive"), 0);
    assert_eq!(world.journal().count("message"), 0);
}

#[test]
fn directives_by_either_door_are_one_history() {
    let world = region().start();
    world.accept("serena", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
    let found = search(&world, "serena", AINO).expect(200).json();
    assert_eq!(found["total"], 1);
    let by_xml = &found["entry"][0]["resource"];
    assert_eq!(by_xml["identifier"][0]["value"], "S-1");
    assert!(!found.to_string().contains(AINO), "the client stands in it by the hub's reference");
    let place = format!("{CONSENTS}/{}", by_xml["id"].as_str().expect("an id"));
    let mut narrowed = by_xml.clone();
    narrowed["provision"]["securityLabel"] =
        json!([{ "system": "urn:luotsi:data-category", "code": "need" }]);
    put(&world, "serena", &place, "W/\"1\"", &narrowed).expect(200);
    world.accept("serena", &documents::withdrawal("P-1", AINO, "S-1"));
    let shown = get(&world, "serena", &place).expect(200);
    assert_eq!(shown.header("etag"), Some("W/\"3\""));
    assert_eq!(shown.json()["status"], "inactive");

    let client = by_xml["patient"]["identifier"]["value"].as_str().expect("a reference");
    let known = world.api("GET", &format!("/clients/{client}/directives"), "").expect(200).json();
    let versions = known["directives"][0]["versions"].as_array().expect("versions");
    let told: Vec<_> = versions.iter().map(|v| (&v["version"], &v["standing"])).collect();
    let (active, withdrawn) = (json!("active"), json!("withdrawn"));
    let numbers = [json!(3), json!(2), json!(1)];
    let want = [(&numbers[0], &withdrawn), (&numbers[1], &active), (&numbers[2], &active)];
    assert_eq!(told, want);
    assert!(!known.to_string().contains(AINO));
    let page = directives_page(&world, client);
    let lines: Vec<_> = page.lines().map(str::trim).collect();
    assert_eq!(lines[0], "S-1");
    assert!(lines[2].starts_with("v3   withdrawn") && lines[2].ends_with("recorded by serena"));
    assert!(lines[3].starts_with("permits need, administrative to malli-ry for peer-support"));
    assert!(lines[6].starts_with("v1   active") && lines[7].starts_with("permits everything"));
    let reads = world.journal().entries().into_iter().filter(|e| e["kind"] == "directive");
    let phases: Vec<_> = reads.map(|e| e["phase"].as_str().expect("a phase").to_owned()).collect();
    assert_eq!(phases, ["intent", "outcome"].repeat(2), "each read is logged");
}

/// What `luotsi directives` shows.
fn directives_page(hub: &Hub, client: &str) -> String {
    let mut command = Command::new(paths::luotsi());
    command.args(["directives", "--client", client, "--ops", &format!("http://{}", hub.ops)]);
    let output = command.arg("--data").arg(&hub.data).output().expect("the hub's binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_same_key_makes_one_consent() {
    let world = region().start();
    let body = consent(AINO).to_string();
    let keyed = || {
        let request = Request::new("POST", CONSENTS).bearer(&token("serena"));
        world.send(&request.header("idempotency-key", "C-1").body(body.as_bytes())).expect(201)
    };
    let (first, again) = (keyed(), keyed());
    assert_eq!(seen(&first), seen(&again));
    assert_eq!(search(&world, "serena", AINO).expect(200).json()["total"], 1);
}

#[test]
fn the_statement_of_capabilities_says_consent() {
    let world = World::new();
    let statement = world.send(&Request::new("GET", "/fhir/R4/metadata")).expect(200).json();
    let resources = statement["rest"][0]["resource"].as_array().expect("resources");
    let kinds: Vec<_> = resources.iter().map(|r| r["type"].as_str().expect("a type")).collect();
    assert_eq!(kinds, ["CarePlan", "Consent"]);
}
