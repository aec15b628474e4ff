//! Why a measurement could not be made.

use std::{io, path::Path};

use crate::connection::Failure;

/// What, where, why, and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system said no.
    #[error("{what}: {why}")]
    Io {
        /// What was being done, to which file or address.
        what: String,
        /// The system's own words.
        why: io::Error,
    },
    /// An option that holds no usable value.
    #[error("{option}: {why}")]
    Option {
        /// The option as written on the command line.
        option: &'static str,
        /// What is wrong and what would do.
        why: String,
    },
    /// The sink did not tell what had arrived.
    #[error(
        "asking the sink for {what} failed: {why}; is --sink the address of a `luotsi-bench sink`?"
    )]
    Sink {
        /// The path asked for.
        what: &'static str,
        /// What came instead.
        why: String,
    },
    /// Some consents were not taken in, so the load would have measured denials.
    #[error(
        "{refused} of {posted} consents were not acknowledged ({outcomes}); mend that first, or leave --consents out"
    )]
    Consents {
        /// Consents posted.
        posted: u64,
        /// Consents without a 2xx.
        refused: u64,
        /// The outcomes met, by name.
        outcomes: String,
    },
    /// One of the bare pieces failed.
    #[error("{piece}: {why}")]
    Piece {
        /// Which.
        piece: &'static str,
        /// Its own words.
        why: String,
    },
}

impl Error {
    /// An error of the operating system while doing `what`.
    pub fn io(what: impl Into<String>, why: io::Error) -> Self {
        Self::Io { what: what.into(), why }
    }

    pub(crate) fn piece(piece: &'static str, why: impl Into<String>) -> Self {
        Self::Piece { piece, why: why.into() }
    }

    pub(crate) fn file(doing: &str, path: &Path, why: io::Error) -> Self {
        Self::io(format!("{doing} {}", path.display()), why)
    }

    pub(crate) fn sink(what: &'static str, why: Failure) -> Self {
        Self::Sink { what, why: why.name().to_owned() }
    }
}
