//! A changed region put in force in the running hub: whole or not at all, and under load.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
};

use luotsi_tests::{
    documents::{Referral, Scope, consent},
    people,
    standin::StandIn,
    wait,
    world::{Setup, World},
};

const CLIENTS: u32 = 12;
const SENDERS: u32 = 3;
const ROUNDS: u32 = 12;

const WITH_NEED: &str = "\"contact\", \"need\", \"plan\", \"administrative\"]";
const WITHOUT_NEED: &str = "\"contact\", \"plan\", \"administrative\"]";
const NEED: &str = "Kaipaa seuraa.";

const EXCHANGED: &str = "the generation is exchanged";
const REFUSED: &str = "the old generation goes on";

/// How often the hub's log has a text.
fn times(world: &World, text: &str) -> usize {
    world.log().matches(text).count()
}

/// Reloads, and waits for the hub to say what came of it.
#[track_caller]
fn reload(world: &World, says: &str) {
    let before = times(world, says);
    world.hang_up();
    wait::holds(says, || times(world, says) > before);
}

fn generation(world: &World) -> String {
    let ready = world.ask("/readyz").expect("an answer").expect(200).json();
    ready["generation"].as_str().expect("a generation").to_owned()
}

fn referral(reference: &str, client: u32) -> String {
    Referral::to_peer_support(reference, &people::hetu(client)).xml()
}

fn with_consents() -> World {
    let world = World::new();
    for client in 0..=CLIENTS {
        let given = consent(&format!("S-{client}"), &people::hetu(client), Scope::PEER_SUPPORT);
        world.accept("serena", &given);
    }
    world
}

/// While systems post without a pause, the policy is changed and put in force again and again.
/// Every message comes to each of its recipients, once; and what is accepted after a reload goes by
/// that reload's policy.
#[test]
fn under_load_nothing_is_lost_or_sent_twice_and_the_policy_in_force_holds() {
    let world = with_consents();
    let (is_over, number) = (AtomicBool::new(false), AtomicU32::new(0));
    let accepted = Mutex::new(Vec::new());
    let mut probes = Vec::new();
    thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (world, is_over, number, accepted) = (&world, &is_over, &number, &accepted);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let n = number.fetch_add(1, Ordering::Relaxed);
                    // A sender's own clients: so the order is known.
                    let client = sender + SENDERS * (n % (CLIENTS / SENDERS));
                    let message = world.accept("serena", &referral(&format!("L-{n}"), client));
                    accepted.lock().expect("no sender panics").push(message);
                }
            });
        }
        for round in 0..ROUNDS {
            let is_narrowed = round % 2 == 0;
            let (from, to) =
                if is_narrowed { (WITH_NEED, WITHOUT_NEED) } else { (WITHOUT_NEED, WITH_NEED) };
            world.region.edit("policy.toml", from, to);
            reload(&world, EXCHANGED);
            let reference = format!("P-{round}");
            let message = world.accept("serena", &referral(&reference, CLIENTS));
            world.reaches(&message, "malli-ry", "delivered");
            probes.push((message, is_narrowed));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let mut all = accepted.into_inner().expect("no sender panics");
    assert!(all.len() > ROUNDS as usize, "the load went on: {}", all.len());
    all.extend(probes.iter().map(|(message, _)| message.clone()));
    for to in ["malli-ry", "home-care", "plan"] {
        all.iter().for_each(|message| drop(world.reaches(message, to, "delivered")));
    }
    for standin in [&world.malli_ry, &world.home_care] {
        let mut seen = BTreeMap::new();
        for received in standin.received() {
            *seen.entry(received.delivery().expect("an id").to_owned()).or_insert(0) += 1;
        }
        let twice: Vec<_> = seen.iter().filter(|(_, count)| **count > 1).collect();
        assert_eq!((seen.len(), twice), (all.len(), Vec::new()));
    }
    for (message, is_narrowed) in &probes {
        let delivery = world.delivery(message, "malli-ry")["delivery"].clone();
        let received = world.malli_ry.received();
        let own = received.iter().find(|one| one.delivery() == delivery.as_str());
        let text = own.expect("it was delivered").text();
        assert_eq!(text.contains(NEED), !is_narrowed, "{text}");
    }
}

#[test]
fn a_region_that_does_not_hold_changes_nothing_and_is_told_whole() {
    let world = with_consents();
    let before = generation(&world);
    world.region.edit("policy.toml", WITH_NEED, "\"contact\", \"neeed\", \"administrative\"]");
    world.region.edit("routes.toml", "kind = \"assessment\"", "kind = \"asessment\"");
    reload(&world, REFUSED);
    let log = world.log();
    for told in ["policy.toml:", "routes.toml:", "assessment"] {
        assert!(log.contains(told), "{told} is not told");
    }
    assert_eq!(generation(&world), before);
    let message = world.accept("serena", &referral("L-1", 1));
    world.reaches(&message, "malli-ry", "delivered");
    // An adapter whose secret is gone is a mistake too.
    world.region.edit("policy.toml", "\"contact\", \"neeed\", \"administrative\"]", WITH_NEED);
    world.region.edit("routes.toml", "kind = \"asessment\"", "kind = \"assessment\"");
    let (secret, gone) = ("LUOTSI_SECRET_MALLI_RY", "LUOTSI_SECRET_NOBODY");
    world.region.edit("connections/malli-ry.toml", secret, gone);
    reload(&world, REFUSED);
    assert!(world.log().contains(gone), "{}", world.log());
    assert_eq!(generation(&world), before);
    world.region.edit("connections/malli-ry.toml", gone, secret);
    world.region.append("policy.toml", "# mended");
    reload(&world, EXCHANGED);
    assert_ne!(generation(&world), before);
}

const NEIGHBOUR: &str = r#"
adapter = "webhook"
organisation = "malli-ry"

[delivery]
mappings = ["malli-ry/referral"]

[settings]
url = "http://ADDRESS/hooks"
secret = { env = "LUOTSI_SECRET_MALLI_RY" }
"#;
const TO_NEIGHBOUR: &str = r#"
[[route]]
name = "neighbour"
kind = "referral"
from = ["serena"]
when = { service = ["peer-support"] }
to = [{ system = "naapuri", purpose = "peer-support" }]
"#;

/// A system that is added gets deliveries at once; one that moves gets them at its new address; of
/// one that leaves, what pends stays, and goes when it is back.
#[test]
fn systems_come_move_and_go() {
    let world = with_consents();
    let neighbour = StandIn::start();
    let file = world.region.folder().join("connections/naapuri.toml");
    let declare = |standin: &StandIn| {
        let text = NEIGHBOUR.replace("ADDRESS", &standin.address.to_string());
        fs::write(&file, text).expect("a writable copy");
    };
    declare(&neighbour);
    world.region.append("routes.toml", TO_NEIGHBOUR);
    reload(&world, EXCHANGED);
    // She consented to the association, whichever of its systems it is.
    let message = world.accept("serena", &referral("L-1", 1));
    world.reaches(&message, "naapuri", "delivered");
    assert_eq!(neighbour.received().len(), 1);

    let elsewhere = StandIn::start();
    declare(&elsewhere);
    reload(&world, EXCHANGED);
    let moved = world.accept("serena", &referral("L-2", 1));
    world.reaches(&moved, "naapuri", "delivered");
    assert_eq!((neighbour.received().len(), elsewhere.received().len()), (1, 1));

    elsewhere.be(luotsi_tests::standin::Manner::Answer(503));
    let pends: Vec<_> =
        (0..3).map(|n| world.accept("serena", &referral(&format!("L-3{n}"), 1))).collect();
    wait::holds("an attempt", || elsewhere.received().len() > 1);
    let routes = world.region.folder().join("routes.toml");
    let with = fs::read_to_string(&routes).expect("routes");
    fs::write(&routes, with.replace(TO_NEIGHBOUR, "")).expect("a writable copy");
    fs::remove_file(&file).expect("a file of the copy");
    reload(&world, EXCHANGED);
    let calls = elsewhere.received().len();
    elsewhere.be(luotsi_tests::standin::Manner::Answer(200));
    let other = world.accept("serena", &referral("L-4", 2));
    world.reaches(&other, "malli-ry", "delivered");
    assert_eq!(elsewhere.received().len(), calls, "nothing goes to a system that has left");
    for message in &pends {
        assert_eq!(world.delivery(message, "naapuri")["state"], "ready");
    }

    declare(&elsewhere);
    fs::write(&routes, with).expect("a writable copy");
    reload(&world, EXCHANGED);
    for message in &pends {
        world.reaches(message, "naapuri", "delivered");
    }
    let taken = elsewhere.received().into_iter().filter(|one| one.answered == 200);
    let taken: Vec<_> = taken.filter_map(|one| one.delivery().map(str::to_owned)).collect();
    let wanted = [&moved].into_iter().chain(&pends).map(|message| {
        world.delivery(message, "naapuri")["delivery"].as_str().expect("an id").to_owned()
    });
    let wanted: Vec<_> = wanted.collect();
    assert_eq!(taken, wanted, "each once, in order");
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), taken.len());
}

#[test]
fn changed_files_are_enough_where_that_is_asked_for() {
    let mut setup = Setup::new();
    setup.environment.push(("LUOTSI_WATCH".into(), "true".into()));
    let world = setup.start();
    let before = generation(&world);
    world.region.edit("policy.toml", WITH_NEED, WITHOUT_NEED);
    wait::holds("another generation", || generation(&world) != before);
    world.region.append("../../mappings/malli-ry/referral.toml", "= nothing");
    wait::holds("the mistake is told", || times(&world, REFUSED) > 0);
    assert!(world.log().contains("malli-ry/referral.toml:"), "{}", world.log());
}

#[test]
fn what_needs_a_restart_is_named() {
    let mut setup = Setup::new();
    let file = setup.file("luotsi.toml", "[audit]\ncheckpoint_interval_s = 60\n");
    setup.environment.push(("LUOTSI_SETTINGS".into(), file.display().to_string()));
    let world = setup.start();
    reload(&world, EXCHANGED);
    assert_eq!(times(&world, "need a restart"), 0);
    fs::write(&file, "[audit]\ncheckpoint_interval_s = 61\n").expect("a writable file");
    reload(&world, EXCHANGED);
    let log = world.log();
    let told = log.lines().find(|line| line.contains("need a restart")).expect("it is named");
    assert!(told.contains("audit") && !told.contains("intake"), "{told}");
}
