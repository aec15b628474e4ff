//! What was disclosed about a client, to whom, on what ground: the client's right to know.

use std::collections::HashMap;

use jiff::Timestamp;
use luotsi_journal::{Entry, Error, GroundEntry, Phase, read};
use luotsi_model::{Categories, ClientRef, DeliveryId};
use serde::Serialize;

use super::Words;
use crate::Flow;

/// A client's report.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// The client's reference.
    pub client: String,
    /// From when.
    pub from: Timestamp,
    /// Up to when.
    pub to: Timestamp,
    /// Every disclosure and refusal, in order.
    pub disclosures: Vec<Disclosure>,
    /// Every time that a person looked, in order.
    pub uses: Vec<Use>,
    /// The region's names for what is spoken of.
    pub words: Words,
}

/// One look at what the hub knows of a client.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Use {
    /// When.
    pub at: Timestamp,
    /// Who, by the name of the token shown.
    pub who: String,
    /// At what: `report`, `trace`, `why`.
    pub what: String,
    /// Of which message, if of one.
    pub message: Option<String>,
}

/// One disclosure, or one refusal.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Disclosure {
    /// When.
    pub at: Timestamp,
    /// Out of which message, if of one.
    pub message: Option<String>,
    /// Where the data came from.
    pub source: String,
    /// Who got it, or would have.
    pub recipient: String,
    /// What for.
    pub purpose: String,
    /// The record kind.
    pub kind: String,
    /// `delivered`, `failed`, `unreached`, `rejected`, `interrupted`, `under-way`, or the reason of a
    /// refusal or wait.
    pub result: String,
    /// Whether data was shown, or may have been.
    pub shown: bool,
    /// The fields shown, by path.
    pub fields: Vec<String>,
    /// The fields held back.
    pub withheld: Vec<String>,
    /// The categories that were permitted.
    pub categories: Categories,
    /// On what grounds.
    pub grounds: Vec<GroundEntry>,
}

impl Flow {
    /// The report about a client from `from` up to but without `to`.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn report(
        &self,
        client: &ClientRef,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Report, Error> {
        let asked = client.clone();
        let entries = self.journal.read(move |c| read::of_client(c, &asked, from, to)).await?;
        let (uses, sends): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| entry.phase == Phase::Use);
        let disclosures = pair(sends);
        let words = Words::of(&self.region(), &disclosures);
        let uses = uses.into_iter().map(used).collect();
        Ok(Report { client: client.to_string(), from, to, disclosures, uses, words })
    }
}

/// What tells an attempt's entries from another's.
type Attempt = (Option<DeliveryId>, u32, String, Option<Timestamp>);

fn attempt(entry: &Entry) -> Attempt {
    // Reads of the plan have no delivery; their intent and outcome share the moment.
    let at = entry.delivery.is_none().then_some(entry.at);
    (entry.delivery, entry.attempt, entry.recipient.to_string(), at)
}

/// Puts each outcome to its intent. An interrupted send may have arrived, so it counts as shown; a
/// failed one too, since bytes may have left; one whose recipient was never reached does not.
fn pair(entries: Vec<Entry>) -> Vec<Disclosure> {
    let mut disclosures: Vec<Disclosure> = Vec::new();
    let mut open: HashMap<Attempt, usize> = HashMap::new();
    for entry in entries {
        let key = attempt(&entry);
        match entry.phase {
            Phase::Outcome => {
                if let (Some(at), Some(result)) = (open.remove(&key), entry.result) {
                    disclosures[at].shown = result != "unreached";
                    disclosures[at].result = result;
                }
            }
            Phase::Intent => {
                open.insert(key, disclosures.len());
                disclosures.push(disclosure(entry, "under-way"));
            }
            Phase::Refusal | Phase::Wait => disclosures.push(disclosure(entry, "refused")),
            Phase::Use => {}
        }
    }
    disclosures
}

fn used(entry: Entry) -> Use {
    Use {
        at: entry.at,
        who: entry.recipient.to_string(),
        what: entry.result.unwrap_or_default(),
        message: entry.message.map(|id| id.to_string()),
    }
}

fn disclosure(entry: Entry, otherwise: &str) -> Disclosure {
    Disclosure {
        at: entry.at,
        message: entry.message.map(|id| id.to_string()),
        source: entry.source.to_string(),
        recipient: entry.recipient.to_string(),
        purpose: entry.purpose.to_string(),
        kind: entry.kind.to_string(),
        result: entry.result.unwrap_or_else(|| otherwise.to_owned()),
        shown: entry.phase == Phase::Intent,
        fields: entry.fields,
        withheld: entry.withheld,
        categories: entry.categories,
        grounds: entry.grounds,
    }
}
