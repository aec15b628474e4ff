//! Questions about the shared plan.

use jiff::Timestamp;
use luotsi_model::ClientRef;
use uuid::Uuid;

use super::Payload;
use crate::{
    Error,
    engine::{Row, params},
    seal::Cell,
    session::Session,
};

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
    pub record: Payload,
    /// When it was last written.
    pub updated: Timestamp,
}

type Raw = (String, String, u64, Vec<u8>, i64);

const COLUMNS: &str = "client, id, version, record, updated";

fn raw(row: &Row<'_>) -> Result<Raw, Error> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn parse(session: &Session, (client, id, version, record, updated): Raw) -> Result<Plan, Error> {
    let id = Uuid::parse_str(&id).unwrap_or_default();
    Ok(Plan {
        id,
        version,
        record: session.open(&Cell::plan(id, version, &client), record)?,
        client: ClientRef::new(client),
        updated: Timestamp::from_microsecond(updated).unwrap_or_default(),
    })
}

/// The plan of a client.
///
/// # Errors
/// When the journal cannot be read.
pub fn plan_of(session: &Session, client: &ClientRef) -> Result<Option<Plan>, Error> {
    let sql = format!("select {COLUMNS} from plan where client = ?1");
    let found = session.first(&sql, params![client.as_str()], raw)?;
    found.map(|row| parse(session, row)).transpose()
}

/// The plan of that id.
///
/// # Errors
/// When the journal cannot be read.
pub fn plan_by_id(session: &Session, id: Uuid) -> Result<Option<Plan>, Error> {
    let sql = format!("select {COLUMNS} from plan where id = ?1");
    let found = session.first(&sql, params![id.to_string()], raw)?;
    found.map(|row| parse(session, row)).transpose()
}
