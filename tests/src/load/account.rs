//! Ledger, bytes and journal, brought together.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::Value;

use super::ledger::{Ledger, Will, reference_in};
use crate::{
    journal::{Delivery, REFUSED, hyphened},
    stage::Stage,
    standin::{Received, StandIn},
};

/// One request at a recipient.
pub struct Arrival {
    /// When its first byte came, in µs since 1970.
    pub at: i64,
    /// About whom.
    pub client: u64,
    /// The referral's.
    pub reference: String,
    /// The id that a recipient drops repeats by.
    pub delivery: String,
    /// The status it was answered with; 0: none.
    pub answered: u16,
    /// The door it came by.
    pub door: usize,
}

/// Everything there is to compare.
pub struct Account {
    /// What was acknowledged.
    pub ledger: Ledger,
    /// The tasks that the provider has accepted.
    pub tasks: BTreeSet<String>,
    /// The requests at the provider, in order.
    pub provider: Vec<Arrival>,
    /// Those at home care.
    pub home_care: Vec<Arrival>,
    /// The statuses that the guidance system was told, by delivery.
    pub told: BTreeSet<String>,
    /// Messages in the journal.
    pub messages: i64,
    /// What is recalled, by the id that its recipient holds.
    pub recalled: Vec<String>,
    /// Its deliveries, in order.
    pub deliveries: Vec<Delivery>,
    /// The disclosure log by delivery, in order.
    pub log: BTreeMap<String, Vec<Value>>,
}

impl Account {
    /// Takes it from hubs that have nothing left to do.
    ///
    /// # Panics
    /// When something is not of its form.
    pub fn take(stage: &Stage<'_>, ledger: Ledger, tasks: BTreeSet<String>) -> Self {
        let journal = stage.journal();
        let mut log: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for entry in journal.entries() {
            let delivery = entry["delivery"].as_str().expect("a delivery").to_owned();
            log.entry(delivery).or_default().push(entry);
        }
        let told = stage.serena.received();
        Self {
            ledger,
            tasks,
            provider: arrivals(stage.malli_ry),
            home_care: arrivals(stage.home_care),
            told: told.iter().filter_map(Received::delivery).map(str::to_owned).collect(),
            messages: journal.count("message"),
            recalled: journal
                .texts("recall", &journal.hex("held"))
                .iter()
                .map(|hex| hyphened(hex))
                .collect(),
            deliveries: journal.deliveries(),
            log,
        }
    }

    /// How often the log has this result.
    pub fn results(&self, name: &str) -> usize {
        self.log.values().flatten().filter(|entry| entry["result"] == name).count()
    }

    /// The deliveries that were refused before anybody had answered: each is told its sender.
    pub fn refusals(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries
            .iter()
            .filter(|delivery| delivery.state == REFUSED && delivery.task == "rejected")
    }

    /// The notices to stop processing: whatever else is delivered here is about somebody.
    pub fn notices(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.iter().filter(|delivery| delivery.subject.is_none())
    }

    /// The deliveries of a message, by destination.
    ///
    /// # Panics
    /// When it has two to one destination.
    pub fn by_message(&self) -> BTreeMap<&str, BTreeMap<&str, &Delivery>> {
        let mut all: BTreeMap<&str, BTreeMap<&str, &Delivery>> = BTreeMap::new();
        for delivery in &self.deliveries {
            let to = all.entry(&delivery.message).or_default();
            let twice = to.insert(&delivery.destination, delivery);
            assert!(twice.is_none(), "two deliveries of {delivery:?}");
        }
        all
    }
}

/// What came, in order of its first bytes.
pub fn arrivals(standin: &StandIn) -> Vec<Arrival> {
    let mut all: Vec<_> = standin.received().iter().map(arrival).collect();
    all.sort_by_key(|arrival| arrival.at);
    all
}

/// A request that broke off counts too: some of its bytes left.
fn arrival(received: &Received) -> Arrival {
    let text = String::from_utf8_lossy(&received.bytes);
    let (client, reference) = reference_in(&received.bytes)
        .unwrap_or_else(|| panic!("a request that names no referral: {text}"));
    let delivery = received.delivery();
    let delivery = delivery.unwrap_or_else(|| panic!("a request without its id: {text}"));
    let Received { at, answered, door, .. } = *received;
    Arrival { at, client, reference, delivery: delivery.to_owned(), answered, door }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wills = || self.ledger.0.values().flat_map(|line| &line.wills);
        let quiet = wills().filter(|w| matches!(w, Will::Withdrawn { in_flight: 0, .. })).count();
        let withdrawn = wills().filter(|w| matches!(w, Will::Withdrawn { .. })).count();
        write!(
            f,
            "{} messages, {} deliveries, {} requests at the provider; {} interrupted, {} failed, \
             {withdrawn} withdrawals ({quiet} with nothing under way), {} refused",
            self.messages,
            self.deliveries.len(),
            self.provider.len(),
            self.results("interrupted"),
            self.results("failed"),
            self.results("withdrawn"),
        )
    }
}
