//! What a start after a crash, and a new owner of a lane, must settle: sends whose outcome nobody
//! recorded.

use jiff::Timestamp;
use luotsi_model::SystemId;

use super::{Command, Fence, advance};
use crate::{Error, State, engine::params, read, session::Session};

/// Makes every delivery that was being sent ready again, with the same id, and closes its open
/// intent with the outcome `interrupted`: whether the recipient got it is unknown, so it is sent
/// again and the recipient drops the repeat.
pub struct Recover {
    /// Now.
    pub at: Timestamp,
    /// Only what goes there: its lane has another owner now. Everything, where one hub has it all.
    pub destination: Option<SystemId>,
    /// The right to that lane: a former owner must not settle what the next one is sending.
    pub fence: Option<Fence>,
}

impl Command for Recover {
    /// How many there were.
    type Reply = usize;

    fn apply(&self, connection: &Session) -> Result<usize, Error> {
        if let Some(Fence { lane, epoch }) = &self.fence {
            let sql = "select 1 from lane where name = ?1 and epoch = ?2";
            if connection.first(sql, params![lane, epoch], |_| Ok(()))?.is_none() {
                return Ok(0);
            }
        }
        let only = self.destination.as_ref();
        let mut open = read::open_intents(connection)?;
        open.retain(|intent| only.is_none_or(|only| intent.recipient == *only));
        for intent in &open {
            advance::log(connection, &intent.outcome(self.at, "interrupted"))?;
        }
        connection.execute(
            "update delivery set state = ?1, due = ?2
             where state = 2 and (cast(?3 as text) is null or destination = ?3)",
            params![State::Ready, self.at.as_microsecond(), only.map(SystemId::as_str)],
        )?;
        Ok(open.len())
    }
}
