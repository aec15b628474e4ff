//! Writes to the shared plan.

use std::sync::Arc;

use jiff::Timestamp;
use luotsi_model::{ClientRef, Record, Schema, Values, record};
use uuid::Uuid;

use super::Command;
use crate::{Error, engine::params, read::Payload, seal::Cell, session::Session};

/// Merges a part into a client's plan, making the plan where there is none. Rows of a group with
/// the same key are the same row, so a repeated delivery changes nothing.
pub struct MergePlan {
    /// Whose plan.
    pub client: ClientRef,
    /// The plan's schema.
    pub schema: Arc<Schema>,
    /// The part.
    pub part: Values,
    /// The id of a plan made by this.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
}

/// Replaces a client's plan.
pub struct PutPlan {
    /// Whose plan.
    pub client: ClientRef,
    /// Its record in stored form.
    pub record: Vec<u8>,
    /// The version it replaces; 0: there must be none.
    pub replaces: u64,
    /// The id of a plan made by this.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
}

/// What was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlanWritten {
    /// The plan.
    pub id: Uuid,
    /// Its version now.
    pub version: u64,
}

/// The plan is at another version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stale {
    /// The version it is at; 0: there is none.
    pub version: u64,
}

struct Found {
    id: Uuid,
    version: i64,
    record: Payload,
}

impl Command for MergePlan {
    type Reply = PlanWritten;

    fn apply(&self, connection: &Session) -> Result<PlanWritten, Error> {
        let found = find(connection, &self.client)?;
        let mut record = match &found {
            Some(found) => read_back(&found.record, &self.schema)?,
            None => Record::new(&self.schema),
        };
        let before = record.clone();
        record.values.merge(&self.part, &self.schema);
        match found {
            Some(found) if record == before => {
                Ok(PlanWritten { id: found.id, version: found.version.unsigned_abs() })
            }
            found => {
                let bytes = record::write(&record, &self.schema);
                store(connection, &self.client, found, self.id, &bytes, self.at)
            }
        }
    }
}

impl Command for PutPlan {
    type Reply = Result<PlanWritten, Stale>;

    fn apply(&self, connection: &Session) -> Result<Self::Reply, Error> {
        let found = find(connection, &self.client)?;
        let version = found.as_ref().map_or(0, |found| found.version.unsigned_abs());
        if version != self.replaces {
            return Ok(Err(Stale { version }));
        }
        store(connection, &self.client, found, self.id, &self.record, self.at).map(Ok)
    }
}

fn find(connection: &Session, client: &ClientRef) -> Result<Option<Found>, Error> {
    let row = connection.first(
        "select id, version, record from plan where client = ?1",
        params![client.as_str()],
        |row| Ok((row.get::<String>(0)?, row.get(1)?, row.get(2)?)),
    )?;
    row.map(|(id, version, record): (String, i64, _)| {
        let id = Uuid::parse_str(&id)
            .map_err(|_| Error::Row { table: "plan", why: "its id is no UUID".into() })?;
        let cell = Cell::plan(id, version.unsigned_abs(), client.as_str());
        Ok(Found { id, version, record: connection.open(&cell, record)? })
    })
    .transpose()
}

fn read_back(record: &Payload, schema: &Schema) -> Result<Record, Error> {
    let unreadable = |why: String| Error::Row { table: "plan", why };
    let bytes = record.bytes().map_err(|shut| unreadable(shut.to_string()))?;
    record::read(bytes, schema).map_err(|e| unreadable(e.to_string()))
}

fn store(
    connection: &Session,
    client: &ClientRef,
    found: Option<Found>,
    new_id: Uuid,
    record: &[u8],
    at: Timestamp,
) -> Result<PlanWritten, Error> {
    let (id, version) = found.map_or((new_id, 1), |found| (found.id, found.version + 1));
    let sealed =
        connection.seal(&Cell::plan(id, version.unsigned_abs(), client.as_str()), record)?;
    connection.execute(
        "insert into plan values (?1, ?2, ?3, ?4, ?5) on conflict (client) do update
             set version = excluded.version, record = excluded.record, updated = excluded.updated",
        params![client.as_str(), id.to_string(), version, sealed, at.as_microsecond()],
    )?;
    Ok(PlanWritten { id, version: version.unsigned_abs() })
}
