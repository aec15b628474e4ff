//! Lets held deliveries go, after a person has looked.

use jiff::Timestamp;
use luotsi_model::{MessageId, SystemId};

use super::{Command, outbox};
use crate::{Error, State, engine::params, read, session::Session};

/// Makes the held deliveries of a message ready. What each may wait for a basis starts now: how
/// long a person took is not its sender's fault.
pub struct Release {
    /// The message.
    pub message: MessageId,
    /// Only those to this system.
    pub only: Option<SystemId>,
    /// Now.
    pub at: Timestamp,
}

impl Command for Release {
    /// Where they go; nothing where there is no such message.
    type Reply = Option<Vec<SystemId>>;

    fn apply(&self, connection: &Session) -> Result<Self::Reply, Error> {
        let Some(message) = read::message(connection, self.message)? else { return Ok(None) };
        let only = self.only.as_ref().map(SystemId::as_str);
        let at = self.at.as_microsecond();
        let released = connection.all(
            "update delivery set state = ?3, due = ?4, deadline = deadline + ?4 - accepted
             where message = ?1 and state = 15 and (cast(?2 as text) is null or destination = ?2)
             returning destination, seq",
            params![message.seq, only, State::Ready, at],
            |row| Ok((SystemId::new(row.text(0)?), row.get::<i64>(1)?)),
        )?;
        outbox::tell(connection, released.iter().map(|(to, seq)| (to, *seq)));
        Ok(Some(released.into_iter().map(|(destination, _)| destination).collect()))
    }
}
