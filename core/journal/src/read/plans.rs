//! Questions about the shared plan.

use jiff::Timestamp;
use luotsi_model::ClientRef;
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use crate::Error;

/// One client's plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Its opaque id.
    pub id: Uuid,
    /// Whose it is.
    pub client: ClientRef,
    /// Its version, from 1.
    pub version: u64,
    /// Its record in stored form.
    pub record: Vec<u8>,
    /// When it was last written.
    pub updated: Timestamp,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Plan> {
    Ok(Plan {
        client: ClientRef::new(row.get_ref(0)?.as_str()?),
        id: Uuid::parse_str(row.get_ref(1)?.as_str()?).unwrap_or_default(),
        version: row.get::<_, i64>(2)?.unsigned_abs(),
        record: row.get(3)?,
        updated: Timestamp::from_microsecond(row.get(4)?).unwrap_or_default(),
    })
}

/// The plan of a client.
///
/// # Errors
/// When the journal cannot be read.
pub fn plan_of(connection: &Connection, client: &ClientRef) -> Result<Option<Plan>, Error> {
    let mut select = connection.prepare_cached(
        "select client, id, version, record, updated from plan where client = ?1",
    )?;
    Ok(select.query_row([client.as_str()], read).optional()?)
}

/// The plan of that id.
///
/// # Errors
/// When the journal cannot be read.
pub fn plan_by_id(connection: &Connection, id: Uuid) -> Result<Option<Plan>, Error> {
    let mut select = connection
        .prepare_cached("select client, id, version, record, updated from plan where id = ?1")?;
    Ok(select.query_row([id.to_string()], read).optional()?)
}
