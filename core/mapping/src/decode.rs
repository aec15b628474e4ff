//! Reading: a document to a record.

use luotsi_model::{Record, hetu};

use crate::{Document, Fault, Mapping};

/// What a document gave.
#[derive(Clone, PartialEq, Debug)]
pub struct Decoded {
    /// The record.
    pub record: Record,
    /// Leaves that a rule took.
    pub mapped: u32,
    /// Leaves that the mapping ignores for a written reason.
    pub ignored: u32,
    /// Leaves that nothing in the mapping names. With `mapped` and `ignored` it adds up to
    /// [`Document::leaves`].
    pub unmapped_count: u32,
    /// The first of them, each by its path in names: `Lahete/Uusi/@koodi`. Empty only if there is
    /// none at all.
    pub unmapped: Vec<String>,
    /// What was let through though not right: check characters in lenient mode.
    pub warnings: Vec<Fault>,
}

pub(crate) fn decode(
    _mapping: &Mapping,
    _document: &Document<'_>,
    _strictness: hetu::Strictness,
) -> Result<Decoded, Vec<Fault>> {
    Err(Vec::new())
}
