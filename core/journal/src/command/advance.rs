//! Moves a delivery on, with the log entry that goes with the move.

use jiff::Timestamp;
use luotsi_model::ClientRef;

use super::{Command, Fence, json, recall};
use crate::{
    Entry, Error, State,
    engine::{Connection, Step, Value, params},
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

    fn apply_all(moves: &[&Self], connection: &Session) -> Result<Vec<Self::Reply>, Error> {
        let ends = match at_once(connection, moves)? {
            Some(ends) => ends,
            None => in_turn(connection, moves)?,
        };
        for (one, _) in moves.iter().zip(&ends).filter(|(_, end)| end.is_ok()) {
            if let (Some(seq), State::Refused | State::Dead) = (one.delivery, one.to) {
                recall::notice_failed(connection, seq, one.to, one.cause.as_deref())?;
            }
        }
        Ok(ends)
    }
}

type Ends = Vec<Result<(), Lost>>;

/// Of a server, everything is asked for in one go, as if all could be made: then they are. Else it is
/// taken back, and there is no answer.
fn at_once(connection: &Session, moves: &[&Advance]) -> Result<Option<Ends>, Error> {
    if !connection.dialect().is_shared() {
        return Ok(None);
    }
    let entries: Vec<&Entry> = moves.iter().filter_map(|one| one.entry.as_ref()).collect();
    let texts = texts(&entries)?;
    let guards = moves.iter().filter_map(|one| one.guard.as_ref());
    let clients = guards.clone().map(|guard| [Value::Text(guard.client.as_str())]);
    let told = connection.take(&[
        Step::once("savepoint moves"),
        Step::new(EPOCH, clients),
        Step::new(MOVE, moves.iter().filter_map(|one| one.moved())),
        appending(&entries, &texts),
    ])?;
    let [_, epochs, moved, logged] = &told[..] else { return Ok(None) };
    let holds = guards.zip(epochs).all(|(guard, epoch)| *epoch == guard.epoch as i64);
    if holds && moved.iter().all(|moved| *moved == 1) {
        all_logged(logged, &texts)?;
        connection.logs(&texts);
        return Ok(Some(vec![Ok(()); moves.len()]));
    }
    connection.execute("rollback to moves", &[])?;
    Ok(None)
}

/// A move changes no directives, so all guards are asked for before the first one moves.
fn in_turn(connection: &Session, moves: &[&Advance]) -> Result<Ends, Error> {
    let guards = moves.iter().filter_map(|one| one.guard.as_ref());
    let clients = guards.map(|guard| [Value::Text(guard.client.as_str())]);
    let mut epochs = connection.take(&[Step::new(EPOCH, clients)])?.concat().into_iter();
    let mut holds = |one: &&Advance| match &one.guard {
        Some(guard) if epochs.next() != Some(guard.epoch as i64) => Err(Lost::Stale),
        _ => Ok(()),
    };
    let mut ends: Ends = moves.iter().map(&mut holds).collect();
    let made = moves.iter().zip(&mut ends).filter(|(_, end)| end.is_ok());
    let (rows, moving): (Vec<_>, Vec<_>) =
        made.filter_map(|(one, end)| Some((one.moved()?, end))).unzip();
    let moved = connection.take(&[Step::new(MOVE, rows)])?.concat();
    for (end, _) in moving.into_iter().zip(moved).filter(|(_, moved)| *moved == 0) {
        *end = Err(Lost::Elsewhere);
    }
    let made = moves.iter().zip(&ends).filter(|(_, end)| end.is_ok());
    let entries: Vec<&Entry> = made.filter_map(|(one, _)| one.entry.as_ref()).collect();
    log_all(connection, &entries)?;
    Ok(ends)
}

/// By its place and nothing else: of a bare `state` PostgreSQL infers that the index of what pends would do,
/// which is small when it looks and full of what has gone when it is used.
const MOVE: &str = "update delivery set state = ?2, due = ?3, attempts = ?4, cause = ?5
                    where seq = ?1 and state + 0 between ?6 and ?7 and (cast(?8 as text) is null
                        or exists (select 1 from lane where name = ?8 and epoch = ?9))";

impl Advance {
    /// The parameters of its move, which is made while its lane is still this hub's. An outcome follows a
    /// send, everything else a pending delivery that is not being sent.
    fn moved(&self) -> Option<[Value<'_>; 9]> {
        let fence = self.fence.as_ref();
        let outcome = self.entry.as_ref().is_some_and(|e| e.phase == crate::Phase::Outcome);
        let (from, to) = if outcome { (2, 2) } else { (0, 1) };
        Some([
            Value::Integer(self.delivery?),
            Value::Integer(self.to as i64),
            Value::Integer(self.due.as_microsecond()),
            Value::Integer(self.attempts.into()),
            self.cause.as_deref().map_or(Value::Null, Value::Text),
            Value::Integer(from),
            Value::Integer(to),
            fence.map_or(Value::Null, |fence| Value::Text(&fence.lane)),
            Value::Integer(fence.map_or(0, |fence| fence.epoch)),
        ])
    }
}

/// Of a client; 0 while she has directed nothing.
const EPOCH: &str = "select coalesce((select epoch from client where ref = ?1), 0)";

/// The client's epoch; 0 while she has directed nothing.
pub(crate) fn epoch(connection: &Connection, client: &ClientRef) -> Result<u64, Error> {
    connection.one(EPOCH, params![client.as_str()], |row| row.get(0))
}

/// Appends to the disclosure log.
pub(crate) fn log(connection: &Session, entry: &Entry) -> Result<(), Error> {
    log_all(connection, &[entry])
}

/// Appends to the disclosure log, in this order. There is no other way in, and none to change or remove.
pub(crate) fn log_all(connection: &Session, entries: &[&Entry]) -> Result<(), Error> {
    let texts = texts(entries)?;
    let logged = connection.take(&[appending(entries, &texts)])?.concat();
    all_logged(&logged, &texts)?;
    connection.logs(&texts);
    Ok(())
}

/// The tree is of what was meant to be written, so all of it must have been.
fn all_logged(logged: &[i64], texts: &[String]) -> Result<(), Error> {
    let written: i64 = logged.iter().sum();
    if usize::try_from(written) == Ok(texts.len()) {
        return Ok(());
    }
    Err(Error::Storage("the database leaves entries of the disclosure log out; take away the triggers and rules of its table disclosure".into()))
}

fn texts(entries: &[&Entry]) -> Result<Vec<String>, Error> {
    entries.iter().map(|entry| json("disclosure", entry)).collect()
}

fn appending<'v>(entries: &'v [&Entry], texts: &'v [String]) -> Step<'v> {
    let rows = entries.iter().zip(texts).map(|(entry, text)| {
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
    Step::new(
        "insert into disclosure (seq, at, client, message, entry)
         values ((select coalesce(max(seq), 0) from disclosure) + 1 /* nth */, ?1, ?2,
                 (select seq from message where id = ?3), ?4)",
        rows,
    )
}
