//! What can be wrong with a log.

use std::fmt;

use luotsi_audit as audit;

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The first entry that it is about.
    pub seq: u64,
    /// What is wrong.
    pub what: Wrong,
}

/// What is wrong with an entry, or from an entry on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wrong {
    /// The entry is not what was appended.
    Changed,
    /// The entry is what was appended, but its leaf in the tree was changed.
    Leaf,
    /// The entry's leaf is gone.
    NoLeaf,
    /// The entries up to this one are gone, and no pruning tells of them.
    Missing {
        /// The last of them.
        to: u64,
    },
    /// It is behind the end of the log as the hub left it, or before its beginning.
    Extra,
    /// A column that the entry is found by does not say what the entry says.
    Column(&'static str),
    /// The index by which it is found leaves it out.
    Index(&'static str),
    /// The entry is as it was appended, but no entry of a log.
    Unreadable,
    /// Entries and their leaves were changed together: the tree's edge does not follow from them.
    Edge {
        /// The last entry that it may be.
        to: u64,
    },
    /// Entries up to this one were changed together with the tree: a checkpoint says otherwise.
    Rewritten {
        /// The checkpoint's size.
        to: u64,
    },
    /// A checkpoint was signed for a longer log: it was cut.
    Cut {
        /// The checkpoint's size.
        to: u64,
    },
    /// A checkpoint that is not to be trusted; the entry is the last one it is about.
    Checkpoint {
        /// Where it was read.
        from: String,
        /// Why not.
        why: audit::Error,
    },
}

impl Wrong {
    /// A name for programs.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Changed => "entry-changed",
            Self::Leaf => "leaf-changed",
            Self::NoLeaf => "leaf-missing",
            Self::Missing { .. } => "entry-missing",
            Self::Extra => "entry-extra",
            Self::Column(_) => "column-changed",
            Self::Index(_) => "index-changed",
            Self::Unreadable => "entry-unreadable",
            Self::Edge { .. } => "tree-changed",
            Self::Rewritten { .. } => "rewritten",
            Self::Cut { .. } => "cut",
            Self::Checkpoint { .. } => "checkpoint",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seq = self.seq;
        match &self.what {
            Wrong::Changed => write!(f, "entry {seq} was changed after it was appended"),
            Wrong::Leaf => write!(f, "entry {seq} is as appended, but its leaf hash was changed"),
            Wrong::NoLeaf => write!(f, "entry {seq} has no leaf hash: it was removed"),
            Wrong::Missing { to } if *to == seq => write!(f, "entry {seq} was removed"),
            Wrong::Missing { to } => write!(f, "entries {seq} to {to} were removed"),
            Wrong::Extra => write!(f, "entry {seq} was not appended by the hub"),
            Wrong::Column(column) => write!(
                f,
                "entry {seq} is as appended, but its column {column}, by which it is found, \
                 was changed"
            ),
            Wrong::Index(column) => write!(
                f,
                "entry {seq} is whole, but the index of {column} leaves it out: a report would too"
            ),
            Wrong::Unreadable => write!(f, "entry {seq} is as appended, but no entry of the log"),
            Wrong::Edge { to } => write!(
                f,
                "the tree does not follow from entries {seq} to {to}: entries or the tree were \
                 changed"
            ),
            Wrong::Rewritten { to } => write!(
                f,
                "among entries {seq} to {to} some were changed together with the tree: the \
                 checkpoint of {to} entries says otherwise"
            ),
            Wrong::Cut { to } => write!(
                f,
                "the log was cut before entry {seq}: a checkpoint was signed for {to} entries"
            ),
            Wrong::Checkpoint { from, why } => write!(f, "{from}: {why}"),
        }
    }
}
