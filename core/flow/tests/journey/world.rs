//! A hub with the demo region, its journal in a folder of its own, and the four systems around it.

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Arc, LazyLock, Mutex},
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use luotsi_bus::broker::Broker;
use luotsi_flow::{ClientKey, Exchanged, Flow, Incoming, Receipt, Refused, Sharing, Ways};
use luotsi_journal::{
    Database, Error, Journal, Key, Masters, Session, State,
    command::{Command, Probe},
    read::{self, Delivery, Message},
};
use luotsi_model::{ClientRef, Clock, Hetu, SystemId, hetu::Strictness};
use luotsi_port::Outbound;
use luotsi_region::{Files, Folder, Region, load};
use tokio::runtime::{Builder, Runtime};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    clock::StillClock,
    dice::{HUB_THREAD, Seeded},
    far::Far,
    papers,
    pending::{Pending, next_moment, pending},
    place::{self, Place},
};

const SYSTEMS: [&str; 4] = ["home-care", "malli-ry", "plan", "serena"];
/// Longer than anything here takes, so what is not there by then will not come.
const PATIENCE: Duration = Duration::from_secs(120);

/// Looking without a pause would take the processor from the hub that is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_micros(500);

/// Everything that outlives one run of the hub.
pub(crate) struct World {
    place: Place,
    pub(crate) clock: Arc<StillClock>,
    pub(crate) entropy: Arc<Seeded>,
    pub(crate) systems: BTreeMap<&'static str, Arc<Far>>,
    /// Appended to the `[delivery]` of every connection.
    settings: &'static str,
    edit: Edit,
    pub(crate) driver: Runtime,
}

/// One run of the hub.
pub(crate) struct Hub<'w> {
    world: &'w World,
    pub(crate) flow: Arc<Flow>,
    runtime: Runtime,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self::with_settings(seed, "")
    }

    pub(crate) fn with_settings(seed: u64, settings: &'static str) -> Self {
        Self {
            place: Place::new(),
            clock: Arc::new(StillClock::at("2026-11-20T08:00:00Z")),
            entropy: Arc::new(Seeded::new(seed)),
            systems: SYSTEMS.map(|system| (system, Far::new(system))).into(),
            settings,
            edit: AS_IT_IS,
            driver: Builder::new_current_thread().enable_all().build().unwrap(),
        }
    }

    /// The demo region, one of whose files lacks a text that it has.
    pub(crate) fn without(seed: u64, without: (&'static str, &'static str)) -> Self {
        Self { edit: (without.0, without.1, ""), ..Self::new(seed) }
    }

    pub(crate) fn far(&self, system: &str) -> &Arc<Far> {
        &self.systems[system]
    }

    /// Starts the hub on what its journal holds.
    pub(crate) fn start(&self) -> Hub<'_> {
        let journal = Journal::open(self.place.database(), masters()).unwrap();
        self.systems.values().for_each(|far| far.look_into(Some(journal.clone())));
        let flow = self.inside(journal, None, None);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(HUB_THREAD)
            .enable_all()
            .build()
            .unwrap();
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        runtime.block_on(flow.start(self.ways(|_| true), &stop, &tasks)).unwrap();
        Hub { world: self, flow, runtime, stop, tasks }
    }
}

impl World {
    /// A hub's inside, which does not run yet.
    pub(crate) fn inside(
        &self,
        journal: Journal,
        sharing: Option<Sharing>,
        broker: Option<Broker>,
    ) -> Arc<Flow> {
        let (clock, entropy) = (self.clock.clone(), self.entropy.clone());
        let (region, key) = (region(self.settings, self.edit), ClientKey::new(&[7; 32]));
        Flow::among(region, journal, clock, entropy, key, sharing, broker)
    }

    pub(crate) fn database(&self) -> Database {
        self.place.database()
    }

    /// The ways to the systems that are meant.
    pub(crate) fn ways(&self, is_meant: impl Fn(&str) -> bool) -> Ways {
        let meant = self.systems.iter().filter(|(system, _)| is_meant(system));
        let way = |(system, far): (&&str, &Arc<Far>)| {
            (SystemId::new(system), far.clone() as Arc<dyn Outbound>)
        };
        meant.map(way).collect()
    }
}

/// In this file of the region this text, which it has, is that.
pub(crate) type Edit = (&'static str, &'static str, &'static str);

pub(crate) const AS_IT_IS: Edit = ("", "", "");

/// Read once: a region is the same however often it is read, and reading it takes long.
fn region(settings: &'static str, edit: Edit) -> Arc<Region> {
    static READ: Mutex<BTreeMap<(&str, Edit), Arc<Region>>> = Mutex::new(BTreeMap::new());
    let mut read = READ.lock().unwrap();
    read.entry((settings, edit)).or_insert_with(|| read_region(settings, edit).into()).clone()
}

fn read_region(settings: &'static str, edit: Edit) -> Region {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/mallialue"));
    let files = Set { region: Folder::new(root), settings, edit };
    let loaded = load(&files, &["fhir", "plan", "serena", "webhook"]);
    loaded.region.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

/// The demo region with other settings of delivery.
struct Set {
    region: Folder,
    settings: &'static str,
    edit: Edit,
}

impl Files for Set {
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(mut bytes) = self.region.read(path)? else { return Ok(None) };
        if path == self.edit.0 {
            let text = String::from_utf8_lossy(&bytes);
            assert!(text.contains(self.edit.1), "{path} has it");
            bytes = text.replace(self.edit.1, self.edit.2).into_bytes();
        }
        if !path.starts_with("connections/") {
            return Ok(Some(bytes));
        }
        let text = String::from_utf8_lossy(&bytes);
        let text: Vec<_> =
            text.lines().filter(|line| !line.starts_with("concurrency_max")).collect();
        let set = format!("[delivery]\n{}", self.settings);
        // A second system that records what clients direct.
        let recorder = ("\"serena/withdrawal\"]", "\"serena/withdrawal\", \"serena/prohibition\"]");
        let text = text.join("\n").replace("[delivery]", &set).replace(recorder.0, recorder.1);
        Ok(Some(text.into_bytes()))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.region.list(folder)
    }
}

impl Hub<'_> {
    pub(crate) fn journal(&self) -> &Journal {
        self.flow.journal()
    }

    pub(crate) fn client(&self, n: u32) -> ClientRef {
        self.flow.clients().reference(&Hetu::parse(&papers::hetu(n), Strictness::Strict).unwrap())
    }

    /// Posts a paper of the guidance system.
    pub(crate) fn post(&self, paper: &[u8]) -> Result<Receipt, Refused> {
        self.world.driver.block_on(self.flow.accept(incoming(paper)))
    }

    /// Puts the region with an edit in force, and the ways to the systems that are meant.
    pub(crate) fn exchange(&self, edit: Edit, is_meant: impl Fn(&str) -> bool) -> Exchanged {
        let (region, ways) = (region(self.world.settings, edit), self.world.ways(is_meant));
        self.world.driver.block_on(self.flow.exchange(region, ways)).unwrap()
    }

    /// The same by another thread, whenever it likes.
    pub(crate) fn exchanging(&self, edit: Edit) -> impl FnOnce() -> Exchanged + Send + 'static {
        let (flow, region) = (self.flow.clone(), region(self.world.settings, edit));
        let ways = self.world.ways(|_| true);
        move || {
            let driver = Builder::new_current_thread().enable_all().build().unwrap();
            driver.block_on(flow.exchange(region, ways)).unwrap()
        }
    }

    /// Posts another system's document.
    pub(crate) fn post_as(&self, system: &str, body: &[u8]) -> Result<Receipt, Refused> {
        let system = SystemId::new(system);
        let incoming = Incoming { system: &system, ..incoming(body) };
        self.world.driver.block_on(self.flow.accept(incoming))
    }

    /// The hub's own messages, in order: what was said, when.
    pub(crate) fn said(&self) -> Vec<Message> {
        said(self.journal())
    }

    /// Posts many at once; each must be taken in.
    pub(crate) fn post_all(&self, papers: &[Vec<u8>]) -> Vec<Receipt> {
        let posts = papers.iter().map(|paper| self.flow.accept(incoming(paper)));
        let all = futures::future::try_join_all(posts);
        self.world.driver.block_on(all).unwrap()
    }

    /// Lets the hub do what it can at this moment. It has one worker and one writer: what comes
    /// to the end of both queues has let all others go first.
    pub(crate) fn settle(&self) {
        for _ in 0..3 {
            let turns = self.runtime.spawn(async {
                for _ in 0..64 {
                    tokio::task::yield_now().await;
                }
            });
            self.world.driver.block_on(turns).unwrap();
            self.write(Probe { at: self.world.clock.now() });
        }
    }

    pub(crate) fn write<C: Command>(&self, command: C) -> C::Reply {
        self.world.driver.block_on(self.journal().write(command)).unwrap()
    }

    /// Everything that has not ended, in order.
    pub(crate) fn pending(&self) -> Vec<Pending> {
        pending(self.journal())
    }

    pub(crate) fn delivery(&self, receipt: &Receipt, system: &str) -> Delivery {
        let (id, system) = (receipt.message, SystemId::new(system));
        let of = |c: &Session| -> Result<Option<Delivery>, Error> {
            let Some(message) = read::message(c, id)? else { return Ok(None) };
            let all = read::of_message(c, message.seq)?;
            Ok(all.into_iter().find(|d| d.destination == system))
        };
        self.journal().read_now(of).unwrap().expect("a delivery to that system")
    }

    /// Waits, without time passing, until it holds.
    pub(crate) fn wait_until(&self, what: &str, holds: impl Fn() -> bool) {
        let started = Instant::now();
        while !holds() {
            assert!(started.elapsed() < PATIENCE, "{what}: {:#?}", self.pending());
            thread::park_timeout(BETWEEN_LOOKS);
        }
    }

    pub(crate) fn wait_for_state(&self, receipt: &Receipt, system: &str, state: State) {
        let what = format!("{system} to become {state:?}");
        self.wait_until(&what, || self.delivery(receipt, system).state == state);
    }

    pub(crate) fn wait_for_due(&self, receipt: &Receipt, system: &str, due: Timestamp) {
        let what = format!("{system} to be due at {due}");
        self.wait_until(&what, || {
            let delivery = self.delivery(receipt, system);
            delivery.state == State::Waiting && delivery.due == due
        });
    }

    /// Lets time pass from one moment at which something is due to the next, until it holds.
    pub(crate) fn pass_until(&self, what: &str, holds: impl Fn(&[Pending]) -> bool) {
        let started = Instant::now();
        let mut before = Vec::new();
        let mut quiet = Instant::now();
        loop {
            let pending = self.pending();
            if holds(&pending) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{what}: {pending:#?}");
            let now = self.world.clock.now();
            if pending != before {
                (before, quiet) = (pending, Instant::now());
            } else if let Some(next) = next_moment(&pending, now) {
                self.world.clock.move_to(next);
            } else if quiet.elapsed() > place::pause() {
                // Something is due and does not move: it waits for a pause of the hub's own.
                self.world.clock.pass(jiff::SignedDuration::from_secs(1));
                quiet = Instant::now();
            }
            thread::park_timeout(BETWEEN_LOOKS);
        }
    }

    /// Stops as a hub stops: what is under way may finish.
    pub(crate) fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.runtime.block_on(self.tasks.wait());
        self.end();
    }

    /// Stops as a hub that is killed.
    pub(crate) fn crash(self) {
        self.end();
    }

    fn end(self) {
        let (journal, world) = (self.journal().clone(), self.world);
        self.runtime.shutdown_timeout(PATIENCE);
        // A process takes its writer along; this one's must not write into the next run's time.
        let at = world.clock.now();
        world.driver.block_on(journal.write(Probe { at })).unwrap();
        world.systems.values().for_each(|far| far.look_into(None));
    }
}

/// The hub's own messages, in order.
pub(crate) fn said(journal: &Journal) -> Vec<Message> {
    let all = journal.read_now(|c| read::messages_last(c, usize::MAX)).unwrap();
    all.into_iter().filter(|message| message.envelope.source.is_hub()).collect()
}

static SERENA: LazyLock<SystemId> = LazyLock::new(|| SystemId::new("serena"));

pub(crate) fn incoming(paper: &[u8]) -> Incoming<'_> {
    Incoming { system: &SERENA, body: paper, idempotency_key: None, traceparent: None, plan: None }
}

/// The key that every journal here is sealed under.
pub(crate) fn masters() -> Masters {
    Masters::new(&Key::new([7; 32]), &[]).unwrap()
}
