//! The broker is killed at random moments under load, over and over, the line to it breaks or falls
//! silent, and it raises an alarm; the hub speaks TLS to it. Afterwards what was published, what arrived and the journal must agree.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use luotsi_tests::{
    broker::{BACK, Broker, Bus, Sent, url},
    dice::{Seed, count},
    documents::{Referral, Scope, consent},
    people,
    proxy::Proxy,
    wait,
    world::World,
};
use serde_json::Value;

use crate::setup::{Names, OnBus, Who};

const CLIENTS: u64 = 12;
/// Messages that are published and not yet accepted.
const AHEAD_MAX: i64 = 40;

/// Half of the clients consent, and half of them never do.
fn consents(client: u64) -> bool {
    client.is_multiple_of(2)
}

/// What the sink got: the reference by the id that it drops repeats by, and how often it came.
type Arrived = BTreeMap<String, (String, u32)>;

struct Load {
    url: String,
    queue: String,
    exchange: String,
    published: AtomicU64,
    arrived: Mutex<Arrived>,
    stop: AtomicBool,
}

impl Load {
    fn new(broker: &Broker, names: &Names) -> Self {
        Self {
            url: broker.url(),
            queue: names.of("lahetteet-tukeen"),
            exchange: names.of("lahetteet"),
            published: AtomicU64::new(0),
            arrived: Mutex::default(),
            stop: AtomicBool::new(false),
        }
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Publishes one document until the broker has confirmed it, always with the same id.
    fn insist(&self, bus: &mut Bus, id: &str, xml: &str) {
        let content_type = Some("application/xml");
        let sent = Sent { id: Some(id), content_type, headers: &[], body: xml.as_bytes() };
        bus.insist(&self.exchange, "ohjaus.uusi", &sent);
        self.published.fetch_add(1, Ordering::Release);
    }

    /// Refers clients until told to stop; the references, each with its client.
    fn publish(&self, world: &World) -> BTreeMap<String, u64> {
        let (mut bus, mut sent) = (Bus::at(&self.url), BTreeMap::new());
        let journal = world.journal();
        for client in (0..CLIENTS).filter(|client| consents(*client)) {
            let id = format!("S-{client}");
            let xml = consent(&id, &people::hetu(client as u32), Scope::PEER_SUPPORT);
            self.insist(&mut bus, &id, &xml);
        }
        while !self.is_over() {
            let (nth, client) = (sent.len(), sent.len() as u64 % CLIENTS);
            let reference = format!("L-{nth}");
            let xml = Referral::to_peer_support(&reference, &people::hetu(client as u32)).xml();
            self.insist(&mut bus, &reference, &xml);
            sent.insert(reference, client);
            // Some lie in the queue at each kill, and not so many that the end is long in coming.
            let published = self.published.load(Ordering::Acquire) as i64;
            let is_near = || journal.count("message") + AHEAD_MAX >= published;
            wait::within(BACK, "the hub follows", || is_near().then_some(()));
        }
        sent
    }

    /// Consumes what the provider gets until told to stop.
    fn consume(&self, over: &AtomicBool) {
        let mut bus = Bus::at(&self.url);
        while !over.load(Ordering::Acquire) {
            let Some(got) = bus.get(&self.queue) else {
                thread::park_timeout(Duration::from_millis(5));
                continue;
            };
            let body: Value = serde_json::from_slice(&got.body).expect("JSON");
            let reference = body["data"]["reference"].as_str().expect("a reference").to_owned();
            self.arrived().entry(got.id).or_insert((reference, 0)).1 += 1;
        }
    }

    fn arrived(&self) -> std::sync::MutexGuard<'_, Arrived> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[test]
fn whatever_becomes_of_the_broker_nothing_is_lost_repeated_or_let_through() {
    if url().is_none() {
        return;
    }
    let cycles = count("LUOTSI_CYCLES", 50).div_ceil(10);
    let seed = Seed::take();
    let mut dice = seed.dice();
    let broker = Broker::start();
    let line = Proxy::to(broker.tls_address());
    let mut on_bus = OnBus::new(Who::Both, &broker.url(), &broker.tls_url_at(line.address));
    let authority = broker.authority().display().to_string();
    on_bus.setup.environment.push(("SSL_CERT_FILE".into(), authority));
    let (world, names, _bus) = on_bus.start();
    let load = Load::new(&broker, &names);
    let over = &AtomicBool::new(false);
    wait::holds("it consumes", || consuming(&world) == 1);
    broker.remember_queues();
    let references = thread::scope(|scope| {
        let publishing = scope.spawn(|| load.publish(&world));
        scope.spawn(|| load.consume(over));
        // Whatever goes wrong below, these must end, or the scope never would.
        let _ended = [Ended(&load.stop), Ended(over)];
        for cycle in 0..cycles {
            for fault in [Fault::Killed, Fault::LineCut, Fault::LineHalfOpen] {
                let from = load.published.load(Ordering::Acquire);
                let more = dice.within(5..60);
                let moved = || load.published.load(Ordering::Acquire) >= from + more;
                wait::within(BACK, "something is published", || moved().then_some(()));
                let before = consuming(&world);
                happen(&broker, &line, fault, cycle == 0);
                let is_back = || consuming(&world) > before;
                let what = format!("the hub comes back by itself after {fault:?}");
                wait::within(BACK, &what, || is_back().then_some(()));
            }
        }
        load.stop.store(true, Ordering::Release);
        let mut references = publishing.join().expect("the publisher");
        settled(&world, &references);
        alarm(&world, &broker, &mut references);
        let wanted = references.values().filter(|client| consents(**client)).count();
        wait::holds("everything arrives", || load.arrived().len() >= wanted);
        references
    });
    agree(&world, &references, &load.arrived());
    println!("{cycles} cycles, seed {}, {} referrals", seed.seed, references.len());
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    Killed,
    LineCut,
    LineHalfOpen,
}

fn happen(broker: &Broker, line: &Proxy, fault: Fault, is_first: bool) {
    match fault {
        Fault::Killed => {
            broker.kill();
            broker.again();
        }
        Fault::LineCut => line.cut(),
        Fault::LineHalfOpen => {
            line.half_open();
            line.heal();
            // Nobody ever tells the hub that what it holds is dead; the other times it is told.
            if !is_first {
                line.cut();
            }
        }
    }
}

/// How often the hub has begun to consume what the guidance system publishes.
fn consuming(world: &World) -> usize {
    let log = world.log();
    let begun = |line: &&str| line.contains("\"consuming\"") && line.contains("\"serena\"");
    log.lines().filter(begun).count()
}

struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Everything published is in the journal, once, and all that may be sent is sent.
fn settled(world: &World, references: &BTreeMap<String, u64>) {
    let journal = world.journal();
    let wanted = references.len() as i64 + (0..CLIENTS).filter(|c| consents(*c)).count() as i64;
    wait::within(BACK, "all is accepted", || (journal.count("message") >= wanted).then_some(()));
    assert_eq!(journal.count("message"), wanted, "and none twice");
    // 1: waits for a basis.
    let pending = "delivery where state < 10 and state <> 1";
    wait::within(BACK, "all that may be sent is sent", || {
        (journal.count(pending) == 0).then_some(())
    });
}

/// A broker that has raised an alarm gets nothing until it is over, and nothing is lost by it.
fn alarm(world: &World, broker: &Broker, references: &mut BTreeMap<String, u64>) {
    broker.ctl(&["set_disk_free_limit", "1000000GB"]);
    let refer = |reference: &str| {
        world.accept("serena", &Referral::to_peer_support(reference, &people::hetu(0)).xml())
    };
    let message = refer("L-alarm");
    wait::holds("it is told", || world.log().contains("raised an alarm"));
    assert_ne!(world.delivery(&message, "malli-ry")["state"], "delivered");
    broker.ctl(&["set_disk_free_limit", "50MB"]);
    world.reaches(&message, "malli-ry", "delivered");
    references.insert("L-alarm".into(), 0);
}

/// Ledger, arrivals and log agree.
fn agree(world: &World, references: &BTreeMap<String, u64>, arrived: &Arrived) {
    let wanted: BTreeSet<&str> =
        references.iter().filter(|(_, c)| consents(**c)).map(|(r, _)| r.as_str()).collect();
    let got: Vec<&str> = arrived.values().map(|(reference, _)| reference.as_str()).collect();
    let distinct: BTreeSet<&str> = got.iter().copied().collect();
    assert_eq!(distinct, wanted, "nothing lost, and nobody's without her consent");
    assert_eq!(got.len(), distinct.len(), "one id for each, however often it came");
    let entries = world.journal().entries();
    let intents: BTreeSet<&str> = entries
        .iter()
        .filter(|entry| entry["phase"] == "intent" && entry["recipient"] == "malli-ry")
        .filter_map(|entry| entry["delivery"].as_str())
        .collect();
    assert!(arrived.keys().all(|id| intents.contains(id.as_str())), "each had a permit");
    let repeats: u32 = arrived.values().map(|(_, times)| times - 1).sum();
    println!("{} arrived, {repeats} repeats", arrived.len());
}
