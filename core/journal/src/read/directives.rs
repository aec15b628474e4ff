//! Questions about directives.

use std::sync::Arc;

use luotsi_consent::{Directive, Directives, Standing};
use luotsi_model::{ClientRef, DirectiveId, SystemId};
use uuid::Uuid;

use crate::{
    Error, command,
    engine::{Connection, params},
};

/// Everything a client has directed, each directive in its latest version, as of one epoch.
///
/// # Errors
/// When the journal cannot be read: then nothing can be decided, which is a denial.
pub fn directives(connection: &Connection, client: &ClientRef) -> Result<Directives, Error> {
    let epoch = command::epoch(connection, client)?;
    let all = if epoch == 0 { Vec::new() } else { latest(connection, client)? };
    Ok(Directives { epoch, all: all.into() })
}

fn latest(connection: &Connection, client: &ClientRef) -> Result<Vec<Arc<Directive>>, Error> {
    connection.all(
        "select body from directive as one
         where client = ?1 and version = (select max(version) from directive
                                          where client = one.client and id = one.id)
         order by id",
        params![client.as_str()],
        |row| parse(row.text(0)?).map(Arc::new),
    )
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
    connection.all(
        "select body from directive where client = ?1 and id = ?2 order by version",
        params![client.as_str(), id.as_str()],
        |row| Ok(parse(row.text(0)?)?.recorder),
    )
}

/// One directive, every version of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct History {
    /// Its opaque id, for URLs.
    pub id: Uuid,
    /// Its versions, the latest first; never empty.
    pub versions: Vec<Directive>,
}

impl History {
    /// The latest version.
    pub fn latest(&self) -> Option<&Directive> {
        self.versions.first()
    }

    /// The system whose terms the latest version has: a withdrawal by another leaves them as they
    /// are.
    pub fn author(&self) -> Option<&SystemId> {
        let given = self.versions.iter().find(|version| version.standing == Standing::Active);
        given.or(self.versions.last()).map(|version| &version.recorder)
    }
}

/// The directive of an opaque id.
///
/// # Errors
/// When the journal cannot be read.
pub fn directive_by_id(connection: &Connection, id: Uuid) -> Result<Option<History>, Error> {
    let named: Option<(String, String)> = connection.first(
        "select client, directive from directive_ref where id = ?1",
        params![id.as_bytes()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    named
        .map(|(client, directive)| {
            Ok(History { id, versions: versions(connection, &client, &directive)? })
        })
        .transpose()
}

/// Every directive of a client, in the order of their own ids.
///
/// # Errors
/// When the journal cannot be read.
pub fn histories(connection: &Connection, client: &ClientRef) -> Result<Vec<History>, Error> {
    let named: Vec<(Uuid, String)> = connection.all(
        "select id, directive from directive_ref where client = ?1 order by directive",
        params![client.as_str()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let all = named.into_iter().map(|(id, directive)| {
        Ok(History { id, versions: versions(connection, client.as_str(), &directive)? })
    });
    all.collect()
}

fn versions(
    connection: &Connection,
    client: &str,
    directive: &str,
) -> Result<Vec<Directive>, Error> {
    connection.all(
        "select body from directive where client = ?1 and id = ?2 order by version desc",
        params![client, directive],
        |row| parse(row.text(0)?),
    )
}
