//! Codes that lost some of what they say, in the journal's words.

use luotsi_journal::Lossy;

/// What a mapping noted, as it is kept.
pub(crate) fn kept(noted: Vec<luotsi_mapping::Lossy>) -> Vec<Lossy> {
    let kept = |luotsi_mapping::Lossy { table, at, count }| Lossy { table, at, count };
    noted.into_iter().map(kept).collect()
}
