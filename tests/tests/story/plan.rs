//! The shared plan: read through the gate, written against a version.

use luotsi_tests::{
    documents::{self, Referral, Scope},
    http::{Answer, Request},
    hub::{Hub, token},
    leaves::{self, Leaves},
    paths,
    people::{AINO, EINO},
    world::{Setup, World},
};

const NOBODYS: &str = "0192f3c4-5a00-7000-8000-0000000000ff";

/// `POST /fhir/R4/CarePlan/_search` for a client's plan.
pub(super) fn search(hub: &Hub, reader: &str, hetu: &str) -> Answer {
    let form = format!("patient.identifier=urn:oid:1.2.246.21%7C{hetu}");
    let request = Request::new("POST", "/fhir/R4/CarePlan/_search").bearer(&token(reader));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    hub.send(&request.body(form.as_bytes()))
}

fn get(hub: &Hub, reader: &str, id: &str) -> Answer {
    hub.send(&Request::new("GET", &format!("/fhir/R4/CarePlan/{id}")).bearer(&token(reader)))
}

fn put(hub: &Hub, id: &str, version: &str, body: &str) -> Answer {
    let path = format!("/fhir/R4/CarePlan/{id}");
    let request = Request::new("PUT", &path).bearer(&token("desk"));
    let request = request.header("content-type", "application/fhir+json");
    let request = if version.is_empty() { request } else { request.header("if-match", version) };
    hub.send(&request.body(body.as_bytes()))
}

/// The leaves that every plan of a client has.
pub(super) fn frame(hetu: &str, given: &str, family: &str) -> Leaves {
    let identifier = "contained/0/identifier/0";
    leaves::expected(&[
        ("resourceType", "CarePlan"),
        ("contained/0/id", "client"),
        ("contained/0/resourceType", "Patient"),
        (&format!("{identifier}/use"), "official"),
        (&format!("{identifier}/system"), "urn:oid:1.2.246.21"),
        (&format!("{identifier}/type/coding/0/code"), "NNFIN"),
        (
            &format!("{identifier}/type/coding/0/system"),
            "http://terminology.hl7.org/CodeSystem/v2-0203",
        ),
        (&format!("{identifier}/value"), hetu),
        ("contained/0/name/0/family", family),
        ("contained/0/name/0/given/0", given),
        ("status", "active"),
        ("intent", "plan"),
        ("subject/reference", "#client"),
    ])
}

/// A region where the third sector may read plans by consent, and a desk may write them.
fn region() -> Setup {
    let setup = Setup::new();
    let read =
        "[read]\npurpose = \"peer-support\"\nkinds = [\"plan\"]\nmappings = [\"fhir-r4/plan\"]\n";
    setup.region.edit("connections/malli-ry.toml", "[settings]", &format!("{read}\n[settings]"));
    setup.region.add_desk();
    setup
}

fn with_a_plan() -> (World, String) {
    let world = region().start();
    let message = world.accept("serena", &Referral::to_peer_support("L-1", AINO).xml());
    world.reaches(&message, "plan", "delivered");
    let plan = search(&world, "serena", AINO).expect(200).json();
    let id = plan["entry"][0]["resource"]["id"].as_str().expect("a plan").to_owned();
    (world, id)
}

/// An answer as an outsider sees it: all but the time.
fn seen(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter().filter(|(name, _)| name != "date").cloned();
    (answer.status, headers.collect(), answer.text())
}

#[test]
fn a_plan_denied_looks_like_a_plan_absent() {
    let (world, id) = with_a_plan();
    let looks_absent = |why: &str| {
        let (denied, absent) = (get(&world, "malli-ry", &id), get(&world, "malli-ry", NOBODYS));
        assert_eq!(seen(&denied.expect(404)), seen(&absent), "{why}");
        let (denied, absent) = (search(&world, "malli-ry", AINO), search(&world, "malli-ry", EINO));
        assert_eq!(seen(&denied.expect(200)), seen(&absent), "{why}");
    };
    looks_absent("without a consent");
    world.accept("serena", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
    let shown = get(&world, "malli-ry", &id).expect(200);
    assert_eq!(shown.header("etag"), Some("W/\"1\""));
    assert!(!shown.text().contains("rollaattori"));
    world.accept("serena", &documents::prohibition("K-1", AINO, Scope::PEER_SUPPORT));
    looks_absent("prohibited");
    world.accept("serena", &documents::withdrawal("P-1", AINO, "K-1"));
    get(&world, "malli-ry", &id).expect(200);
    world.accept("serena", &documents::withdrawal("P-2", AINO, "S-1"));
    looks_absent("withdrawn");

    let reads = world.journal().entries().into_iter().filter(|e| e["recipient"] == "malli-ry");
    let reads = reads.filter(|e| e["message"].is_null() && e["phase"] != "outcome");
    let phases: Vec<_> = reads.map(|e| e["phase"].as_str().expect("a phase").to_owned()).collect();
    let (refusal, intent) = (["refusal"; 2].as_slice(), ["intent"].as_slice());
    assert_eq!(phases, [refusal, intent, refusal, intent, refusal].concat(), "each read is logged");
}

#[test]
fn a_system_without_reads_or_a_token_sees_nothing() {
    let (world, id) = with_a_plan();
    let wrong = Request::new("GET", "/fhir/R4/CarePlan/x").bearer("wrong");
    let none = Request::new("GET", "/fhir/R4/CarePlan/x");
    assert_eq!(seen(&world.send(&wrong).expect(401)), seen(&world.send(&none)));
    get(&world, "home-care", &id).expect(200);
    get(&world, "home-care", "not-a-uuid").expect(404);
}

#[test]
fn a_plan_is_written_against_the_version_that_was_read() {
    let (world, id) = with_a_plan();
    let body = paths::text("mappings/fhir-r4/cases/plan-aino/input.json");
    let version = get(&world, "desk", &id).header("etag").expect("a version").to_owned();
    put(&world, &id, "", &body).expect(428);
    put(&world, &id, "W/\"7\"", &body).expect(412);
    put(&world, NOBODYS, &version, &body).expect(404);
    // Another client's plan looks as if there were none.
    put(&world, &id, &version, &body.replace(AINO, EINO)).expect(404);
    assert_eq!(get(&world, "desk", &id).header("etag"), Some(version.as_str()));

    let written = put(&world, &id, &version, &body).expect(200);
    assert_eq!(written.header("etag"), Some("W/\"2\""));
    put(&world, &id, &version, &body).expect(412);
    let shown = get(&world, "desk", &id).expect(200);
    assert_eq!(shown.json()["title"], "Ainon suunnitelma");
    assert_eq!(shown.header("etag"), Some("W/\"2\""));
}

#[test]
fn a_new_plan_is_for_a_client_who_has_none() {
    let world = region().start();
    let body = paths::text("mappings/fhir-r4/cases/plan-aino/input.json");
    let create = || {
        let request = Request::new("POST", "/fhir/R4/CarePlan").bearer(&token("desk"));
        world.send(&request.header("content-type", "application/fhir+json").body(body.as_bytes()))
    };
    let created = create().expect(201);
    let place = created.header("location").expect("a place").to_owned();
    assert_eq!(world.send(&Request::new("GET", &place).bearer(&token("desk"))).status, 200);
    create().expect(412);
    assert_eq!(world.journal().count("plan"), 1);
}
