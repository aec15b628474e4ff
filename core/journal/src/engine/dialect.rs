//! Where the databases' SQL differs. Everything else is said once, in words that both know.

/// The SQL of one engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialect {
    /// SQLite's.
    Sqlite,
}

impl Dialect {
    /// Begins a transaction that sees one moment.
    pub(super) const fn begin_reading(self) -> &'static str {
        match self {
            Self::Sqlite => "begin",
        }
    }
}
