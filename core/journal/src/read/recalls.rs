//! Questions about recalls, and about dead letters that are to be decided again.

use jiff::Timestamp;
use luotsi_model::{ClientRef, DeliveryId, DirectiveId, Kind, Purpose, SystemId};
use uuid::Uuid;

use super::deliveries::{self, Delivery};
use crate::{
    Error, RecallState,
    engine::{Connection, Row, params},
};

/// One recall: somebody who received something is to stop processing it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recall {
    /// Its place.
    pub seq: i64,
    /// Its opaque id, for URLs.
    pub id: Uuid,
    /// Whose data.
    pub client: ClientRef,
    /// The directive that it was disclosed on.
    pub directive: DirectiveId,
    /// The version that withdrew it.
    pub version: u32,
    /// Who received it.
    pub recipient: SystemId,
    /// What for.
    pub purpose: Purpose,
    /// The record kind of what they received.
    pub kind: Kind,
    /// What they received.
    pub held: Held,
    /// When the directive was withdrawn.
    pub at: Timestamp,
    /// Where it stands.
    pub state: RecallState,
    /// The delivery of its notice, once made.
    pub notice: Option<DeliveryId>,
    /// Until when the recipient has to acknowledge, once the notice is made.
    pub deadline: Option<Timestamp>,
    /// Why a person is asked, or how it was settled.
    pub cause: Option<String>,
}

/// What somebody received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// A delivery, known to them by its id.
    Delivery(DeliveryId),
    /// A plan or a directive that they read, known to them by its opaque id.
    Read(Uuid),
    /// A read of which the log does not say what was shown.
    Unknown,
}

const COLUMNS: &str = "r.seq, r.id, r.client, r.directive, r.version, r.recipient, r.purpose, \
                       r.delivery is not null, r.held, r.at, r.state, n.id, r.deadline, r.cause, r.kind";
const FROM: &str = "recall r left join delivery n on n.seq = r.notice";

fn read(row: &Row<'_>) -> Result<Recall, Error> {
    let moment = |micros| Timestamp::from_microsecond(micros).unwrap_or_default();
    let held = row.get::<Option<[u8; 16]>>(8)?.map(Uuid::from_bytes);
    Ok(Recall {
        seq: row.get(0)?,
        id: Uuid::from_bytes(row.get(1)?),
        client: ClientRef::new(row.text(2)?),
        directive: DirectiveId::new(row.text(3)?),
        version: row.get(4)?,
        recipient: SystemId::new(row.text(5)?),
        purpose: Purpose::new(row.text(6)?),
        held: match (row.get(7)?, held) {
            (true, Some(id)) => Held::Delivery(DeliveryId(id)),
            (false, Some(id)) => Held::Read(id),
            (_, None) => Held::Unknown,
        },
        at: moment(row.get(9)?),
        state: row.get(10)?,
        notice: row.get::<Option<[u8; 16]>>(11)?.map(|id| DeliveryId(Uuid::from_bytes(id))),
        deadline: row.get::<Option<i64>>(12)?.map(moment),
        cause: row.get(13)?,
        kind: Kind::new(row.text(14)?),
    })
}

/// The recall of that id.
///
/// # Errors
/// When the journal cannot be read.
pub fn recall(connection: &Connection, id: Uuid) -> Result<Option<Recall>, Error> {
    let sql = format!("select {COLUMNS} from {FROM} where r.id = ?1");
    connection.first(&sql, params![id.as_bytes()], read)
}

/// Recalls of those states, each state's oldest first and at most `limit` of each.
///
/// # Errors
/// When the journal cannot be read.
pub fn recalls(
    connection: &Connection,
    states: &[RecallState],
    limit: usize,
) -> Result<Vec<Recall>, Error> {
    let mut all = Vec::new();
    for state in states {
        // The first condition repeats the index's own, without which SQLite would not use it.
        let within = if state.is_open() { "r.state < 10 and r.state = ?1" } else { "r.state = ?1" };
        let sql = format!("select {COLUMNS} from {FROM} where {within} order by r.seq limit ?2");
        let rows = connection.all(&sql, params![state, limit as i64], read)?;
        all.extend(rows);
    }
    Ok(all)
}

/// Recalls whose notice can be made now: what they received is not being sent. After place
/// `after`, in order, at most `limit`.
///
/// # Errors
/// When the journal cannot be read.
pub fn recalls_due(
    connection: &Connection,
    after: i64,
    limit: usize,
) -> Result<Vec<Recall>, Error> {
    let sql = format!(
        "select {COLUMNS} from {FROM} left join delivery d on d.seq = r.delivery
         where r.state < 10 and r.state = ?1 and r.seq > ?2 and coalesce(d.state, 10) <> 2
         order by r.seq limit ?3"
    );
    connection.all(&sql, params![RecallState::Owed, after, limit as i64], read)
}

/// Recalls whose notice should have been acknowledged by `now`, at most `limit`.
///
/// # Errors
/// When the journal cannot be read.
pub fn recalls_overdue(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Recall>, Error> {
    let sql = format!(
        "select {COLUMNS} from {FROM}
         where r.state < 10 and r.state = ?1 and r.deadline <= ?2 order by r.seq limit ?3"
    );
    connection.all(&sql, params![RecallState::Sent, now.as_microsecond(), limit as i64], read)
}

/// How many recalls are open, by state.
///
/// # Errors
/// When the journal cannot be read.
pub fn recall_counts(connection: &Connection) -> Result<Vec<(RecallState, u64)>, Error> {
    connection.all(
        "select state, count(*) from recall where state < 10 group by state",
        &[],
        |row| Ok((row.get(0)?, row.get::<i64>(1)?.unsigned_abs())),
    )
}

/// Dead letters to be decided again after place `after`, in order, at most `limit`.
///
/// # Errors
/// When the journal cannot be read.
pub fn reconsidering(
    connection: &Connection,
    after: i64,
    limit: usize,
) -> Result<Vec<Delivery>, Error> {
    let places: Vec<i64> = connection.all(
        "select delivery from reconsider where delivery > ?1 order by delivery limit ?2",
        params![after, limit as i64],
        |row| row.get(0),
    )?;
    let found = places.into_iter().map(|seq| deliveries::at(connection, seq));
    found.filter_map(Result::transpose).collect()
}
