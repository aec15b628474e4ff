//! A referral comes by the bus and goes to a webhook, another goes out by the bus; answers come and
//! go the same ways.

use luotsi_tests::{
    broker::{Bus, Sent, url},
    documents::{self, Referral, Scope},
    leaves,
    people::AINO,
    wait, webhook,
};

use crate::setup::{HEADERS, Names, OnBus, Who};

/// Publishes a document of the guidance system.
fn say(bus: &mut Bus, names: &Names, id: &str, xml: &str) {
    let sent = Sent { id: Some(id), content_type: Some("application/xml"), ..Sent::default() };
    bus.insist(&names.of("lahetteet"), "ohjaus.uusi", &Sent { body: xml.as_bytes(), ..sent });
}

#[test]
fn what_is_published_arrives_by_webhook_and_its_answer_is_published() {
    let Some(url) = url() else { return };
    let (world, names, mut bus) = OnBus::new(Who::Serena, &url, &url).start();
    // The hub has declared its queue by then.
    say(&mut bus, &names, "1", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
    let referral = Referral::to_peer_support("L-1", AINO).xml();
    say(&mut bus, &names, "2", &referral);
    // Whoever is not sure publishes again.
    say(&mut bus, &names, "2", &referral);
    let received = world.malli_ry.wait("the webhook", |r| r.path == "/hooks");
    assert!(webhook::is_signed(&received));
    let leaves = leaves::of_json(&received.json());
    assert_eq!(leaves["data/reference"], "L-1");
    assert!(!received.text().contains(AINO), "the code is not theirs to have");

    let task = received.delivery().expect("an id").to_owned();
    let answer = documents::answer(&task, "accepted", None, Some("Soitamme tiistaina."));
    let answered = world.accept("malli-ry", &answer);
    let told = bus.next(&names.of("tilat"));
    world.reaches(&answered, "serena", "delivered");
    let delivery = world.delivery(&answered, "serena");
    let id = delivery["delivery"].as_str().expect("an id");
    let tila = leaves::of_xml(&told.text());
    assert_eq!(tila["Tila/@viesti"], id);
    assert_eq!(tila["Tila/Viesti"], "Soitamme tiistaina.");

    // The envelope, whole: nothing of anyone is in it.
    let trace = told.header("cloudEvents:traceparent").expect("a trace");
    let values = ["application/xml", id, "urn:luotsi:hub", "1.0", trace, "luotsi.task-status"];
    let wanted: Vec<_> = HEADERS.into_iter().zip(values).collect();
    let headers = told.headers.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    // The broker's own begin so.
    let headers: Vec<_> = headers.filter(|(name, _)| !name.starts_with("x-")).collect();
    assert_eq!(headers, wanted);
    assert_eq!(told.id, id);
    assert_eq!(*told.properties.delivery_mode(), Some(2));
    let content_type = told.properties.content_type().as_ref().map(ToString::to_string);
    assert_eq!(content_type.as_deref(), Some("application/xml"));
    // Consent, referral, answer: the repeat is none of them.
    wait::holds("the queue is empty", || world.journal().count("message") == 3);
    assert_eq!(world.malli_ry.received().len(), 1);
    assert!(bus.get(&format!("{}.dead", names.serenas())).is_none());
}

#[test]
fn a_recipient_on_the_bus_consumes_its_referral_and_answers_by_its_own_queue() {
    let Some(url) = url() else { return };
    let (world, names, mut bus) = OnBus::new(Who::Both, &url, &url).start();
    say(&mut bus, &names, "1", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
    say(&mut bus, &names, "2", &Referral::to_peer_support("L-1", AINO).xml());
    let got = bus.next(&names.of("lahetteet-tukeen"));
    let body = leaves::of_json(&serde_json::from_slice(&got.body).expect("JSON"));
    assert_eq!(
        (body["type"].as_str(), body["data/task"].as_str()),
        ("referral.requested", &*got.id)
    );
    for withheld in [AINO, "Verenpainetauti", "Ovikello", "Vaina"] {
        assert!(!got.text().contains(withheld), "{withheld}");
    }
    assert_eq!(got.header("cloudEvents:type"), Some("luotsi.referral"));

    // An event's own id is one too, and its repeat is one message.
    let answer = documents::answer(&got.id, "accepted", None, None);
    let headers = [("cloudEvents_id", "a-1"), ("cloudEvents_source", "urn:example:malli-ry")];
    let sent = Sent { headers: &headers, body: answer.as_bytes(), ..Sent::default() };
    bus.insist(&names.of("lahetteet"), "vastaus", &sent);
    bus.insist(&names.of("lahetteet"), "vastaus", &sent);
    let tila = leaves::of_xml(&bus.next(&names.of("tilat")).text());
    assert_eq!((&*tila["Tila/Tehtava"], &*tila["Tila/Tekija"]), ("hyvaksytty", "malli-ry"));
    // What comes behind it in the queue has been settled after it.
    let again = documents::answer(&got.id, "completed", None, None);
    let sent = Sent { id: Some("a-2"), body: again.as_bytes(), ..Sent::default() };
    bus.insist(&names.of("lahetteet"), "vastaus", &sent);
    let tila = leaves::of_xml(&bus.next(&names.of("tilat")).text());
    assert_eq!(&*tila["Tila/Tehtava"], "valmis");
    assert_eq!(world.journal().count("message"), 4);
    assert!(bus.get(&names.of("hylatyt")).is_none());
}
