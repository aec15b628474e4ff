//! The answers of the ops API, as far as they are shown.

use jiff::Timestamp;
use luotsi_flow::inspect::Words;
use luotsi_journal::{Accounting, Entry, GroundEntry};
use luotsi_model::{Categories, Envelope};
use serde::{Deserialize, Serialize};

/// Everything known of a message's way.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Journey {
    #[serde(flatten)]
    pub(crate) envelope: Envelope,
    pub(crate) payload: String,
    pub(crate) accounting: Accounting,
    pub(crate) deliveries: Vec<Delivery>,
}

impl Journey {
    /// The delivery to a system, if the message was routed there.
    pub(crate) fn to(&self, destination: &str) -> Option<&Delivery> {
        self.deliveries.iter().find(|delivery| delivery.destination == destination)
    }
}

/// One delivery of it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) delivery: String,
    pub(crate) destination: String,
    pub(crate) purpose: String,
    pub(crate) state: String,
    pub(crate) task: String,
    pub(crate) attempts: u32,
    pub(crate) due: Option<Timestamp>,
    pub(crate) cause: Option<String>,
    pub(crate) wanted: Option<Wanted>,
    pub(crate) heard: Option<Heard>,
    pub(crate) entries: Vec<Entry>,
}

/// What a waiting delivery waits for.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Wanted {
    pub(crate) deadline: Timestamp,
    pub(crate) who: Option<String>,
    pub(crate) releases: Vec<String>,
}

/// What the sender of a refused delivery hears of it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Heard {
    pub(crate) system: String,
    pub(crate) due: Timestamp,
    pub(crate) message: Option<String>,
    pub(crate) has_way_back: bool,
}

/// The gate's answer about one message and one system.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Why {
    pub(crate) message: String,
    pub(crate) to: String,
    pub(crate) purpose: String,
    pub(crate) payload: String,
    pub(crate) generation: String,
    pub(crate) decision: String,
    pub(crate) reason: Option<String>,
    pub(crate) fields: Vec<String>,
    pub(crate) withheld: Vec<String>,
    pub(crate) steps: Vec<Step>,
    pub(crate) wanted: Option<Wanted>,
    pub(crate) heard: Option<Heard>,
    pub(crate) so_far: Vec<Entry>,
}

/// One clause, met or missed.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Step {
    pub(crate) met: bool,
    pub(crate) clause: String,
    pub(crate) said: String,
    pub(crate) would_permit: Option<String>,
}

/// What was disclosed about a client.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Report {
    pub(crate) client: String,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) disclosures: Vec<Disclosure>,
    pub(crate) uses: Vec<Use>,
    pub(crate) words: Words,
}

/// One look at what the hub knows of a client.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Use {
    pub(crate) at: Timestamp,
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) message: Option<String>,
}

/// One disclosure, or one refusal.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Disclosure {
    pub(crate) at: Timestamp,
    pub(crate) message: Option<String>,
    pub(crate) source: String,
    pub(crate) recipient: String,
    pub(crate) purpose: String,
    pub(crate) kind: String,
    pub(crate) result: String,
    pub(crate) shown: bool,
    pub(crate) fields: Vec<String>,
    pub(crate) withheld: Vec<String>,
    pub(crate) categories: Categories,
    pub(crate) grounds: Vec<GroundEntry>,
}

/// How many deliveries to a destination stand in one state.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Load {
    pub(crate) destination: String,
    pub(crate) state: String,
    pub(crate) count: u64,
}
