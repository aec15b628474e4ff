//! Moves a recall on: its notice is made, fails, is answered, or a person sees to it.

use jiff::Timestamp;
use luotsi_model::task::Status;
use uuid::Uuid;

use super::{Command, advance};
use crate::{
    Entry, Error, RecallState, State,
    engine::{Connection, params},
    session::Session,
};

/// Whether the recall's notice is still to be made.
pub(super) fn is_owed(connection: &Connection, id: Uuid) -> Result<bool, Error> {
    let found: Option<i64> = connection.first(
        "select seq from recall where id = ?1 and state = ?2",
        params![id.as_bytes(), RecallState::Owed],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}

/// Its notice is made: the delivery at `notice`.
pub(super) fn sent(
    connection: &Connection,
    id: Uuid,
    notice: i64,
    deadline: Timestamp,
) -> Result<(), Error> {
    connection.execute(
        "update recall set state = ?2, notice = ?3, deadline = ?4 where id = ?1",
        params![id.as_bytes(), RecallState::Sent, notice, deadline.as_microsecond()],
    )?;
    Ok(())
}

/// A delivery has ended without arriving; if it was a notice, a person is asked.
pub(super) fn notice_failed(
    connection: &Connection,
    delivery: i64,
    ended: State,
    cause: Option<&str>,
) -> Result<(), Error> {
    let why = cause.unwrap_or("no cause is known");
    connection.execute(
        "update recall set state = ?2, cause = ?3 where notice = ?1 and state = ?4",
        params![
            delivery,
            RecallState::ForAPerson,
            format!("the notice ended as {}: {why}", ended.as_str()),
            RecallState::Sent,
        ],
    )?;
    Ok(())
}

/// A delivery's task has moved; if it was a notice, that is its acknowledgement, or a refusal to
/// stop. What a person has settled stays settled.
pub(super) fn answered(connection: &Connection, delivery: i64, to: Status) -> Result<(), Error> {
    let (state, cause) = match to {
        Status::Accepted | Status::InProgress | Status::Completed => {
            (RecallState::Acknowledged, None)
        }
        Status::Rejected | Status::Failed | Status::Cancelled | Status::OnHold => {
            (RecallState::ForAPerson, Some(format!("the recipient answered {to}")))
        }
        Status::Draft | Status::Requested | Status::EnteredInError => return Ok(()),
    };
    connection.execute(
        "update recall set state = ?2, cause = ?3 where notice = ?1 and state <> ?4",
        params![delivery, state, cause, RecallState::Settled],
    )?;
    Ok(())
}

/// Moves a recall that stands in `from`.
pub struct RecallMove {
    /// The recall.
    pub id: Uuid,
    /// Where it stands.
    pub from: RecallState,
    /// Where it goes.
    pub to: RecallState,
    /// Why. Names no value.
    pub cause: String,
}

impl Command for RecallMove {
    /// Whether it stood there.
    type Reply = bool;

    fn apply(&self, connection: &Session) -> Result<bool, Error> {
        let moved = connection.execute(
            "update recall set state = ?2, cause = ?3 where id = ?1 and state = ?4",
            params![self.id.as_bytes(), self.to, self.cause, self.from],
        )?;
        Ok(moved > 0)
    }
}

/// A person has seen to a recall, or has its notice made again. If its notice became a dead letter,
/// that has its end too.
pub struct RecallByHand {
    /// The recall.
    pub id: Uuid,
    /// What is done with it.
    pub by_hand: ByHand,
    /// What the use log says of it; its recipient is the person.
    pub entry: Entry,
}

/// What a person does with a recall.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByHand {
    /// She has seen to it: of any that is open.
    Settle,
    /// The notice is made again: of one that waits for her.
    Again,
}

impl ByHand {
    const fn takes(self, state: RecallState) -> bool {
        match self {
            Self::Settle => state.is_open(),
            Self::Again => matches!(state, RecallState::ForAPerson),
        }
    }
}

impl Command for RecallByHand {
    /// Whether it was done, or where the recall stood; `None` when there is no such recall. Nothing
    /// is written but when it was done.
    type Reply = Option<Result<(), RecallState>>;

    fn apply(&self, connection: &Session) -> Result<Self::Reply, Error> {
        let found: Option<(RecallState, Option<i64>)> = connection.first(
            "select state, notice from recall where id = ?1",
            params![self.id.as_bytes()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let Some((state, notice)) = found else { return Ok(None) };
        if !self.by_hand.takes(state) {
            return Ok(Some(Err(state)));
        }
        let id = self.id.as_bytes();
        match self.by_hand {
            ByHand::Settle => connection.execute(
                "update recall set state = ?2, cause = ?3 where id = ?1",
                params![id, RecallState::Settled, format!("settled by {}", self.entry.recipient),],
            )?,
            ByHand::Again => connection.execute(
                "update recall set state = ?2, notice = null, deadline = null, cause = null
                     where id = ?1",
                params![id, RecallState::Owed],
            )?,
        };
        connection.execute(
            "update delivery set state = ?2 where seq = ?1 and state = ?3",
            params![notice, State::Settled, State::Dead],
        )?;
        advance::log(connection, &self.entry)?;
        Ok(Some(Ok(())))
    }
}
