//! The text that a document was read from.

use std::{ops::Deref, sync::Arc};

use super::{Encoding, Limits, place};
use crate::Fault;

/// The sender's bytes as they are, or what they were decoded to.
#[derive(Clone)]
pub(crate) enum Input<'i> {
    Lent(&'i str),
    /// Shared by the records of a table.
    Own(Arc<str>),
    /// There is none: places are rows and columns.
    Grid,
    /// A table's text and where its lines begin: each of its records would count them anew.
    Parted(Arc<(Self, Vec<u32>)>),
}

impl Deref for Input<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Lent(text) => text,
            Self::Own(text) => text,
            Self::Grid => "",
            Self::Parted(whole) => &whole.0,
        }
    }
}

impl Input<'_> {
    /// The same, for the records of a table.
    pub(super) fn parted(self) -> Self {
        if matches!(self, Self::Grid) {
            return self;
        }
        let lines = place::lines(&self).map(|at| at as u32).collect();
        Self::Parted(Arc::new((self, lines)))
    }
}

pub(super) fn check_size(bytes: &[u8], limits: &Limits) -> Result<(), Fault> {
    // Offsets are u32: half of their range leaves room for the arena's own numbers.
    if bytes.len() > limits.bytes_max.min(u32::MAX as usize / 2) {
        let why = format!("the document is over {} bytes", limits.bytes_max);
        return Err(place::fault("too-large", "", 0, why));
    }
    Ok(())
}

pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|e| place::not_utf8(bytes, e.valid_up_to()))
}

/// Decodes text of a declared encoding.
pub(super) fn decoded(bytes: &[u8], encoding: Encoding) -> Result<Input<'_>, Fault> {
    match encoding {
        Encoding::Utf8 | Encoding::Utf8Marked => utf8(bytes).map(Input::Lent),
        Encoding::Latin1 => latin1(bytes).map(|text| Input::Own(text.into())),
    }
}

fn latin1(bytes: &[u8]) -> Result<String, Fault> {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    match text.find(|c| matches!(c, '\u{80}'..'\u{a0}')) {
        None => Ok(text),
        Some(at) => {
            let why = "a byte stands here that is no text in ISO-8859-1: is it Windows-1252?";
            Err(place::fault("wrong-encoding", &text, at, why.into()))
        }
    }
}
