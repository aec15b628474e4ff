//! Another generation put in force while deliveries are under way.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use jiff::SignedDuration;
use luotsi_journal::{Entry, Error, Phase, Session, State};
use luotsi_model::{GenerationId, SystemId};

use crate::{
    far::Answer,
    laws,
    papers::{consent, peer_support},
    world::{AS_IT_IS, Edit, Hub, World},
};

/// The third sector no longer learns what the client needs.
const WITHOUT_NEED: Edit = (
    "policy.toml",
    "\"contact\", \"need\", \"plan\", \"administrative\"]",
    "\"contact\", \"plan\", \"administrative\"]",
);
/// The third sector gets its data for a reason in law, and for none other.
const BY_LAW: Edit = (
    "policy.toml",
    "basis      = \"consent\"\nsorts      = [\"third-sector\"]",
    "basis      = \"statutory\"\nreasons = [\"malli-hengenvaara\"]\nsorts      = [\"third-sector\"]",
);

fn with_reason(id: &str, client: u32) -> Vec<u8> {
    let paper = String::from_utf8(peer_support(id, client)).unwrap();
    let reason = r#"<Peruste><Lakiperuste koodi="malli-hengenvaara"/></Peruste></Lahete>"#;
    paper.replace("</Lahete>", reason).into_bytes()
}

#[test]
fn what_waits_is_decided_by_the_new_generation() {
    let world = World::new(61);
    let hub = world.start();
    let waits = hub.post(&with_reason("L-1", 1)).unwrap();
    let other = hub.post(&peer_support("L-2", 2)).unwrap();
    for receipt in [&waits, &other] {
        hub.wait_for_state(receipt, "malli-ry", State::Waiting);
    }
    let exchanged = hub.exchange(BY_LAW, |_| true);
    assert_ne!(exchanged.from, exchanged.to);
    assert_eq!((exchanged.waiting, exchanged.added.len(), exchanged.removed.len()), (2, 0, 0));
    // What is due is looked for once a second.
    world.clock.pass(SignedDuration::from_secs(2));
    hub.wait_for_state(&waits, "malli-ry", State::Delivered);
    // It states no reason, and the new law knows nothing to wait for.
    hub.wait_for_state(&other, "malli-ry", State::Refused);
    laws::check(&world, &hub, &[waits, other]);
}

#[test]
fn what_is_tried_again_is_decided_by_the_new_generation() {
    let world = World::new(62);
    world.far("malli-ry").script(|call| if call.nth == 1 { Answer::Fail } else { Answer::Take });
    let hub = world.start();
    let given = hub.post(&consent("S-1", 1)).unwrap();
    let sent = hub.post(&peer_support("L-1", 1)).unwrap();
    hub.wait_until("a first attempt", || hub.delivery(&sent, "malli-ry").attempts == 1);
    hub.exchange(WITHOUT_NEED, |_| true);
    hub.pass_until("a second", |_| hub.delivery(&sent, "malli-ry").state == State::Delivered);
    let bodies: Vec<_> = world.far("malli-ry").calls().into_iter().map(|call| call.body).collect();
    let tells = |body: &str| body.contains("Kaipaa seuraa.");
    assert_eq!(bodies.iter().map(|body| tells(body)).collect::<Vec<_>>(), [true, false]);
    laws::check(&world, &hub, &[given, sent]);
}

#[test]
fn a_system_that_leaves_keeps_what_pends_for_it_and_comes_back_in_order() {
    let world = World::new(63);
    let hub = world.start();
    let mut receipts = vec![hub.post(&consent("S-1", 1)).unwrap()];
    let gone = hub.exchange(AS_IT_IS, |system| system != "malli-ry");
    assert_eq!(gone.removed, [SystemId::new("malli-ry")]);
    for n in 0..5 {
        receipts.push(hub.post(&peer_support(&format!("L-{n}"), 1)).unwrap());
    }
    for receipt in &receipts[1..] {
        hub.wait_for_state(receipt, "home-care", State::Delivered);
        assert_eq!(hub.delivery(receipt, "malli-ry").state, State::Ready);
    }
    let back = hub.exchange(AS_IT_IS, |_| true);
    assert_eq!(back.added, [SystemId::new("malli-ry")]);
    for receipt in &receipts[1..] {
        hub.wait_for_state(receipt, "malli-ry", State::Delivered);
    }
    let sent: Vec<_> = receipts[1..].iter().map(|receipt| receipt.message).collect();
    assert_eq!(world.far("malli-ry").taken(&hub.client(1)), sent);
    laws::check(&world, &hub, &receipts);
}

/// What was decided before is let out before: an exchange that comes between a decision and its
/// intent waits for the intent.
#[test]
fn an_exchange_waits_for_the_intent_of_what_is_decided() {
    /// Far longer than an exchange takes that waits for nothing.
    const EXCHANGE_MAX: Duration = Duration::from_millis(300);
    let world = World::new(65);
    let hub = world.start();
    let given = hub.post(&consent("S-1", 1)).unwrap();
    let (old, exchange) = (hub.flow.region().generation.clone(), hub.exchanging(WITHOUT_NEED));
    let (tell, told) = mpsc::channel();
    let (is_early, noted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (early, note) = (is_early.clone(), noted.clone());
    world.entropy.at_next_send(move || {
        let exchanging = thread::spawn(move || tell.send(exchange()));
        let answer = told.recv_timeout(EXCHANGE_MAX);
        early.store(answer.is_ok(), Ordering::SeqCst);
        note.store(true, Ordering::SeqCst);
        // It goes on by itself once this send lets it.
        drop(exchanging);
    });
    let sent = hub.post(&peer_support("L-1", 1)).unwrap();
    for system in ["home-care", "malli-ry", "plan"] {
        hub.wait_for_state(&sent, system, State::Delivered);
    }
    hub.wait_until("the exchange", || hub.flow.region().generation != old);
    assert!(noted.load(Ordering::SeqCst), "a send was decided meanwhile");
    assert!(!is_early.load(Ordering::SeqCst), "it was not waited for");
    let first = log(&hub).into_iter().find(|(_, entry)| entry.phase == Phase::Intent);
    assert_eq!(first.unwrap().1.generation, old);
    laws::check(&world, &hub, &[given, sent]);
}

/// Every entry of the log, with its place.
fn log(hub: &Hub<'_>) -> Vec<(i64, Entry)> {
    let all = |c: &Session| -> Result<Vec<(i64, Entry)>, Error> {
        let rows = c.all("select seq, entry from disclosure order by seq", &[], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let read =
            |(seq, text): (i64, String)| serde_json::from_str(&text).ok().map(|entry| (seq, entry));
        Ok(rows.into_iter().filter_map(read).collect())
    };
    hub.journal().read_now(all).unwrap()
}

/// Once an exchange has been made, nothing is let out on a decision of the generation before.
#[test]
fn after_an_exchange_no_intent_is_of_the_generation_before() {
    const ROUNDS: u32 = 24;
    const CLIENTS: u32 = 8;
    let world = World::new(64);
    let hub = world.start();
    let mut receipts: Vec<_> =
        (0..CLIENTS).map(|n| hub.post(&consent(&format!("S-{n}"), n)).unwrap()).collect();
    let mut reigns: Vec<(i64, GenerationId)> = Vec::new();
    for round in 0..ROUNDS {
        let papers = |n| peer_support(&format!("L-{round}-{n}"), n);
        receipts.extend(hub.post_all(&(0..CLIENTS).map(papers).collect::<Vec<_>>()));
        // Each generation is another: no earlier one may pass for it.
        let comment: &'static str = format!("# Round {round}.\n# What may go").leak();
        let exchanged = hub.exchange(("policy.toml", "# What may go", comment), |_| true);
        let last = log(&hub).last().map_or(0, |(seq, _)| *seq);
        reigns.push((last, exchanged.to));
    }
    let sent: Vec<_> = receipts.iter().skip(CLIENTS as usize).collect();
    for receipt in &sent {
        hub.wait_for_state(receipt, "malli-ry", State::Delivered);
        hub.wait_for_state(receipt, "home-care", State::Delivered);
    }
    let mut overlapping = 0;
    for (seq, entry) in log(&hub).iter().filter(|(_, entry)| entry.phase == Phase::Intent) {
        let reign = reigns.iter().rev().find(|(from, _)| seq > from);
        let Some((_, generation)) = reign else { continue };
        // The next exchange may have been made already: its end was looked up a moment later.
        let next = reigns.iter().find(|(from, _)| seq <= from).map(|(_, to)| to);
        let is_either = entry.generation == *generation || Some(&entry.generation) == next;
        assert!(is_either, "intent {seq} of {} in the reign of {generation}", entry.generation);
        overlapping += 1;
    }
    assert!(overlapping > 0, "sends went on between the exchanges");
    laws::check(&world, &hub, &receipts);
}
