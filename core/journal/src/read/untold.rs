//! Questions about refusals of which the sender is still to be told.

use jiff::Timestamp;
use luotsi_model::ClientRef;

use super::{Delivery, deliveries};
use crate::{
    Error,
    engine::{Connection, params},
    session::Session,
};

const OWED: &str = "tell is not null and told is null";

/// Those due to be told by `now`, the longest due first; at most `limit`.
///
/// # Errors
/// When the journal cannot be read.
pub fn untold(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Delivery>, Error> {
    let sql = format!("where {OWED} and tell <= ?1 order by tell, seq limit ?2");
    deliveries::select(connection, &sql, params![now.as_microsecond(), limit as i64])
}

/// All of them about one client, whenever they are due.
///
/// # Errors
/// When the journal cannot be read.
pub fn untold_of(connection: &Connection, client: &ClientRef) -> Result<Vec<Delivery>, Error> {
    let sql = format!("where {OWED} and subject = ?1 order by tell, seq");
    deliveries::select(connection, &sql, params![client.as_str()])
}

/// One about a client, and the directives that may explain it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UntoldRefusal {
    /// The delivery's place.
    pub delivery: i64,
    /// The client.
    pub client: ClientRef,
    /// The epoch of her directives; 0 while she has directed nothing.
    pub epoch: u64,
}

/// All of them about clients, whenever they are due, in no order.
///
/// # Errors
/// When the journal cannot be read.
pub fn untold_refusals(connection: &Session) -> Result<Vec<UntoldRefusal>, Error> {
    let sql = format!(
        "select seq, subject, coalesce((select epoch from client where ref = subject), 0)
         from delivery where {OWED} and subject is not null"
    );
    connection.all(&sql, &[], |row| {
        let client = ClientRef::new(row.text(1)?);
        Ok(UntoldRefusal { delivery: row.get(0)?, client, epoch: row.get(2)? })
    })
}

/// When the next one is due.
///
/// # Errors
/// When the journal cannot be read.
pub fn next_untold(connection: &Session) -> Result<Option<Timestamp>, Error> {
    let micros: Option<i64> =
        connection
            .one(&format!("select min(tell) from delivery where {OWED}"), &[], |row| row.get(0))?;
    Ok(micros.map(deliveries::moment))
}
