//! What cannot be taken goes to the dead letters and holds up nothing; what nobody gets is a person's
//! to look at; what the hub cannot take now it holds.

use luotsi_tests::{
    broker::{Sent, url},
    canary::Canaries,
    dice::Seed,
    documents::{self, Referral, Scope},
    people::AINO,
    wait,
};

use crate::setup::{OnBus, Who};

#[test]
fn a_poisoned_message_goes_to_the_dead_letters_and_the_rest_flows() {
    let Some(url) = url() else { return };
    let seed = Seed::take();
    let mut canaries = Canaries::new(seed.dice());
    let (world, names, mut bus) = OnBus::new(Who::Both, &url, &url).start();
    let mut referral = Referral::to_peer_support("L-1", &canaries.hetu("hetu"));
    referral.need = canaries.text("need");
    let whole = referral.xml();
    let unmapped = whole.replace("</Lahete>", "<Uusi>1</Uusi></Lahete>");
    let huge = whole.replace("a4", &"a".repeat(1 << 20));
    let consent = documents::consent("S-1", AINO, Scope::PEER_SUPPORT);
    let good = Referral::to_peer_support("L-2", AINO).xml();
    // Name, id, content type, body; the code that the log tells, if it is refused.
    let cases: [(&str, Option<&str>, &str, Option<&str>); 8] = [
        (&consent, Some("1"), "application/xml", None),
        (&whole[..300], Some("2"), "application/xml", Some("not-well-formed")),
        (&unmapped, Some("3"), "application/xml", Some("does-not-map")),
        (&whole, Some("4"), "application/json", Some("unsupported-media-type")),
        (&whole, None, "application/xml", Some("no-message-id")),
        (&huge, Some("5"), "application/xml", Some("too-large")),
        (&whole, Some("1"), "application/xml", Some("idempotency-key-reused")),
        (&good, Some("6"), "application/xml", None),
    ];
    for (body, id, content_type, _) in cases {
        let sent =
            Sent { id, content_type: Some(content_type), body: body.as_bytes(), headers: &[] };
        bus.insist(&names.of("lahetteet"), "ohjaus.uusi", &sent);
    }
    let got = bus.next(&names.of("lahetteet-tukeen"));
    assert!(got.text().contains("L-2"), "{}", got.text());
    let dead = format!("{}.dead", names.serenas());
    for (body, _, _, _) in cases.iter().filter(|(.., code)| code.is_some()) {
        assert_eq!(bus.next(&dead).body, body.as_bytes(), "as it came, in order");
    }
    assert_eq!(world.journal().count("message"), 2);
    let log = world.log();
    for code in cases.iter().filter_map(|(.., code)| *code) {
        let line = log.lines().find(|line| line.contains(&format!("\"code\":\"{code}\"")));
        assert!(line.is_some_and(|line| line.contains("to the dead letters")), "{code}:\n{log}");
    }

    // The same on a queue that is the system's own.
    let own = Sent { id: Some("7"), body: b"{", ..Sent::default() };
    bus.insist(&names.of("lahetteet"), "vastaus", &own);
    assert_eq!(bus.next(&names.of("hylatyt")).body, b"{");
    assert!(world.terminate().success());
    assert_eq!(canaries.found_in(world.log().as_bytes()), [""; 0], "the log repeats them");
}

#[test]
fn what_no_queue_takes_is_tried_again_and_then_a_persons_task() {
    let Some(url) = url() else { return };
    let mut on_bus = OnBus::new(Who::Both, &url, &url);
    // Most talkative: the broker gives the whole document back.
    on_bus.setup.environment.push(("LUOTSI_LOG__LEVEL".into(), "trace".into()));
    let file = "connections/malli-ry.toml";
    on_bus.setup.region.edit(file, "routing_key = \"lahete\"", "routing_key = \"tuntematon\"");
    let (world, names, mut bus) = on_bus.start();
    let seed = Seed::take();
    let mut canaries = Canaries::new(seed.dice());
    let mut referral = Referral::to_peer_support("L-1", AINO);
    referral.need = canaries.text("need");
    for (id, body) in
        [("1", documents::consent("S-1", AINO, Scope::PEER_SUPPORT)), ("2", referral.xml())]
    {
        let sent = Sent { id: Some(id), body: body.as_bytes(), ..Sent::default() };
        bus.insist(&names.of("lahetteet"), "ohjaus.uusi", &sent);
    }
    let own = || {
        let all = world.journal().deliveries();
        all.into_iter().find(|delivery| delivery.destination == "malli-ry")
    };
    wait::holds("several attempts", || own().is_some_and(|d| d.attempts >= 3));
    let why = "the broker has no queue for it: it came back";
    assert_eq!(own().and_then(|d| d.cause).as_deref(), Some(why));

    // The next failure is the last one: the next attempt would come after the time for all of them.
    let (retry, over) = (
        "first_ms = 40\neach_max_ms = 250",
        "first_ms = 86400000\neach_max_ms = 86400000\ntotal_max_hours = 1",
    );
    world.region.edit(file, retry, over);
    world.hang_up();
    let message = own().expect("a delivery").message;
    let dead = world.reaches(&message, "malli-ry", "dead-letter");
    assert_eq!(dead["cause"], format!("given up: {why}"));
    assert!(bus.get(&names.of("lahetteet-tukeen")).is_none());

    // Mended at the broker; the person sends it again.
    bus.queue(&names.of("lahetteet-tukeen"), &names.of("tuki"), "tuntematon");
    let again = world.api("POST", &format!("/messages/{message}/replay?to=malli-ry"), "");
    let again = again.expect(202).json()["message"].as_str().expect("a message").to_owned();
    world.reaches(&again, "malli-ry", "delivered");
    assert!(bus.next(&names.of("lahetteet-tukeen")).text().contains(&referral.need));
    assert!(world.terminate().success());
    assert_eq!(canaries.found_in(world.log().as_bytes()), [""; 0], "the log repeats them");
}

#[test]
fn what_the_hub_cannot_take_now_is_held_in_order_and_not_lost() {
    let Some(url) = url() else { return };
    let (world, names, mut bus) = OnBus::new(Who::Both, &url, &url).start();
    world.journal().sabotage("alter table message rename to elsewhere");
    let consent = documents::consent("S-1", AINO, Scope::PEER_SUPPORT);
    let withdrawal = documents::withdrawal("P-1", AINO, "S-1");
    for (id, body) in [("1", consent), ("2", withdrawal)] {
        let sent = Sent { id: Some(id), body: body.as_bytes(), ..Sent::default() };
        bus.insist(&names.of("lahetteet"), "ohjaus.uusi", &sent);
    }
    wait::holds("it is held", || world.log().contains("the hub cannot take it now"));
    world.journal().sabotage("alter table elsewhere rename to message");
    // Neither is refused: the withdrawal finds what it takes back.
    wait::holds("both are accepted", || world.journal().count("message") == 2);
    assert!(bus.get(&format!("{}.dead", names.serenas())).is_none());
}
