//! A value of its own in every field of every record kind, through success, error, refusal, failure
//! and crash, with the log at its most talkative: no such value turns up anywhere but in the bodies
//! that it was meant for.

mod flows;

use luotsi_tests::{
    canary::Canaries,
    dice::Seed,
    standin::StandIn,
    wait,
    world::{Setup, World},
};

use flows::Said;

#[test]
fn no_value_leaves_its_field() {
    let seed = Seed::take();
    let mut canaries = Canaries::new(seed.dice());
    let collector = StandIn::start();
    let world = talkative(&collector);
    let said = flows::all(&world, &mut canaries);

    let clean = |place: &str, bytes: &[u8]| {
        assert_eq!(canaries.found_in(bytes), [""; 0], "{place} repeats them");
    };
    for (place, answer) in &said.answers {
        clean(place, answer.as_bytes());
    }
    clean("the metrics", world.metrics().as_bytes());
    ops_api_is(&world, &said, &clean);
    journal_is(&world, &clean);
    assert!(world.terminate().success());
    clean("the log", world.log().as_bytes());
    for standin in [&world.serena, &world.home_care, &world.malli_ry] {
        for received in standin.everything() {
            clean("a request's line and headers", received.head());
        }
    }
    telemetry_is(&collector, &clean);
    meant_bodies_have_them(&world, &canaries);
}

/// Everything it can tell, it tells.
fn talkative(collector: &StandIn) -> World {
    let mut setup = Setup::new();
    setup.region.add_desk();
    let endpoint = format!("http://{}", collector.address);
    setup.environment = [
        ("LUOTSI_LOG__LEVEL", "trace"),
        ("RUST_BACKTRACE", "1"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_METRIC_EXPORT_INTERVAL", "200"),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    setup.start()
}

fn ops_api_is(world: &World, said: &Said, clean: &impl Fn(&str, &[u8])) {
    let mut asked = 0;
    for delivery in world.journal().deliveries() {
        let message = &delivery.message;
        clean(
            "a journey",
            world.api("GET", &format!("/messages/{message}"), "").whole().as_bytes(),
        );
        let why = format!("/messages/{message}/why?to={}", delivery.destination);
        clean("a why", world.api("GET", &why, "").whole().as_bytes());
        asked += 1;
    }
    assert!(asked > 10);
    for hetu in &said.clients {
        let report = format!("{{\"hetu\":\"{hetu}\"}}");
        let report = world.api("POST", "/reports/disclosures", &report).expect(200);
        clean("a report", report.whole().as_bytes());
    }
    clean("the loads", world.api("GET", "/loads", "").whole().as_bytes());
}

/// The journal holds records, and they are values; what is beside them is not.
fn journal_is(world: &World, clean: &impl Fn(&str, &[u8])) {
    clean("deliveries and the disclosure log", world.journal().content().as_bytes());
    for column in ["message.envelope", "message.accounting", "idempotency.receipt"] {
        let (table, column) = column.split_once('.').expect("a table and its column");
        world.journal().texts(table, column).iter().for_each(|text| clean(table, text.as_bytes()));
    }
}

/// Traces and metrics were exported, and are as clean.
fn telemetry_is(collector: &StandIn, clean: &impl Fn(&str, &[u8])) {
    for path in ["/v1/traces", "/v1/metrics"] {
        wait::holds(path, || collector.received().iter().any(|r| r.path == path));
    }
    let all = collector.received();
    all.iter().for_each(|received| clean("telemetry", &received.bytes));
    let told = |what: &str| all.iter().any(|r| r.text().contains(what));
    assert!(told("luotsi_messages") && told("deliver"), "it tells of something");
}

/// The test would pass on a hub that does nothing; this one did something.
fn meant_bodies_have_them(world: &World, canaries: &Canaries) {
    let seen = |standin: &StandIn| -> Vec<u8> {
        standin.received().iter().flat_map(|received| received.body.clone()).collect()
    };
    let home_care = seen(&world.home_care);
    let found = canaries.found_in(&home_care);
    for field in ["hetu", "given", "need", "health", "note", "street", "relative_phone"] {
        assert!(found.iter().any(|f| f == &format!("referral.{field}")), "{field}: {found:?}");
    }
    assert!(canaries.found_in(&seen(&world.malli_ry)).contains(&"contact.question"));
    assert!(canaries.found_in(&seen(&world.serena)).contains(&"answer.note"));
}
