//! Whether a commit was made whose answer was lost.
//!
//! A command that was committed must not be told as failed: applied again, its move would find the
//! delivery elsewhere, and nobody would go on with it. Nor may one that was lost be told as done. So each
//! group of a writer leaves its number with what it commits. The transaction's own number would not do:
//! a server that was killed gives it again to somebody else.

use std::cell::{Cell, RefCell};

use crate::engine::{each::Step, value::params};

/// Leaves a group's number.
const MARK: &str = "insert into writer (id, made) values (?1, ?2)
                    on conflict (id) do update set made = excluded.made";
/// The last one left.
pub(super) const MADE: &str = "select made from writer where id = ?1";

/// The groups of a connection's writer.
#[derive(Default)]
pub(super) struct Doubt {
    /// Whose they are; nobody asks what became of a commit where there is none.
    writer: RefCell<Vec<u8>>,
    /// The number of the latest.
    group: Cell<i64>,
    open: Cell<bool>,
}

impl Doubt {
    /// From here on each commit can be asked for. Nobody else has that name.
    pub(super) fn sign(&self, writer: Vec<u8>) {
        self.writer.replace(writer);
    }

    pub(super) fn writer(&self) -> Vec<u8> {
        self.writer.borrow().clone()
    }

    /// A group is to be committed; with this, if it is to be asked for.
    pub(super) fn next<T>(&self, commit: impl FnOnce(Option<Step<'_>>) -> T) -> T {
        self.group.set(self.group.get() + 1);
        let (writer, group) = (self.writer.borrow(), self.group.get());
        let mark = (!writer.is_empty()).then(|| Step::new(MARK, [*params![*writer, group]]));
        commit(mark)
    }

    /// Its commit was asked for, and the answer was lost or not.
    pub(super) fn ended(&self, is_lost: bool) {
        self.open.set(is_lost);
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.get()
    }

    /// Whether the latest was made, by the number left last.
    pub(super) fn resolve(&self, left: Option<i64>) -> bool {
        self.open.set(false);
        left == Some(self.group.get())
    }
}
