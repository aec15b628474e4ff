//! What a start after a crash must settle: sends whose outcome nobody recorded.

use jiff::Timestamp;

use super::{Command, advance};
use crate::{Error, State, engine::params, read, session::Session};

/// Makes every delivery that was being sent ready again, with the same id, and closes its open
/// intent with the outcome `interrupted`: whether the recipient got it is unknown, so it is sent
/// again and the recipient drops the repeat.
pub struct Recover {
    /// Now.
    pub at: Timestamp,
}

impl Command for Recover {
    /// How many there were.
    type Reply = usize;

    fn apply(&self, connection: &Session) -> Result<usize, Error> {
        let open = read::open_intents(connection)?;
        for intent in &open {
            advance::log(connection, &intent.outcome(self.at, "interrupted"))?;
        }
        connection.execute(
            "update delivery set state = ?1, due = ?2 where state = 2",
            params![State::Ready, self.at.as_microsecond()],
        )?;
        Ok(open.len())
    }
}
