//! Changes a client's directives: every change a new version, none ever overwritten.

use jiff::Timestamp;
use luotsi_consent::{Directive, Standing};
use luotsi_model::{ClientRef, DirectiveId, Envelope};
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use super::{Rejected, json, outbox, owe};
use crate::{
    Error,
    engine::{Connection, params},
    seal,
    session::Session,
};

/// A change to a client's directives.
pub enum DirectiveChange {
    /// A new directive, or a new version of one.
    Put(Box<Directive>),
    /// A new version in place of the one that its writer read, and of no other.
    Replace {
        /// The new version.
        directive: Box<Directive>,
        /// The version it replaces.
        replaces: u32,
    },
    /// One is taken back.
    Withdraw(DirectiveId),
}

/// A directive after a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DirectiveWritten {
    /// Its opaque id, for URLs.
    pub id: Uuid,
    /// Its version.
    pub version: u32,
}

/// Changes the directives, moves the client's epoch, makes everything that pends about her due at
/// once, so that it is decided anew, with her dead letters, and notes who is to be told of a
/// withdrawal. Gives the number of sends under way.
pub(super) fn apply(
    connection: &Session,
    envelope: &Envelope,
    change: &DirectiveChange,
) -> Result<Result<(u32, DirectiveWritten), Rejected>, Error> {
    let Some(client) = &envelope.subject else { return Ok(Err(Rejected::UnknownDirective)) };
    let next = match next(connection, client, envelope, change)? {
        Ok(next) => next,
        Err(rejected) => return Ok(Err(rejected)),
    };
    let id = put(connection, &next)?;
    wake(connection, client, envelope.received)?;
    owe::recalls(connection, &next, envelope.received)?;
    let in_flight = connection.one(
        "select count(*) from delivery where subject = ?1 and state + 0 < 10 and state + 0 = 2",
        params![client.as_str()],
        |row| row.get(0),
    )?;
    Ok(Ok((in_flight, DirectiveWritten { id, version: next.version })))
}

fn next(
    connection: &Connection,
    client: &ClientRef,
    envelope: &Envelope,
    change: &DirectiveChange,
) -> Result<Result<Directive, Rejected>, Error> {
    let known = |id| latest(connection, client, id);
    Ok(match change {
        DirectiveChange::Put(directive) => {
            let version = known(&directive.id)?.map_or(1, |d| d.version + 1);
            Ok(Directive { version, ..(**directive).clone() })
        }
        DirectiveChange::Replace { directive, replaces } => match known(&directive.id)? {
            Some(old) if old.version == *replaces => {
                Ok(Directive { version: old.version + 1, ..(**directive).clone() })
            }
            Some(old) => Err(Rejected::DirectiveVersion(old.version)),
            None => Err(Rejected::UnknownDirective),
        },
        DirectiveChange::Withdraw(id) => match known(id)? {
            Some(old) => Ok(Directive {
                version: old.version + 1,
                standing: Standing::Withdrawn,
                recorder: envelope.source.clone(),
                ..old
            }),
            None => Err(Rejected::UnknownDirective),
        },
    })
}

pub(super) fn latest(
    connection: &Connection,
    client: &ClientRef,
    id: &DirectiveId,
) -> Result<Option<Directive>, Error> {
    let body: Option<String> = connection.first(
        "select body from directive where client = ?1 and id = ?2 order by version desc limit 1",
        params![client.as_str(), id.as_str()],
        |row| row.get(0),
    )?;
    body.map(|body| serde_json::from_str(&body).map_err(|e| Error::row("directive", &e)))
        .transpose()
}

fn put(connection: &Connection, directive: &Directive) -> Result<Uuid, Error> {
    let (client, id) = (directive.subject.as_str(), directive.id.as_str());
    connection.execute(
        "insert into directive values (?1, ?2, ?3, ?4)",
        params![client, id, directive.version, json("directive", directive)?],
    )?;
    connection.execute("insert into client values (?1, 1) on conflict (ref) do update set epoch = client.epoch + 1", params![client])?;
    name(connection, client, id)
}

/// The directive's opaque id, given now if it has none.
fn name(connection: &Connection, client: &str, id: &str) -> Result<Uuid, Error> {
    let known: Option<[u8; 16]> = connection.first(
        "select id from directive_ref where client = ?1 and directive = ?2",
        params![client, id],
        |row| row.get(0),
    )?;
    if let Some(known) = known {
        return Ok(Uuid::from_bytes(known));
    }
    let new = Builder::from_random_bytes(seal::random()?).into_uuid();
    connection.execute(
        "insert into directive_ref values (?1, ?2, ?3)",
        params![new.as_bytes(), client, id],
    )?;
    Ok(new)
}

fn wake(connection: &Session, client: &ClientRef, now: Timestamp) -> Result<(), Error> {
    connection.execute(
        "update delivery set state = 0, due = ?2
             where subject = ?1 and state + 0 < 10 and state + 0 < 2 and (state + 0 = 1 or due > ?2)",
        params![client.as_str(), now.as_microsecond()],
    )?;
    outbox::tell_of(connection, client)?;
    // A dead letter, or what is held, is sent by nobody but a person, who must not find one that may
    // not go.
    connection.execute(
        "insert into reconsider
             select seq from delivery where subject = ?1 and state = 12
             union all select seq from delivery where subject = ?1 and state = 15
             on conflict do nothing",
        params![client.as_str()],
    )?;
    Ok(())
}
