//! Reading: a document to a record, in one pass over the document.

use std::fmt;

use luotsi_model::{Record, hetu};

use crate::{Document, Fault, Lossy, Mapping, trace::Read};

mod account;
mod fill;
mod intake;
pub(crate) mod value;
mod walk;

pub(crate) use intake::Intake;

/// What a document gave. `mapped`, `ignored` and `unmapped_count` add up to [`Document::leaves`].
/// Its `Debug` shows the account, not the record.
#[derive(Clone, PartialEq)]
pub struct Decoded {
    /// The record.
    pub record: Record,
    /// Leaves that a rule took.
    pub mapped: u32,
    /// Leaves that the mapping ignores for a written reason.
    pub ignored: u32,
    /// Leaves that nothing in the mapping names.
    pub unmapped_count: u32,
    /// The first 256 of them, each by its path in names: `Lahete/Uusi/@koodi`. Empty only if
    /// there is none at all.
    pub unmapped: Vec<String>,
    /// What was let through though not right: check characters in lenient mode.
    pub warnings: Vec<Fault>,
    /// Codes that say less in the record than they did in the document.
    pub lossy: Vec<Lossy>,
    /// Line and column of each in `unmapped`.
    places: Vec<(usize, usize)>,
}

impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoded")
            .field("kind", &self.record.kind)
            .field("mapped", &self.mapped)
            .field("ignored", &self.ignored)
            .field("unmapped_count", &self.unmapped_count)
            .finish_non_exhaustive()
    }
}

impl Decoded {
    /// What is unmapped as faults, `unknown-element`, for a connection that refuses it.
    pub fn unknown(&self) -> Vec<Fault> {
        let fault = |(at, place): (&String, &(usize, usize))| Fault {
            code: "unknown-element",
            at: at.clone(),
            field: None,
            line: place.0,
            column: place.1,
            why: "the mapping names no such place: map it, or ignore it with a reason".into(),
        };
        self.unmapped.iter().zip(&self.places).map(fault).collect()
    }
}

pub(crate) fn decode<T: Read>(
    mapping: &Mapping,
    document: &Document<'_>,
    strictness: hetu::Strictness,
    trace: T,
) -> (Result<Decoded, Vec<Fault>>, T) {
    if !mapping.reads || !mapping.matches(document) {
        let why = match mapping.reads {
            true => "the document is not of the form that the mapping reads",
            false => "the mapping only writes documents",
        };
        return (Err(vec![document.fault("unknown-document", 0, None, why.into())]), trace);
    }
    walk::Walk::new(mapping, document, strictness, trace).run()
}
