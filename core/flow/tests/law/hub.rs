//! A hub with the demo region that accepts and answers, and delivers nothing.

use std::{
    future::Future,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use luotsi_flow::{
    ClientKey, Flow, Incoming, PlanRead, Refused, Store, SystemEntropy, Unseen, inspect::Why,
};
use luotsi_journal::{Journal, Key, Masters};
use luotsi_model::{Category, Clock, Hetu, Kind, MessageId, SystemId, hetu::Strictness};
use luotsi_port::PlanStore;
use luotsi_region::{Folder, load};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::papers::Paper;

/// Stands still until it is set.
struct Still(Mutex<Timestamp>);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn sleep_until(&self, _: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}

pub(crate) struct Hub {
    flow: Arc<Flow>,
    clock: Arc<Still>,
    driver: Runtime,
    _place: TempDir,
}

impl Hub {
    /// On the morning of 20 November 2026, 10:00 in Finland.
    pub(crate) fn new() -> Self {
        let place = TempDir::new().unwrap();
        let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/mallialue"));
        let loaded = load(&Folder::new(root), &["fhir", "plan", "serena", "webhook"]);
        let region = loaded.region.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
        let masters = Masters::new(&Key::new([7; 32]), &[]).unwrap();
        let journal = Journal::open(&place.path().join("journal.db"), masters).unwrap();
        let now = "2026-11-20T08:00:00Z".parse().unwrap();
        let (clock, entropy) = (Arc::new(Still(Mutex::new(now))), Arc::new(SystemEntropy));
        let key = ClientKey::new(&[7; 32]);
        let flow = Flow::new(region, journal, clock.clone(), entropy, key);
        let driver = Builder::new_current_thread().enable_all().build().unwrap();
        Self { flow, clock, driver, _place: place }
    }

    pub(crate) fn set_clock(&self, now: Timestamp) {
        *self.clock.0.lock().unwrap() = now;
    }

    fn accept(&self, system: &str, paper: &Paper) -> Result<MessageId, Refused> {
        let incoming = Incoming {
            system: &SystemId::new(system),
            body: paper.as_bytes(),
            idempotency_key: None,
            traceparent: None,
            plan: None,
        };
        self.driver.block_on(self.flow.accept(incoming)).map(|receipt| receipt.message)
    }

    #[track_caller]
    pub(crate) fn post(&self, system: &str, paper: &Paper) {
        self.accept(system, paper).unwrap();
    }

    #[track_caller]
    pub(crate) fn post_for(&self, paper: &Paper) -> MessageId {
        self.accept("serena", paper).unwrap()
    }

    /// The field for which it is refused.
    pub(crate) fn refuses(&self, system: &str, paper: &Paper) -> Option<String> {
        match self.accept(system, paper) {
            Err(Refused::Unmappable(faults)) => faults.into_iter().find_map(|fault| fault.field),
            _ => None,
        }
    }

    #[track_caller]
    pub(crate) fn why(&self, message: MessageId, to: &str) -> Why {
        let why = self.driver.block_on(self.flow.why(message, &SystemId::new(to)));
        why.unwrap().expect("a route to that system")
    }

    pub(crate) fn fields_of(&self, kind: &str, category: Category) -> Vec<String> {
        let region = self.flow.region();
        let schema = region.schema(&Kind::new(kind)).unwrap();
        let of = schema.fields().filter(|(_, field)| field.category == category);
        of.map(|(_, field)| field.path.clone()).collect()
    }

    /// Makes the client a plan, as a delivery to the store does.
    pub(crate) fn plan_for(&self, hetu: &str) {
        let client = self.flow.clients().reference(&code(hetu));
        let plan = format!(
            r#"{{"client":{{"hetu":"{hetu}","given":"Aino","family":"Mallikas"}},"goals":[{{"text":"Pääsee kahville.","author":"client"}}]}}"#
        );
        let store = Store(self.flow.clone());
        self.driver.block_on(store.merge(client, plan.into())).unwrap();
    }

    pub(crate) fn reads_plan(&self, reader: &str, hetu: &str) -> bool {
        let which = PlanRead::Client(code(hetu));
        match self.driver.block_on(self.flow.read_plan(&SystemId::new(reader), &which)) {
            Ok(_) => true,
            Err(Unseen::Nothing) => false,
            Err(error) => panic!("{error}"),
        }
    }
}

fn code(hetu: &str) -> Hetu {
    Hetu::parse(hetu, Strictness::Strict).unwrap()
}
