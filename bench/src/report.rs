//! What a measurement tells.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::{
    account::{Account, Match},
    process::Usage,
    register::Stats,
    spread::Spread,
    volley::{Outcome, Shot},
};

/// Results of one load. Times in µs are in names ending in `_us`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// Where the messages went.
    pub url: String,
    /// Connections.
    pub concurrency: u32,
    /// Messages a second intended; `null` in a closed loop.
    pub rate: Option<f64>,
    /// What the hub answered, warm-up not included.
    #[serde(flatten)]
    pub answers: Answers,
    /// What arrived; `null` without a sink.
    pub delivery: Option<Account>,
    /// The sink's own counts, warm-up included; `null` without a sink.
    pub sink: Option<Stats>,
    /// What the hub used until the last delivery; `null` without `--pid`, or if it has gone.
    pub hub: Option<Usage>,
    /// What this tool used in the same time, with the sink in it if it ran in this process.
    pub bench: Option<Usage>,
    /// The disk's own speed; `null` without `--fsync-dir`.
    pub fsync: Option<Spread>,
}

/// What the hub answered to the messages posted.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Answers {
    /// Messages posted.
    pub posted: u64,
    /// Messages the hub answered with 2xx.
    pub acked: u64,
    /// From the first post to the last answer, in s.
    pub seconds: f64,
    /// Messages acknowledged a second over that time.
    pub acked_per_second: f64,
    /// From the post to the answer, of messages acknowledged.
    pub ack: Option<Spread>,
    /// Messages not acknowledged, by status or kind of failure.
    pub errors: BTreeMap<String, u64>,
}

impl Answers {
    /// Of messages posted.
    #[must_use]
    pub fn of(shots: &[Shot]) -> Self {
        let begun = shots.iter().map(|shot| shot.due_us).min().unwrap_or_default();
        let ended = shots.iter().map(|shot| shot.due_us + u64::from(shot.answer_us)).max();
        let seconds = (ended.unwrap_or_default() - begun) as f64 / 1e6;
        let (acked, failed): (Vec<&Shot>, Vec<&Shot>) = shots.iter().partition(|shot| shot.acked());
        let mut errors = BTreeMap::new();
        for shot in failed {
            *errors.entry(name(shot.outcome)).or_default() += 1;
        }
        Self {
            posted: shots.len() as u64,
            acked: acked.len() as u64,
            seconds,
            acked_per_second: acked.len() as f64 / seconds.max(1e-6),
            ack: Spread::of(acked.iter().map(|shot| shot.answer_us).collect()),
            errors,
        }
    }
}

/// `503: 12, timeout: 1`.
#[must_use]
pub fn list(errors: &BTreeMap<String, u64>) -> String {
    let rows: Vec<_> = errors.iter().map(|(name, count)| format!("{name}: {count}")).collect();
    rows.join(", ")
}

fn name(outcome: Outcome) -> String {
    outcome.map_or_else(|failure| failure.name().to_owned(), |status| status.to_string())
}

impl Report {
    /// One JSON object, on one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a report has only texts for keys")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pace = self.rate.map_or("closed loop".to_owned(), |rate| format!("{rate}/s intended"));
        let Answers { posted, acked, seconds, acked_per_second, ack, errors } = &self.answers;
        let (url, lines) = (&self.url, self.concurrency);
        writeln!(f, "posted      {posted} to {url}, {lines} connections, {pace}")?;
        writeln!(f, "acked       {acked} in {seconds:.2} s, {acked_per_second:.0}/s")?;
        row(f, "ack", ack.as_ref())?;
        row(f, "errors", (!errors.is_empty()).then(|| list(errors)))?;
        if let Some(account) = &self.delivery {
            delivery(f, account)?;
        }
        row(f, "sink", self.sink)?;
        row(f, "hub", self.hub.as_ref())?;
        row(f, "bench", self.bench.as_ref())?;
        row(f, "fsync", self.fsync)
    }
}

fn delivery(f: &mut fmt::Formatter<'_>, account: &Account) -> fmt::Result {
    let Account { delivered, seconds, per_second, .. } = account;
    writeln!(f, "delivered   {delivered} in {seconds:.2} s, {per_second:.0}/s")?;
    row(f, "end to end", account.end_to_end)?;
    let counted = if account.matched == Match::Count { " (by count)" } else { "" };
    writeln!(f, "lost        {}{counted}", account.lost)?;
    writeln!(f, "duplicated  {}", account.duplicated)?;
    let note = |count: u64, what| (count > 0).then(|| format!("{count} {what}"));
    row(f, "unacked", note(account.unacknowledged, "arrived all the same"))?;
    row(f, "foreign", note(account.foreign, "ids not of this load (--id-key?)"))
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, value: Option<impl fmt::Display>) -> fmt::Result {
    value.map_or(Ok(()), |value| writeln!(f, "{name:<11} {value}"))
}
