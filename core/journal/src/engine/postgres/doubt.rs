//! Whether a commit was made whose answer was lost.
//!
//! A command that was committed must not be told as failed: applied again, its move would find the
//! delivery elsewhere, and nobody would go on with it. The server remembers what became of a
//! transaction, by its number.

use std::cell::{Cell, RefCell};

use crate::Error;

/// The latest transaction of a connection.
#[derive(Default)]
pub(super) struct Doubt {
    /// Its number, as the server says it.
    transaction: RefCell<Option<String>>,
    open: Cell<bool>,
}

impl Doubt {
    pub(super) fn began(&self, transaction: Option<String>) {
        self.transaction.replace(transaction);
        self.open.set(false);
    }

    /// Its commit was asked for, and the answer was lost or not.
    pub(super) fn ended(&self, is_lost: bool) {
        self.open.set(is_lost);
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.get()
    }

    /// Asks the server, by a connection made anew. One that was killed takes what was under way for
    /// aborted once it is back.
    pub(super) fn resolve(
        &self,
        ask: impl FnOnce(&str) -> Result<Option<String>, Error>,
    ) -> Option<bool> {
        let transaction = self.transaction.borrow();
        // A number is all that a server can have said.
        let number: u64 = transaction.as_ref()?.parse().ok()?;
        // A number that the server has yet to give was lost with the server that gave it.
        let status = ask(&format!(
            "select case when '{number}'::xid8 >= pg_snapshot_xmax(pg_current_snapshot())
                         then 'aborted' else pg_xact_status('{number}'::xid8) end"
        ));
        let status = status.ok()??;
        let made = match status.as_str() {
            "committed" => true,
            "aborted" => false,
            _ => return None,
        };
        self.open.set(false);
        Some(made)
    }
}
