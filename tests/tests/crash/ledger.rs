//! What the hub has acknowledged.

use std::collections::BTreeMap;

/// What became of one client's directives, in order. Times in µs since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Will {
    /// A consent may be in force from when it was first posted.
    Given { posted: i64 },
    /// A withdrawal was acknowledged, with so many sends under way at its commit.
    Withdrawn { acked: i64, in_flight: u64 },
}

/// Whether and how a client consents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mind {
    Always,
    Never,
    Changing,
}

/// One client's line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) mind: Mind,
    pub(crate) hetu: String,
    /// Reference and message of each referral acknowledged, in the order of acknowledgement.
    pub(crate) referrals: Vec<(String, String)>,
    pub(crate) wills: Vec<Will>,
}

/// Everything acknowledged, by client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger(pub(crate) BTreeMap<u64, Line>);

impl Ledger {
    /// One of several, whose clients are all different.
    pub(crate) fn all(ledgers: Vec<Self>) -> Self {
        Self(ledgers.into_iter().flat_map(|ledger| ledger.0).collect())
    }
}

/// How a client's referral is called; it says whose it is and which.
pub(crate) fn reference(client: u64, number: usize) -> String {
    format!("Ref{client:03}N{number:05}")
}

/// The reference that stands somewhere in these bytes.
pub(crate) fn reference_in(bytes: &[u8]) -> Option<(u64, String)> {
    let text = String::from_utf8_lossy(bytes);
    let at = text.match_indices("Ref").map(|(at, _)| at).find(|at| {
        let found = text.as_bytes().get(at + 3..at + 12);
        found.is_some_and(|f| f[3] == b'N' && f[..3].iter().all(u8::is_ascii_digit))
    })?;
    let client = text[at + 3..at + 6].parse().ok()?;
    Some((client, text[at..at + 12].to_owned()))
}
