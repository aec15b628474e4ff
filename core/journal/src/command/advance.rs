//! Moves a delivery on, with the log entry that goes with the move.

use jiff::Timestamp;
use luotsi_model::ClientRef;

use super::{Command, json, recall};
use crate::{
    Entry, Error, State,
    engine::{Connection, params},
    session::Session,
};

/// One move of a delivery, or one disclosure that is no delivery (a read of the plan).
pub struct Advance {
    /// The delivery's place.
    pub delivery: Option<i64>,
    /// Where it goes.
    pub to: State,
    /// When it is due again, for a state that pends.
    pub due: Timestamp,
    /// Attempts made so far.
    pub attempts: u32,
    /// Why, for a failure or an end. Names no value.
    pub cause: Option<String>,
    /// What the disclosure log says of it.
    pub entry: Option<Entry>,
    /// The directives that the move was decided on.
    pub guard: Option<Guard>,
}

/// The epoch of a client's directives at the time of a decision.
pub struct Guard {
    /// The client.
    pub client: ClientRef,
    /// The epoch.
    pub epoch: u64,
}

/// Why a move was not made; nothing was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lost {
    /// The client's directives have changed since the decision: decide again.
    Stale,
    /// The delivery is not where the move starts from: someone else has moved it.
    Elsewhere,
}

impl Command for Advance {
    type Reply = Result<(), Lost>;

    fn apply(&self, connection: &Session) -> Result<Self::Reply, Error> {
        if let Some(guard) = &self.guard
            && epoch(connection, &guard.client)? != guard.epoch
        {
            return Ok(Err(Lost::Stale));
        }
        if let Some(seq) = self.delivery
            && self.moved(connection, seq)? == 0
        {
            return Ok(Err(Lost::Elsewhere));
        }
        if let Some(entry) = &self.entry {
            log(connection, entry)?;
        }
        if let (Some(seq), State::Refused | State::Dead) = (self.delivery, self.to) {
            recall::notice_failed(connection, seq, self.to, self.cause.as_deref())?;
        }
        Ok(Ok(()))
    }
}

impl Advance {
    /// An outcome follows a send, everything else a pending delivery that is not being sent.
    fn moved(&self, connection: &Connection, seq: i64) -> Result<usize, Error> {
        let outcome = self.entry.as_ref().is_some_and(|e| e.phase == crate::Phase::Outcome);
        let from = if outcome { "state = 2" } else { "state < 2" };
        let sql = format!(
            "update delivery set state = ?2, due = ?3, attempts = ?4, cause = ?5
             where seq = ?1 and {from}"
        );
        connection.execute(
            &sql,
            params![seq, self.to, self.due.as_microsecond(), self.attempts, self.cause],
        )
    }
}

/// The client's epoch; 0 while she has directed nothing.
pub(crate) fn epoch(connection: &Connection, client: &ClientRef) -> Result<u64, Error> {
    let found: Option<i64> = connection.first(
        "select epoch from client where ref = ?1",
        params![client.as_str()],
        |row| row.get(0),
    )?;
    Ok(found.unwrap_or(0).unsigned_abs())
}

/// Appends to the disclosure log. There is no other way in, and none to change or remove.
pub(crate) fn log(connection: &Connection, entry: &Entry) -> Result<(), Error> {
    let message: Option<i64> = match entry.message {
        Some(id) => connection.first(
            "select seq from message where id = ?1",
            params![id.0.as_bytes()],
            |row| row.get(0),
        )?,
        None => None,
    };
    // Outcomes are found through their message; only what a client's report starts from is indexed
    // by her, which halves the pages that a delivery touches.
    let starts = entry.phase != crate::Phase::Outcome || message.is_none();
    connection.execute(
        "insert into disclosure (at, client, message, entry) values (?1, ?2, ?3, ?4)",
        params![
            entry.at.as_microsecond(),
            entry.client.as_ref().filter(|_| starts).map(ClientRef::as_str),
            message,
            json("disclosure", entry)?,
        ],
    )?;
    Ok(())
}
