//! One connected system: what comes in from it, what goes out to it, what it may read.

use std::{collections::BTreeMap, ops::Range, sync::Arc, time::Duration};

use aws_lc_rs::{constant_time, digest};
use luotsi_consent::Recipient;
use luotsi_mapping::{Format, Mapping};
use luotsi_model::{Kind, OrganisationId, Purpose, SystemId, hetu::Strictness};

/// A connected system.
pub struct Connection {
    /// Its name: the stem of its file.
    pub system: SystemId,
    /// The kind of adapter that speaks to it.
    pub adapter: String,
    /// The organisation that runs it.
    pub organisation: OrganisationId,
    /// Who it is to the gate.
    pub recipient: Recipient,
    /// What comes in from it; absent: nothing.
    pub intake: Option<Intake>,
    /// What goes out to it; absent: nothing.
    pub delivery: Option<Delivery>,
    /// What it may read over `/fhir`; absent: nothing.
    pub read: Option<Read>,
    /// The adapter's own table, for the adapter to parse.
    pub settings: toml::Table,
    /// The file it is declared in.
    pub file: String,
    /// Byte range of that table in the file, or of its header where it has one; empty and at the
    /// start of the file when there is no such table.
    pub settings_span: Range<usize>,
}

/// What comes in from a system.
pub struct Intake {
    /// SHA-256 of each bearer token accepted; several while one is being rotated, none where the
    /// adapter fetches and nothing is posted.
    pub token_sha256: Vec<[u8; 32]>,
    /// The format of its documents.
    pub format: Format,
    /// Tried in order; the first that matches the document reads it.
    pub mappings: Vec<Arc<Mapping>>,
    /// What is done with what no mapping rule names.
    pub unmapped: Unmapped,
    /// How a wrong check character of a henkilötunnus is met.
    pub hetu: Strictness,
    /// The longest body accepted, in bytes.
    pub bytes_max: usize,
    /// Whether it records what clients direct, as FHIR `Consent`.
    pub consents: bool,
}

impl Intake {
    /// Whether `token` is one of those accepted. Takes as long for a wrong token as for a right
    /// one of the same length.
    pub fn admits(&self, token: &[u8]) -> bool {
        let hash = digest::digest(&digest::SHA256, token);
        let equal =
            |known: &[u8; 32]| constant_time::verify_slices_are_equal(known, hash.as_ref()).is_ok();
        // Every hash is compared, so that the time does not tell which one matched.
        self.token_sha256.iter().fold(false, |admitted, known| equal(known) | admitted)
    }
}

/// What is done with an element that a mapping neither maps nor ignores.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Unmapped {
    /// The message is refused.
    #[default]
    Refuse,
    /// The message is accepted; the element is counted and shown.
    Report,
    /// The same, and nothing of it leaves until a person has looked and releases it.
    Park,
}

/// What goes out to a system.
pub struct Delivery {
    /// The mapping that writes each record kind.
    pub by_kind: BTreeMap<Kind, Arc<Mapping>>,
    /// How many sends may be under way at once (bulkhead).
    pub concurrency_max: usize,
    /// How long one send may take.
    pub timeout: Duration,
    /// When a failed send is tried again.
    pub retry: Retry,
}

/// When a failed send is tried again: after `first`, then each time `factor` times later, never
/// later than `each_max`, and not at all once `total_max` has passed since the first attempt.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Retry {
    /// Before the second attempt.
    pub first: Duration,
    /// By how much each wait is longer than the one before; at least 1.
    pub factor: f64,
    /// The longest wait between two attempts.
    pub each_max: Duration,
    /// After this the delivery is handed to a person.
    pub total_max: Duration,
}

impl Default for Retry {
    /// Half a second, doubling up to an hour, for five days: a long weekend and a day.
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            factor: 2.0,
            each_max: Duration::from_secs(3600),
            total_max: Duration::from_secs(120 * 3600),
        }
    }
}

/// What a system may read over `/fhir`, each read through the gate.
pub struct Read {
    /// What it reads for.
    pub purpose: Purpose,
    /// The mapping that writes each record kind it may read.
    pub by_kind: BTreeMap<Kind, Arc<Mapping>>,
    /// Whether it may read the directives that it recorded itself, as FHIR `Consent`.
    pub directives: bool,
}
