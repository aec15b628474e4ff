//! A payload as it is found: open, or shut for a reason.

/// What stood sealed in the journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Payload {
    /// The record's stored form.
    Open(Vec<u8>),
    /// The client's key was erased.
    Erased,
    /// It does not open.
    Broken,
}

/// Why a payload cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Shut {
    /// The client's key was erased.
    #[error("its payload was erased with the client's key")]
    Erased,
    /// It was changed, or put in another's place, or the row of its key was.
    #[error(
        "its payload does not open: it was changed in the database, or its key was; \
         keep this data folder as evidence, and compare it with a backup"
    )]
    Broken,
}

impl Payload {
    /// What became of it, in a word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Open(_) => "kept",
            Self::Erased => "erased",
            Self::Broken => "broken",
        }
    }

    /// The record's stored form.
    ///
    /// # Errors
    /// Why there is none to read.
    pub fn bytes(&self) -> Result<&[u8], Shut> {
        match self {
            Self::Open(bytes) => Ok(bytes),
            Self::Erased => Err(Shut::Erased),
            Self::Broken => Err(Shut::Broken),
        }
    }
}
