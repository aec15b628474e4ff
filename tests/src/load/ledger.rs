//! What the hub has acknowledged.

use std::collections::BTreeMap;

/// What became of one client's directives, in order. Times in µs since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Will {
    /// A consent may be in force from when it was first posted.
    Given {
        /// When.
        posted: i64,
    },
    /// A withdrawal was acknowledged.
    Withdrawn {
        /// When.
        acked: i64,
        /// Sends under way at its commit.
        in_flight: u64,
    },
}

/// Whether and how a client consents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mind {
    /// From the beginning.
    Always,
    /// Not before everything else has come to its end.
    Never,
    /// She gives and withdraws.
    Changing,
}

/// One client's line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Whether and how she consents.
    pub mind: Mind,
    /// Her personal identity code.
    pub hetu: String,
    /// Reference and message of each referral acknowledged, in the order of acknowledgement.
    pub referrals: Vec<(String, String)>,
    /// What became of her directives, in order.
    pub wills: Vec<Will>,
}

/// Everything acknowledged, by client.
#[derive(Clone, Debug, Default)]
pub struct Ledger(pub BTreeMap<u64, Line>);

impl Ledger {
    /// One of several, whose clients are all different.
    #[must_use]
    pub fn all(ledgers: Vec<Self>) -> Self {
        Self(ledgers.into_iter().flat_map(|ledger| ledger.0).collect())
    }
}

/// How a client's referral is called; it says whose it is and which.
pub fn reference(client: u64, number: usize) -> String {
    format!("Ref{client:03}N{number:05}")
}

/// The reference that stands somewhere in these bytes.
pub fn reference_in(bytes: &[u8]) -> Option<(u64, String)> {
    let text = String::from_utf8_lossy(bytes);
    let at = text.match_indices("Ref").map(|(at, _)| at).find(|at| {
        let found = text.as_bytes().get(at + 3..at + 12);
        found.is_some_and(|f| f[3] == b'N' && f[..3].iter().all(u8::is_ascii_digit))
    })?;
    let client = text[at + 3..at + 6].parse().ok()?;
    Some((client, text[at..at + 12].to_owned()))
}
