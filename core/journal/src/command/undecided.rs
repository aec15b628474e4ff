//! Writes down that a delivery cannot be decided.

use super::{Command, advance};
use crate::{Entry, Error, engine::params, session::Session};

/// Logs the denial of a delivery for which nothing can be decided, once for as long as that lasts:
/// it is asked again each second, and the log is of denials, not of seconds. The delivery stays
/// where it is, with the entry's result as its cause; any other move ends that.
pub struct Undecided {
    /// The delivery's place.
    pub delivery: i64,
    /// What the disclosure log says of it.
    pub entry: Entry,
}

impl Command for Undecided {
    /// Whether that is news.
    type Reply = bool;

    fn apply(&self, connection: &Session) -> Result<bool, Error> {
        let begins = connection.execute(
            "update delivery set cause = ?2
                 where seq = ?1 and state + 0 < 2 and cause is distinct from ?2",
            params![self.delivery, self.entry.result],
        )?;
        if begins > 0 {
            advance::log(connection, &self.entry)?;
        }
        Ok(begins > 0)
    }
}
