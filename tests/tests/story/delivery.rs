//! One referral, three recipients: each gets exactly the fields it may have.

use std::collections::BTreeSet;

use luotsi_tests::{
    documents::{self, Scope},
    leaves::{self, Leaves},
    paths,
    people::AINO,
    standin::{Manner, Received},
    webhook,
    world::World,
};
use serde_json::Value;

/// A whole referral, as its mapping pack publishes it.
fn referral() -> String {
    paths::text("mappings/serena/cases/referral-aino/input.xml")
}

/// What only home care may have of it: no byte of these may reach the third sector.
const WITHHELD: [&str; 11] = [
    AINO,
    "Mallitie",
    "Malliala",
    "99900000102",
    "Väinö",
    "rollaattori",
    "Verenpaine",
    "kerrostalo",
    "Ovikello",
    "Ohjaaja",
    "malli-iakkaat",
];

/// Sends the consent and the referral, and gives what Malli ry got.
fn deliver(world: &World, categories: &[&str]) -> (String, Received) {
    let scope = Scope { categories, ..Scope::PEER_SUPPORT };
    world.accept("serena", &documents::consent("S-1", AINO, scope));
    let message = world.accept("serena", &referral());
    let delivery = world.reaches(&message, "malli-ry", "delivered");
    let received =
        world.malli_ry.wait("the webhook", |r| r.delivery() == delivery["delivery"].as_str());
    (message, received)
}

#[test]
fn the_provider_gets_what_the_consent_covers_and_no_more() {
    let identity =
        [("data/client/givenName", "Aino Testi"), ("data/client/familyName", "Mallikas")];
    let contact = [("data/client/phone", "+99900000101"), ("data/client/language", "fi")];
    let need = [
        ("data/service", "peer-support"),
        (
            "data/need",
            "Kaipaa seuraa & tukea arkeen puolison kuoltua.\nToivoo yhteydenottoa iltapäivisin.",
        ),
    ];
    let plan = [
        ("data/goals/0/text", "Pääsee viikoittain kahville muiden kanssa."),
        ("data/goals/0/author", "client"),
        ("data/goals/1/text", "Yksinäisyys vähenee kolmessa kuukaudessa."),
        ("data/goals/1/author", "professional"),
    ];
    let check = |categories: &[&str], wanted: &[&[(&str, &str)]]| {
        let world = World::new();
        let (_, received) = deliver(&world, categories);
        let mut leaves = leaves::of_json(&received.json());
        let stamp = leaves.remove("timestamp").expect("a timestamp");
        assert!(stamp.parse::<jiff::Timestamp>().is_ok(), "{stamp}");
        assert_eq!(leaves.remove("data/task").as_deref(), received.delivery());
        let always = [
            ("type", "referral.requested"),
            ("data/reference", "L-2026-0001"),
            ("data/priority", "routine"),
        ];
        let wanted: Vec<_> =
            always.iter().chain(wanted.iter().copied().flatten()).copied().collect();
        assert_eq!(leaves, leaves::expected(&wanted), "{categories:?}");
        assert!(webhook::is_signed(&received));
        let bytes = String::from_utf8_lossy(&received.bytes);
        assert!(WITHHELD.iter().all(|value| !bytes.contains(value)), "{bytes}");
    };
    // No list: whatever the policy lets a third-sector recipient have.
    check(&[], &[&identity, &contact, &need, &plan]);
    check(&["henkilotiedot", "tarve"], &[&identity, &need]);
    check(&["yhteystiedot"], &[&contact]);
    // A consent widens nothing: health is not this recipient's to have.
    check(&["henkilotiedot", "terveys", "vapaateksti"], &[&identity]);
}

#[test]
fn the_disclosure_log_names_exactly_what_left() {
    let world = World::new();
    let (message, _) = deliver(&world, &["henkilotiedot", "tarve"]);
    let delivery = world.delivery(&message, "malli-ry");
    let entries = delivery["entries"].as_array().expect("a list");
    let names = |entry: &Value, list: &str| -> BTreeSet<String> {
        let named = entry[list].as_array().expect("a list").iter();
        named.map(|name| name.as_str().expect("a path").to_owned()).collect()
    };
    let intent = entries.iter().find(|entry| entry["phase"] == "intent").expect("an intent");
    let left = ["client.family", "client.given", "need", "priority", "reference", "service"];
    assert_eq!(names(intent, "fields"), BTreeSet::from(left.map(String::from)));
    let withheld = names(intent, "withheld");
    for field in ["client.phone", "client.address.street", "health", "note", "relative.name"] {
        assert!(withheld.contains(field), "{field}: {withheld:?}");
    }
    assert_eq!(intent["grounds"][0]["directive"], "S-1");
    let outcomes = entries.iter().filter(|entry| entry["phase"] == "outcome");
    assert_eq!(outcomes.map(|e| e["result"].clone()).collect::<Vec<_>>(), ["delivered"]);
    // The client's own report says the same.
    let report = world.api("POST", "/reports/disclosures", &format!("{{\"hetu\":\"{AINO}\"}}"));
    let report = report.expect(200).json();
    let all = report["disclosures"].as_array().expect("a list");
    let own = all.iter().find(|row| row["recipient"] == "malli-ry").expect("a row");
    assert_eq!((&own["fields"], &own["result"]), (&intent["fields"], &"delivered".into()));
}

#[test]
fn home_care_and_the_plan_get_their_own_whole() {
    let world = World::new();
    let message = world.accept("serena", &referral());
    let delivery = world.reaches(&message, "home-care", "delivered");
    let received = world.home_care.wait("the bundle", |r| r.path == "/fhir");
    assert_eq!(received.delivery(), delivery["delivery"].as_str());
    assert_eq!(leaves::of_json(&received.json()), bundle(&world, &message, &received));

    world.reaches(&message, "plan", "delivered");
    let plan = super::plan::search(&world, "home-care", AINO);
    let plan = leaves::of_json(&plan.json()["entry"][0]["resource"]);
    let mut wanted = super::plan::frame(AINO, "Aino Testi", "Mallikas");
    wanted.extend(leaves::expected(&[
        ("id", plan["id"].as_str()),
        ("activity/0/id", &message),
        ("activity/0/detail/status", "not-started"),
        ("activity/0/detail/code/coding/0/system", "urn:luotsi:service"),
        ("activity/0/detail/code/coding/0/code", "peer-support"),
        (
            "activity/0/detail/description",
            "Kaipaa seuraa & tukea arkeen puolison kuoltua.\nToivoo yhteydenottoa iltapäivisin.",
        ),
        ("activity/0/detail/extension/0/url", "urn:luotsi:fhir:task-status"),
        ("activity/0/detail/extension/0/valueCode", "requested"),
        ("activity/0/extension/0/url", "urn:luotsi:fhir:reference"),
        ("activity/0/extension/0/valueString", "L-2026-0001"),
        ("activity/0/extension/1/url", "urn:luotsi:fhir:requested"),
        ("activity/0/extension/1/valueDateTime", "2026-11-14T07:30:00Z"),
    ]));
    let goals = [
        ("Pääsee viikoittain kahville muiden kanssa.", "client"),
        ("Yksinäisyys vähenee kolmessa kuukaudessa.", "professional"),
    ];
    for (at, (text, author)) in goals.iter().enumerate() {
        let goal = |member: &str| format!("contained/{}/{member}", at + 1);
        let name = format!("goal-{}", at + 1);
        wanted.extend(leaves::expected(&[
            (&format!("goal/{at}/reference"), &format!("#{name}")),
            (&goal("resourceType"), "Goal"),
            (&goal("id"), &name),
            (&goal("lifecycleStatus"), "active"),
            (&goal("description/text"), text),
            (&goal("subject/reference"), "#client"),
            (&goal("extension/0/url"), "urn:luotsi:fhir:goal-author"),
            (&goal("extension/0/valueCode"), author),
        ]));
    }
    assert_eq!(plan, wanted);
}

/// The bundle that the pack publishes for this referral, with this delivery's ids in it.
fn bundle(world: &World, message: &str, received: &Received) -> Leaves {
    let published = paths::text("mappings/fhir-r4/cases/referral-aino/output.json");
    let client = world.journey(message)["subject"].as_str().expect("a client").to_owned();
    let body = received.json();
    let own = published
        .replace("0192f3c4-5a00-7000-8000-000000000001", received.delivery().expect("an id"))
        .replace("0192f3c4-5a00-7000-8000-00000000000a", message)
        .replace("c-0001", &client)
        .replace("2026-11-14T07:31:00Z", body["timestamp"].as_str().expect("a timestamp"));
    leaves::of_json(&serde_json::from_str::<Value>(&own).expect("JSON"))
}

#[test]
fn the_same_message_sent_again_is_the_same_message() {
    let world = World::new();
    let first = world.post_keyed("serena", "key-1", &referral()).unwrap().expect(202);
    let again = world.post_keyed("serena", "key-1", &referral()).unwrap().expect(202);
    assert_eq!(first.json(), again.json());
    let other = referral().replace("L-2026-0001", "L-2026-0002");
    let refused = world.post_keyed("serena", "key-1", &other).unwrap().expect(422);
    assert_eq!(refused.json()["code"], "idempotency-key-reused");
    // A key is its sender's own.
    let answer = documents::answer("0192f3c4-5a00-7000-8000-000000000001", "accepted", None, None);
    world.post_keyed("malli-ry", "key-1", &answer).unwrap().expect(404);
    assert_eq!(world.journal().count("message"), 1);
}

#[test]
fn a_replay_is_linked_and_passes_the_same_gate() {
    let world = World::new();
    let (message, received) = deliver(&world, &[]);
    let replay = || {
        let answer = world.api("POST", &format!("/messages/{message}/replay"), "").expect(202);
        answer.json()["message"].as_str().expect("the new message").to_owned()
    };
    let again = replay();
    assert_ne!(again, message);
    assert_eq!(world.journey(&again)["replays"], message.as_str());
    let delivery = world.reaches(&again, "malli-ry", "delivered");
    let second =
        world.malli_ry.wait("the replay", |r| r.delivery() == delivery["delivery"].as_str());
    assert_ne!(second.delivery(), received.delivery(), "another message, another id");

    world.accept("serena", &documents::withdrawal("P-1", AINO, "S-1"));
    let refused = replay();
    let delivery = world.reaches(&refused, "malli-ry", "refused");
    assert_eq!(delivery["cause"], "withdrawn");
    assert_eq!(world.malli_ry.received().len(), 2);
    world.reaches(&refused, "home-care", "delivered");
}

#[test]
fn a_dead_letter_is_found_and_settled_by_a_replay_to_that_system_alone() {
    let world = World::new();
    world.accept("serena", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
    world.malli_ry.be(Manner::Answer(422));
    let message = world.accept("serena", &referral());
    world.reaches(&message, "malli-ry", "dead-letter");
    world.reaches(&message, "home-care", "delivered");
    let stuck = || world.api("GET", "/deliveries?state=dead-letter", "").expect(200).json();
    assert_eq!(stuck()[0]["message"], message.as_str());
    assert_eq!(stuck()[0]["cause"], "the recipient answered 422");

    world.malli_ry.be(Manner::Answer(200));
    let path = format!("/messages/{message}/replay?to=malli-ry");
    let answer = world.api("POST", &path, "").expect(202).json();
    assert_eq!(answer["deliveries"], 1);
    let again = answer["message"].as_str().expect("the new message");
    world.reaches(again, "malli-ry", "delivered");
    world.reaches(&message, "malli-ry", "replayed");
    assert_eq!(stuck(), serde_json::json!([]));
    assert_eq!(world.home_care.received().len(), 1, "home care had it already");
}

#[test]
fn what_acts_is_not_replayed() {
    let world = World::new();
    let consent = documents::consent("S-1", AINO, Scope::PEER_SUPPORT);
    let message = world.accept("serena", &consent);
    let answer = world.api("POST", &format!("/messages/{message}/replay"), "").expect(409);
    assert_eq!(answer.json()["code"], "not-replayed");
    let unknown = "/messages/0192f3c4-5a00-7000-8000-000000000001/replay";
    world.api("POST", unknown, "").expect(404);
}

#[test]
fn the_ops_api_wants_its_token() {
    let world = World::new();
    let message = world.accept("serena", &referral());
    let asks = [
        ("GET", format!("/api/messages/{message}")),
        ("GET", format!("/api/messages/{message}/why?to=malli-ry")),
        ("POST", format!("/api/messages/{message}/replay")),
        ("POST", "/api/reports/disclosures".into()),
        ("GET", "/api/loads".into()),
    ];
    for (method, path) in asks {
        let request = luotsi_tests::http::Request::new(method, &path);
        for request in [request.clone(), request.bearer("demo-serena-token")] {
            let answer = request.send(world.ops).expect("an answer").expect(401);
            assert_eq!(answer.json()["code"], "unauthorized", "{path}");
        }
    }
    world.api("GET", "/loads", "").expect(200);
    assert_eq!(world.journal().count("message"), 1, "nothing was replayed");
}
