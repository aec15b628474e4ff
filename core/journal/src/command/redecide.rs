//! Makes every wait due.

use jiff::Timestamp;

use super::Command;
use crate::{Error, engine::params, session::Session};

/// Every delivery that waits for a basis is to be decided again: the law of the gate has changed.
pub struct Redecide {
    /// Now.
    pub at: Timestamp,
}

impl Command for Redecide {
    /// How many there are.
    type Reply = usize;

    fn apply(&self, connection: &Session) -> Result<usize, Error> {
        let changed = connection.execute(
            "update delivery set due = case when due > ?1 then ?1 else due end
             where state = 1",
            params![self.at.as_microsecond()],
        )?;
        Ok(changed)
    }
}
