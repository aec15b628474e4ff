//! Erases a client's keys, which makes her payloads unreadable wherever a copy of them is.

use jiff::Timestamp;
use luotsi_model::ClientRef;

use super::{Command, advance};
use crate::{
    Entry, Error, State,
    engine::{Connection, params},
    seal::{self, ERASED},
    session::Session,
};

/// What becomes of a dead letter about an erased client.
const CAUSE: &str = "its payload was erased";

/// Makes everything kept about a client unreadable but the log, her directives and the frame of each
/// message. It cannot be undone.
pub struct Erase {
    /// Whose.
    pub client: ClientRef,
    /// When.
    pub at: Timestamp,
    /// What the log says of it.
    pub entry: Entry,
}

/// What was erased.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Erased {
    /// Keys; none: nothing of hers could be read before either, and the log tells of no erasure.
    pub keys: usize,
    /// Whether she had a plan, which is gone.
    pub plan: bool,
    /// Dead letters about her, which have come to an end.
    pub dead: usize,
}

/// So many deliveries about her still pend, or their senders are still to be told of a refusal;
/// nothing was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pends(pub u64);

impl Command for Erase {
    type Reply = Result<Erased, Pends>;

    fn apply(&self, connection: &Session) -> Result<Self::Reply, Error> {
        // What its sender is still to be told of needs the sender's own reference to it.
        let pending: u64 = connection.one(
            "select (select count(*) from delivery where subject = ?1 and state + 0 < 10)
                      + (select count(*) from delivery
                         where subject = ?1 and tell is not null and told is null)",
            params![self.client.as_str()],
            |row| row.get(0),
        )?;
        if pending > 0 {
            return Ok(Err(Pends(pending)));
        }
        let keys = self.keys(connection)?;
        if keys == 0 {
            return Ok(Ok(Erased::default()));
        }
        let plan = connection
            .execute("delete from plan where client = ?1", params![self.client.as_str()])?;
        let dead = connection.execute(
            "update delivery set state = ?2, due = ?3, cause = ?4
                 where state in (12, 15) and subject = ?1",
            params![self.client.as_str(), State::Refused, self.at.as_microsecond(), CAUSE],
        )?;
        advance::log(connection, &self.entry)?;
        seal::owe(connection)?;
        Ok(Ok(Erased { keys, plan: plan > 0, dead }))
    }
}

impl Erase {
    /// Overwrites the keys where they stand, with as many zeros.
    fn keys(&self, connection: &Connection) -> Result<usize, Error> {
        connection.execute(
            "insert into erasure
                 select client, n, ?2 from client_key where client = ?1 and wrapped <> ?3",
            params![self.client.as_str(), self.at.as_microsecond(), ERASED],
        )?;
        connection.execute(
            "update client_key set wrapped = ?2 where client = ?1 and wrapped <> ?2",
            params![self.client.as_str(), ERASED],
        )
    }
}
