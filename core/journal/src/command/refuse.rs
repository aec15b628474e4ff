//! Ends a delivery refused, and with it the task that its recipient would have answered.

use jiff::Timestamp;
use luotsi_model::task::{Party, Status};

use super::{Advance, Command, Lost};
use crate::{
    Error,
    engine::{Connection, params},
    session::Session,
};

/// A delivery that the gate refuses.
pub struct Refuse {
    /// The move to its end.
    pub end: Advance,
    /// When its sender is to be told; `None`: nobody is owed a word of it.
    pub tell: Option<Timestamp>,
}

impl Command for Refuse {
    type Reply = Result<(), Lost>;

    fn apply(&self, connection: &Session) -> Result<Self::Reply, Error> {
        if let Err(lost) = self.end.apply(connection)? {
            return Ok(Err(lost));
        }
        if let Some(seq) = self.end.delivery {
            reject(connection, seq, self.tell)?;
        }
        Ok(Ok(()))
    }
}

/// Ends the task of a refused delivery, and notes when its sender is to be told.
pub(super) fn reject(
    connection: &Connection,
    seq: i64,
    tell: Option<Timestamp>,
) -> Result<(), Error> {
    let task: String =
        connection
            .one("select task from delivery where seq = ?1", params![seq], |row| row.get(0))?;
    // A recipient that a failed attempt reached may have answered: then its word stands, the
    // sender has it, and a refusal would contradict it.
    let step = task.parse::<Status>().map(|from| from.step(Status::Rejected, Party::Target));
    if let Ok(Ok(rejected)) = step {
        connection.execute(
            "update delivery set task = ?2, tell = ?3 where seq = ?1",
            params![seq, rejected.as_str(), tell.map(Timestamp::as_microsecond)],
        )?;
    }
    Ok(())
}
