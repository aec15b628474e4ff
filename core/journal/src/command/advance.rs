//! Moves a delivery on, with the log entry that goes with the move.

use jiff::Timestamp;
use luotsi_model::ClientRef;

use super::{Command, Fence, json, recall};
use crate::{
    Entry, Error, State,
    engine::{Connection, Value, params},
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
    /// The right to the lane that it is sent on, where several hubs share the journal.
    pub fence: Option<Fence>,
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
    /// The delivery is not where the move starts from, or its lane is another hub's: someone else has
    /// moved it, or will.
    Elsewhere,
}

impl Command for Advance {
    type Reply = Result<(), Lost>;

    fn apply(&self, connection: &Session) -> Result<Self::Reply, Error> {
        let none = || Error::Storage("a move has no end".into());
        Self::apply_all(&[self], connection)?.pop().ok_or_else(none)
    }

    /// A move changes no directives, so all guards are asked for before the first one moves.
    fn apply_all(moves: &[&Self], connection: &Session) -> Result<Vec<Self::Reply>, Error> {
        let mut ends = guarded(connection, moves)?;
        advance(connection, moves, &mut ends)?;
        let made = moves.iter().zip(&ends).filter(|(_, end)| end.is_ok()).map(|(one, _)| *one);
        let made: Vec<&Self> = made.collect();
        let entries: Vec<&Entry> = made.iter().filter_map(|one| one.entry.as_ref()).collect();
        log_all(connection, &entries)?;
        for one in made {
            if let (Some(seq), State::Refused | State::Dead) = (one.delivery, one.to) {
                recall::notice_failed(connection, seq, one.to, one.cause.as_deref())?;
            }
        }
        Ok(ends)
    }
}

/// Whether each was decided on the directives of today.
fn guarded(connection: &Connection, moves: &[&Advance]) -> Result<Vec<Result<(), Lost>>, Error> {
    let guards = || moves.iter().filter_map(|one| one.guard.as_ref());
    let clients: Vec<_> = guards().map(|guard| [Value::Text(guard.client.as_str())]).collect();
    let mut epochs = connection.first_each(EPOCH, &clients, |row| row.get::<u64>(0))?.into_iter();
    let holds = |one: &&Advance| match &one.guard {
        Some(guard) if epochs.next().flatten().unwrap_or(0) != guard.epoch => Err(Lost::Stale),
        _ => Ok(()),
    };
    Ok(moves.iter().map(holds).collect())
}

/// Moves the deliveries of those that hold so far, and whose lane is still theirs. An outcome follows a
/// send, everything else a pending delivery that is not being sent.
fn advance(
    connection: &Connection,
    moves: &[&Advance],
    ends: &mut [Result<(), Lost>],
) -> Result<(), Error> {
    let (mut rows, mut moving) = (Vec::new(), Vec::new());
    for (one, end) in moves.iter().zip(ends).filter(|(_, end)| end.is_ok()) {
        let Some(seq) = one.delivery else { continue };
        let outcome = one.entry.as_ref().is_some_and(|e| e.phase == crate::Phase::Outcome);
        let (from, to) = if outcome { (2, 2) } else { (0, 1) };
        rows.push([
            Value::Integer(seq),
            Value::Integer(one.to as i64),
            Value::Integer(one.due.as_microsecond()),
            Value::Integer(one.attempts.into()),
            one.cause.as_deref().map_or(Value::Null, Value::Text),
            Value::Integer(from),
            Value::Integer(to),
            one.fence.as_ref().map_or(Value::Null, |fence| Value::Text(&fence.lane)),
            Value::Integer(one.fence.as_ref().map_or(0, |fence| fence.epoch)),
        ]);
        moving.push(end);
    }
    let moved = connection.execute_each(
        "update delivery set state = ?2, due = ?3, attempts = ?4, cause = ?5
         where seq = ?1 and state between ?6 and ?7 and (cast(?8 as text) is null
             or exists (select 1 from lane where name = ?8 and epoch = ?9))",
        &rows,
    )?;
    for (end, _) in moving.into_iter().zip(moved).filter(|(_, moved)| *moved == 0) {
        *end = Err(Lost::Elsewhere);
    }
    Ok(())
}

const EPOCH: &str = "select epoch from client where ref = ?1";

/// The client's epoch; 0 while she has directed nothing.
pub(crate) fn epoch(connection: &Connection, client: &ClientRef) -> Result<u64, Error> {
    let found = connection.first(EPOCH, params![client.as_str()], |row| row.get(0))?;
    Ok(found.unwrap_or(0))
}

/// Appends to the disclosure log.
pub(crate) fn log(connection: &Connection, entry: &Entry) -> Result<(), Error> {
    log_all(connection, &[entry])
}

/// Appends to the disclosure log, in this order. There is no other way in, and none to change or remove.
pub(crate) fn log_all(connection: &Connection, entries: &[&Entry]) -> Result<(), Error> {
    let texts = entries.iter().map(|entry| json("disclosure", entry));
    let texts: Vec<String> = texts.collect::<Result<_, Error>>()?;
    let rows = entries.iter().zip(&texts).map(|(entry, text)| {
        // Outcomes are found through their message; only what a client's report starts from is indexed
        // by her, which halves the pages that a delivery touches.
        let starts = entry.phase != crate::Phase::Outcome || entry.message.is_none();
        let client = entry.client.as_ref().filter(|_| starts);
        [
            Value::Integer(entry.at.as_microsecond()),
            client.map_or(Value::Null, |client| Value::Text(client.as_str())),
            entry.message.as_ref().map_or(Value::Null, |id| Value::Blob(id.0.as_bytes())),
            Value::Text(text),
        ]
    });
    connection.execute_each(
        "insert into disclosure (seq, at, client, message, entry)
         values ((select coalesce(max(seq), 0) + 1 from disclosure), ?1, ?2,
                 (select seq from message where id = ?3), ?4)",
        &rows.collect::<Vec<_>>(),
    )?;
    Ok(())
}
