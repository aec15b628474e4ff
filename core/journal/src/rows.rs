//! What the rows hold.

use jiff::Timestamp;
use luotsi_consent::Ground;
use luotsi_model::{
    Categories, ClientRef, DeliveryId, GenerationId, Kind, MessageId, Purpose, SystemId,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::engine::{Bind, Column, Value};

/// A hub on a journal that several share. It keeps its id over its restarts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NodeId(pub Uuid);

impl NodeId {
    pub(crate) const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// To be sent, now or at its due time.
    Ready = 0,
    /// No basis yet; released by a directive, refused at its deadline.
    Waiting = 1,
    /// Its intent is durable, its outcome is not yet.
    Sending = 2,
    /// The recipient has it.
    Delivered = 10,
    /// The gate said no.
    Refused = 11,
    /// It waits for a person.
    Dead = 12,
    /// It waited for a person, who sent the message again.
    Replayed = 13,
    /// It waited for a person, who saw to its matter without it.
    Settled = 14,
    /// Its document held what no rule knows: it goes when a person has looked and releases it.
    Held = 15,
}

impl State {
    const ALL: [Self; 9] = [
        Self::Ready,
        Self::Waiting,
        Self::Sending,
        Self::Delivered,
        Self::Refused,
        Self::Dead,
        Self::Replayed,
        Self::Settled,
        Self::Held,
    ];

    /// Whether it still has an end before it.
    pub const fn is_pending(self) -> bool {
        (self as u8) < 10
    }

    /// Those that have not come to a good end, the ones that wait for a person first.
    pub const UNFINISHED: [Self; 5] =
        [Self::Dead, Self::Held, Self::Waiting, Self::Ready, Self::Sending];

    /// The name shown to people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Dead => "dead-letter",
            Self::Replayed => "replayed",
            Self::Settled => "settled",
            Self::Held => "held",
        }
    }
}

impl Bind for State {
    fn value(&self) -> Value<'_> {
        Value::Integer(*self as i64)
    }
}

impl Column for State {
    fn read(value: Value<'_>) -> Option<Self> {
        let number = i64::read(value)?;
        Self::ALL.into_iter().find(|state| *state as i64 == number)
    }
}

/// Where a recall stands: somebody who received something is to stop processing it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecallState {
    /// Its notice is to be made.
    Owed = 0,
    /// Its notice is made, and not acknowledged yet.
    Sent = 1,
    /// The hub cannot bring it to its end.
    ForAPerson = 2,
    /// The recipient says that it has stopped.
    Acknowledged = 10,
    /// A person has seen to it, or it turned out that there was nothing to recall.
    Settled = 11,
}

impl RecallState {
    /// Every state, what waits for a person first.
    pub const ALL: [Self; 5] =
        [Self::ForAPerson, Self::Owed, Self::Sent, Self::Acknowledged, Self::Settled];

    /// Whether it still has an end before it.
    pub const fn is_open(self) -> bool {
        (self as u8) < 10
    }

    /// The name shown to people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owed => "owed",
            Self::Sent => "sent",
            Self::ForAPerson => "for-a-person",
            Self::Acknowledged => "acknowledged",
            Self::Settled => "settled",
        }
    }
}

impl Bind for RecallState {
    fn value(&self) -> Value<'_> {
        Value::Integer(*self as i64)
    }
}

impl Column for RecallState {
    fn read(value: Value<'_>) -> Option<Self> {
        let number = i64::read(value)?;
        Self::ALL.into_iter().find(|state| *state as i64 == number)
    }
}

/// How the elements of an input were accounted for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Accounting {
    /// Elements that became fields.
    pub mapped: u32,
    /// Elements ignored with a written reason.
    pub ignored: u32,
    /// Paths of elements that no rule knows; names only.
    pub unmapped: Vec<String>,
    /// Codes that say less in the record than they did in the document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lossy: Vec<Lossy>,
    /// Whether its deliveries are held until a person releases them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_held: bool,
    /// Names of the routes taken.
    pub routes: Vec<String>,
}

/// Codes of one place that a code table could not carry whole. No code is named.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lossy {
    /// The code table.
    pub table: String,
    /// The place in the document, in names.
    pub at: String,
    /// How many codes.
    pub count: u32,
}

/// What an entry of the disclosure log records.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The data is about to be shown: durable before the first byte leaves.
    Intent,
    /// What became of an intent.
    Outcome,
    /// It was not shown.
    Refusal,
    /// It waits for a basis.
    Wait,
    /// A person looked at what the hub knows of it.
    Use,
}

/// The logs that share the one tree, each with a retention of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Log {
    /// What was disclosed to whom, and what was refused (luovutusloki).
    Disclosure,
    /// Who looked at what (käyttöloki).
    Use,
}

impl Log {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Disclosure, Self::Use];

    /// The name used in settings and in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disclosure => "disclosure",
            Self::Use => "use",
        }
    }
}

/// An entry that tells which entries were pruned at the end of their retention. It is itself never
/// pruned: without it, an entry that is gone is an entry that somebody removed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "phase", rename = "prune")]
pub struct Pruning {
    /// When.
    pub at: Timestamp,
    /// Entries of which log.
    pub log: Log,
    /// They were older than this.
    pub before: Timestamp,
    /// Their places, from and to, both included.
    pub ranges: Vec<(u64, u64)>,
}

fn said_nothing(categories: &Categories) -> bool {
    categories.is_empty()
}

/// Why something was let through.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GroundEntry {
    /// The legal basis.
    pub basis: String,
    /// The policy rule.
    pub rule: String,
    /// The directive relied on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directive: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// The reason code of a statutory right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The categories it carried; entries of earlier versions of the hub do not say.
    #[serde(default, skip_serializing_if = "said_nothing")]
    pub categories: Categories,
}

impl From<&Ground> for GroundEntry {
    fn from(ground: &Ground) -> Self {
        let (directive, version) =
            ground.directive.as_ref().map(|(id, v)| (id.to_string(), *v)).unzip();
        let reason = ground.reason.as_deref().map(str::to_owned);
        let (basis, rule) = (ground.basis.to_string(), ground.rule.to_string());
        Self { basis, rule, directive, version, reason, categories: ground.categories }
    }
}

/// One entry of the disclosure log: who, what (fields and categories, never values), to whom, what
/// for, on what ground, when.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// What it records.
    pub phase: Phase,
    /// When.
    pub at: Timestamp,
    /// Whose data; `None`: nobody's.
    pub client: Option<ClientRef>,
    /// Out of which message; `None` for a read of the plan.
    pub message: Option<MessageId>,
    /// By which delivery.
    pub delivery: Option<DeliveryId>,
    /// Where it came from.
    pub source: SystemId,
    /// Who got it, or would have.
    pub recipient: SystemId,
    /// What for.
    pub purpose: Purpose,
    /// The record kind.
    pub kind: Kind,
    /// Under which generation of the region.
    pub generation: GenerationId,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Of a read: the opaque id of the plan or the directive shown. Its reader knows it by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Uuid>,
    /// The fields shown, by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The fields held back, by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<String>,
    /// Codes that said less to the recipient than they do in the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lossy: Vec<Lossy>,
    /// The categories shown.
    #[serde(default)]
    pub categories: Categories,
    /// On what grounds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grounds: Vec<GroundEntry>,
    /// The outcome, or the reason of a refusal: `delivered`, `failed`, `withdrawn`…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

impl Entry {
    /// What became of this intent.
    pub fn outcome(&self, at: Timestamp, result: &str) -> Self {
        Self {
            phase: Phase::Outcome,
            at,
            fields: Vec::new(),
            withheld: Vec::new(),
            lossy: Vec::new(),
            grounds: Vec::new(),
            result: Some(result.to_owned()),
            ..self.clone()
        }
    }
}
