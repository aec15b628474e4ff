//! Questions about directives.

use std::sync::Arc;

use luotsi_consent::{Directive, Directives};
use luotsi_model::{ClientRef, DirectiveId, SystemId};
use rusqlite::Connection;

use crate::{Error, command};

/// Everything a client has directed, each directive in its latest version, as of one epoch.
///
/// # Errors
/// When the journal cannot be read: then nothing can be decided, which is a denial.
pub fn directives(connection: &Connection, client: &ClientRef) -> Result<Directives, Error> {
    // One transaction, so that the epoch is that of the directives read.
    let snapshot = connection.unchecked_transaction()?;
    let epoch = command::epoch(&snapshot, client)?;
    let all = if epoch == 0 { Vec::new() } else { latest(&snapshot, client)? };
    Ok(Directives { epoch, all: all.into() })
}

fn latest(connection: &Connection, client: &ClientRef) -> Result<Vec<Arc<Directive>>, Error> {
    let mut select = connection
        .prepare_cached("select body, max(version) from directive where client = ?1 group by id")?;
    let rows = select.query_map([client.as_str()], |row| row.get::<_, String>(0))?;
    rows.map(|body| parse(&body?).map(Arc::new)).collect()
}

fn parse(body: &str) -> Result<Directive, Error> {
    serde_json::from_str(body).map_err(|e| Error::row("directive", &e))
}

/// The systems that recorded any version of a client's directive.
///
/// # Errors
/// When the journal cannot be read.
pub fn recorders(
    connection: &Connection,
    client: &ClientRef,
    id: &DirectiveId,
) -> Result<Vec<SystemId>, Error> {
    let mut select =
        connection.prepare_cached("select body from directive where client = ?1 and id = ?2")?;
    let rows = select.query_map([client.as_str(), id.as_str()], |row| row.get::<_, String>(0))?;
    rows.map(|body| Ok(parse(&body?)?.recorder)).collect()
}
