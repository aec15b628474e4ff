//! A dead letter, or what is held, was decided again after its client's directives had changed.

use jiff::Timestamp;

use super::{
    Command,
    advance::{self, Guard, Lost},
    refuse,
};
use crate::{Entry, Error, State, engine::params, session::Session};

/// What came of it.
pub struct Reconsidered {
    /// The delivery's place.
    pub delivery: i64,
    /// What the log says of its refusal, whose result is the delivery's cause; `None`: it stays a
    /// dead letter.
    pub refusal: Option<Entry>,
    /// When its sender is to be told of the refusal; `None`: nobody is owed a word of it.
    pub tell: Option<Timestamp>,
    /// The directives that this was decided on.
    pub guard: Option<Guard>,
}

impl Command for Reconsidered {
    type Reply = Result<(), Lost>;

    fn apply(&self, connection: &Session) -> Result<Self::Reply, Error> {
        if let Some(guard) = &self.guard
            && advance::epoch(connection, &guard.client)? != guard.epoch
        {
            return Ok(Err(Lost::Stale));
        }
        connection.execute("delete from reconsider where delivery = ?1", params![self.delivery])?;
        let Some(entry) = &self.refusal else { return Ok(Ok(())) };
        let refused = connection.execute(
            "update delivery set state = ?2, cause = ?3 where seq = ?1 and state in (12, 15)",
            params![self.delivery, State::Refused, entry.result],
        )?;
        // A person may have replayed it meanwhile, and then the replay was decided itself.
        if refused > 0 {
            refuse::reject(connection, self.delivery, self.tell)?;
            advance::log(connection, entry)?;
        }
        Ok(Ok(()))
    }
}
