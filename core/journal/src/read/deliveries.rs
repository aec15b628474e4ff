//! Questions about deliveries.

use std::collections::BTreeSet;

use jiff::Timestamp;
use luotsi_model::{ClientRef, DeliveryId, MessageId, Purpose, SystemId, task::Status};
use uuid::Uuid;

use crate::{
    Error, State,
    engine::{Connection, Row, Value, params},
    session::Session,
};

const COLUMNS: &str = "seq, id, message, destination, purpose, subject, state, attempts, accepted, \
                       due, deadline, task, cause, tell, told";

/// One delivery.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Its place, in the order of acceptance.
    pub seq: i64,
    /// Its id.
    pub id: DeliveryId,
    /// Its message's place.
    pub message: i64,
    /// Whereto.
    pub destination: SystemId,
    /// What for.
    pub purpose: Purpose,
    /// About whom.
    pub subject: Option<ClientRef>,
    /// Where it stands.
    pub state: State,
    /// Attempts made.
    pub attempts: u32,
    /// When it was accepted.
    pub accepted: Timestamp,
    /// When it is due.
    pub due: Timestamp,
    /// Until when it may wait for a basis.
    pub deadline: Timestamp,
    /// Where the recipient stands with it.
    pub task: Status,
    /// Why it ended, or failed last.
    pub cause: Option<String>,
    /// When its sender is to be told that it was refused; `None`: nothing is owed.
    pub tell: Option<Timestamp>,
    /// The hub's own message that told it.
    pub told: Option<MessageId>,
}

/// What pends for one destination.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Load {
    /// The destination.
    pub destination: SystemId,
    /// In which state.
    pub state: State,
    /// How many.
    pub count: u64,
    /// When the oldest was accepted.
    pub oldest: Timestamp,
}

pub(super) fn moment(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or_default()
}

fn read(row: &Row<'_>) -> Result<Delivery, Error> {
    let id: [u8; 16] = row.get(1)?;
    Ok(Delivery {
        seq: row.get(0)?,
        id: DeliveryId(Uuid::from_bytes(id)),
        message: row.get(2)?,
        destination: SystemId::new(row.text(3)?),
        purpose: Purpose::new(row.text(4)?),
        subject: row.text_or_null(5)?.map(ClientRef::new),
        state: row.get(6)?,
        attempts: row.get(7)?,
        accepted: moment(row.get(8)?),
        due: moment(row.get(9)?),
        deadline: moment(row.get(10)?),
        task: row.text(11)?.parse().unwrap_or(Status::Requested),
        cause: row.get(12)?,
        tell: row.get::<Option<i64>>(13)?.map(moment),
        told: row.get::<Option<[u8; 16]>>(14)?.map(|id| MessageId(Uuid::from_bytes(id))),
    })
}

/// The deliveries that the rest of the statement names.
pub(super) fn select(
    connection: &Connection,
    rest: &str,
    values: &[Value<'_>],
) -> Result<Vec<Delivery>, Error> {
    let sql = format!("select {COLUMNS} from delivery {rest}");
    connection.all(&sql, values, read)
}

/// The delivery of that id.
///
/// # Errors
/// When the journal cannot be read.
pub fn delivery(connection: &Connection, id: DeliveryId) -> Result<Option<Delivery>, Error> {
    let sql = format!("select {COLUMNS} from delivery where id = ?1");
    connection.first(&sql, params![id.0.as_bytes()], read)
}

/// The delivery at that place.
pub(super) fn at(connection: &Connection, seq: i64) -> Result<Option<Delivery>, Error> {
    let sql = format!("select {COLUMNS} from delivery where seq = ?1");
    connection.first(&sql, params![seq], read)
}

/// The deliveries at those places, in no order, each with how many are ready up to there, it among them,
/// that go to the same destination about the same client.
///
/// # Errors
/// When the journal cannot be read.
pub fn deliveries_at(
    connection: &Connection,
    places: &BTreeSet<i64>,
) -> Result<Vec<(Delivery, usize)>, Error> {
    let places: Vec<_> = places.iter().map(|seq| [Value::Integer(*seq)]).collect();
    let sql = format!(
        "select {COLUMNS}, (select count(*) from delivery as other
             where other.subject = delivery.subject and other.state + 0 < 10
               and other.destination = delivery.destination and other.state + 0 = 0
               and other.seq + 0 <= delivery.seq)
         from delivery where seq = ?1"
    );
    let row = |row: &Row<'_>| Ok((read(row)?, row.get::<u64>(15)? as usize));
    Ok(connection.first_each(&sql, &places, row)?.into_iter().flatten().collect())
}

/// What is to be sent to a destination after place `after`, in order, at most `limit`; what waits
/// for a basis is left out.
///
/// # Errors
/// When the journal cannot be read.
pub fn pending(
    connection: &Connection,
    destination: &SystemId,
    after: i64,
    limit: usize,
) -> Result<Vec<Delivery>, Error> {
    let sql = format!(
        "select {COLUMNS} from delivery
         where destination = ?1 and seq > ?2 and state < 10 and state <> 1 order by seq limit ?3"
    );
    connection.all(&sql, params![destination.as_str(), after, limit as i64], read)
}

/// What pends for a destination about one client, in order.
///
/// # Errors
/// When the journal cannot be read.
pub fn pending_of(
    connection: &Connection,
    destination: &SystemId,
    client: &ClientRef,
) -> Result<Vec<Delivery>, Error> {
    pending_of_all(connection, destination, [client])
}

/// The same about several clients, by their places.
///
/// # Errors
/// When the journal cannot be read.
pub fn pending_of_all<'c>(
    connection: &Connection,
    destination: &SystemId,
    clients: impl IntoIterator<Item = &'c ClientRef>,
) -> Result<Vec<Delivery>, Error> {
    let sql = format!(
        "select {COLUMNS} from delivery
         where subject = ?1 and state + 0 < 10 and destination = ?2"
    );
    let clients = clients.into_iter();
    let rows: Vec<_> =
        clients.map(|client| [client.as_str(), destination.as_str()].map(Value::Text)).collect();
    let found = connection.all_each(&sql, &rows, read)?;
    let mut found: Vec<_> = found.into_iter().flatten().collect();
    found.sort_unstable_by_key(|delivery| delivery.seq);
    Ok(found)
}

/// Deliveries to a destination that waited for a basis until they are due to be decided again, at
/// the latest at their deadline; at most `limit`.
///
/// # Errors
/// When the journal cannot be read.
pub fn expired(
    connection: &Connection,
    destination: &SystemId,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Delivery>, Error> {
    let sql = format!(
        "select {COLUMNS} from delivery
         where destination = ?1 and state = 1 and due <= ?2 order by due limit ?3"
    );
    connection.all(&sql, params![destination.as_str(), now.as_microsecond(), limit as i64], read)
}

/// Deliveries that have not come to a good end: pending, or waiting for a person. Oldest first, at
/// most `limit`, of one destination where named; `state` must be such a state.
///
/// # Errors
/// When the journal cannot be read.
pub fn unfinished(
    connection: &Connection,
    state: State,
    destination: Option<&SystemId>,
    limit: usize,
) -> Result<Vec<Delivery>, Error> {
    // The first condition repeats the indexes' own, without which SQLite would not use them.
    let within = match state {
        State::Held => "state = 15 and state = ?1",
        state if state.is_pending() => "state < 10 and state = ?1",
        _ => "state = 12 and state = ?1",
    };
    let sql = format!(
        "select {COLUMNS} from delivery
         where {within} and (cast(?2 as text) is null or destination = ?2) order by seq limit ?3"
    );
    connection.all(&sql, params![state, destination.map(SystemId::as_str), limit as i64], read)
}

/// How many deliveries pend in all.
///
/// # Errors
/// When the journal cannot be read.
pub fn pending_count(connection: &Session) -> Result<u64, Error> {
    let count: i64 =
        connection.one("select count(*) from delivery where state < 10", &[], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// The deliveries of a message, in the order of its routes.
///
/// # Errors
/// When the journal cannot be read.
pub fn of_message(connection: &Connection, message: i64) -> Result<Vec<Delivery>, Error> {
    let sql = format!("select {COLUMNS} from delivery where message = ?1 order by seq");
    connection.all(&sql, params![message], read)
}

/// What pends and what waits for a person, by destination and state.
///
/// # Errors
/// When the journal cannot be read.
pub fn loads(connection: &Session) -> Result<Vec<Load>, Error> {
    connection.all(
        "select destination, state, count(*), min(accepted) from delivery
         where state < 10 group by destination, state
         union all
         select destination, state, count(*), min(accepted) from delivery
         where state = 12 group by destination, state
         union all
         select destination, state, count(*), min(accepted) from delivery
         where state = 15 group by destination, state",
        &[],
        |row| {
            Ok(Load {
                destination: SystemId::new(row.text(0)?),
                state: row.get(1)?,
                count: row.get::<i64>(2)?.unsigned_abs(),
                oldest: moment(row.get(3)?),
            })
        },
    )
}
