//! Makes every wait due.

use jiff::Timestamp;

use super::Command;
use crate::{Error, session::Session};

/// Every delivery that waits for a basis is to be decided again: the law of the gate has changed.
pub struct Redecide {
    /// Now.
    pub at: Timestamp,
}

impl Command for Redecide {
    /// How many there are.
    type Reply = usize;

    fn apply(&self, connection: &Session) -> Result<usize, Error> {
        let changed = connection
            .prepare_cached("update delivery set due = min(due, ?1) where state = 1")?
            .execute([self.at.as_microsecond()])?;
        Ok(changed)
    }
}
