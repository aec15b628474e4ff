//! Answers come back by the same door, and an anonymous question joins nobody.

use std::process::Command;

use luotsi_tests::{
    documents::{self, Referral, Scope},
    leaves, paths,
    people::{AINO, EINO},
    standin::Received,
    world::World,
};

/// A referral that Malli ry has; gives the message and the task.
fn referred(world: &World) -> (String, String) {
    world.accept("serena", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
    let message = world.accept("serena", &Referral::to_peer_support("L-1", AINO).xml());
    let delivery = world.reaches(&message, "malli-ry", "delivered");
    world.reaches(&message, "plan", "delivered");
    (message, delivery["delivery"].as_str().expect("an id").to_owned())
}

/// The schema that the guidance system was given holds for what it gets.
fn is_valid(received: &Received) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &received.body).expect("a writable file");
    let schema = paths::root().join("config/schemas/serena-style-1.0.xsd");
    let mut xmllint = Command::new("xmllint");
    xmllint.args(["--noout", "--nonet", "--schema"]).arg(schema).arg(file.path());
    let checked = xmllint.output().expect("xmllint; tests/run installs it");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn an_answer_reaches_whoever_asked_and_the_plan() {
    let world = World::new();
    let (message, task) = referred(&world);
    let answer = documents::answer(&task, "accepted", None, Some("Soitamme tiistaina."));
    let answered = world.accept("malli-ry", &answer);
    let told = world.reaches(&answered, "serena", "delivered");
    let tila = world.serena.wait("the status", |r| r.path == "/tila");
    assert_eq!(tila.header("authorization"), Some("Bearer the-guidance-systems-own-token"));
    let delivery = told["delivery"].as_str().expect("an id");
    let wanted = [
        ("Tila/@viesti", delivery),
        ("Tila/Lahete/@tunnus", "L-1"),
        ("Tila/Tehtava", "hyvaksytty"),
        ("Tila/Tekija", "malli-ry"),
        ("Tila/Aika", "14.11.2026 10:00"),
        ("Tila/Viesti", "Soitamme tiistaina."),
    ];
    assert_eq!(leaves::of_xml(&tila.text()), leaves::expected(&wanted));
    is_valid(&tila);

    world.reaches(&answered, "plan", "delivered");
    let plan = super::plan::search(&world, "serena", AINO).json();
    let activity = &plan["entry"][0]["resource"]["activity"][0];
    assert_eq!(activity["id"], message.as_str());
    let progress = [
        ("0/id", task.as_str()),
        ("0/authorString", "malli-ry"),
        ("0/time", "2026-11-14T08:00:00Z"),
        ("0/text", "accepted"),
    ];
    assert_eq!(leaves::of_json(&activity["progress"]), leaves::expected(&progress));
    assert_eq!(world.delivery(&message, "malli-ry")["task"], "accepted");
}

#[test]
fn an_illegal_step_changes_nothing() {
    let world = World::new();
    let (_, task) = referred(&world);
    let accepted = world.accept("malli-ry", &documents::answer(&task, "accepted", None, None));
    world.reaches(&accepted, "serena", "delivered");
    world.reaches(&accepted, "plan", "delivered");
    let before = world.journal().content();
    let told = world.serena.received().len();

    let check = |from: &str, answer: &str, status: u16, code: &str| {
        let refused = world.post(from, answer).expect(status).json();
        assert_eq!(refused["code"], code, "{answer}");
    };
    let answer = |status, reason| documents::answer(&task, status, reason, None);
    check("malli-ry", &answer("accepted", None), 409, "illegal-transition");
    check("malli-ry", &answer("rejected", Some("myöhäistä")), 409, "illegal-transition");
    check("malli-ry", &answer("cancelled", None), 422, "does-not-map");
    check("malli-ry", &answer("requested", None), 422, "does-not-map");
    check("malli-ry", &answer("entered-in-error", Some("ei")), 422, "does-not-map");
    let unknown = documents::answer("0192f3c4-5a00-7000-8000-000000000001", "accepted", None, None);
    check("malli-ry", &unknown, 404, "unknown-task");
    // Another's task looks as if there were none.
    let fhir = serde_json::json!({
        "resourceType": "Task",
        "identifier": [{ "system": "urn:luotsi:delivery", "value": task }],
        "status": "in-progress",
    });
    check("home-care", &fhir.to_string(), 404, "unknown-task");

    assert_eq!(world.journal().content(), before);
    assert_eq!(world.serena.received().len(), told);
    // The task goes on from where it stands.
    world.accept("malli-ry", &answer("completed", None));
}

#[test]
fn an_anonymous_question_is_answered_and_joins_nobody() {
    let world = World::new();
    let question = "Onko leskille omaa ryhmää?";
    let contact = documents::contact("Y-1", "", question, "kysyja@esimerkki.invalid");
    let message = world.accept("serena", &contact);
    let delivery = world.reaches(&message, "malli-ry", "delivered");
    let task = delivery["delivery"].as_str().expect("an id");
    let asked = world.malli_ry.wait("the question", |r| r.delivery() == Some(task));
    let mut got = leaves::of_json(&asked.json());
    got.remove("timestamp");
    let wanted = [
        ("type", "contact.asked"),
        ("data/task", task),
        ("data/channel", "chat"),
        ("data/topic", "peer-support"),
        ("data/question", question),
    ];
    assert_eq!(got, leaves::expected(&wanted));

    let answer = documents::answer(task, "accepted", None, None);
    world.accept("malli-ry", &answer);
    let note = Some("On, keskiviikkoisin.");
    let done = world.accept("malli-ry", &documents::answer(task, "completed", None, note));
    world.reaches(&done, "serena", "delivered");
    let tila = world.serena.wait("the answer", |r| r.text().contains("keskiviikkoisin"));
    assert_eq!(leaves::of_xml(&tila.text())["Tila/Lahete/@tunnus"], "Y-1");
    is_valid(&tila);

    assert!(world.journey(&message)["subject"].is_null());
    assert!(world.journey(&done)["subject"].is_null());
    let journal = world.journal();
    assert_eq!((journal.count("client"), journal.count("plan")), (0, 0));
    assert!(journal.deliveries().iter().all(|delivery| delivery.subject.is_none()));
    assert!(world.journey(&done)["deliveries"].as_array().is_some_and(|all| all.len() == 1));
}

#[test]
fn a_known_askers_question_needs_a_route_of_its_own() {
    let world = World::new();
    let contact = documents::contact("Y-2", EINO, "Milloin?", "");
    let refused = world.post("serena", &contact).expect(422).json();
    assert_eq!(refused["code"], "no-route");
    assert_eq!(world.journal().count("message"), 0);
}
