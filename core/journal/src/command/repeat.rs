//! What was taken in under a key is told again under the same key, and not taken in again.

use jiff::Timestamp;
use luotsi_model::{MessageId, SystemId};
use serde::{Deserialize, Serialize};

use super::{
    accept::{Accepted, Digests, Rejected},
    direct::DirectiveWritten,
    json,
};
use crate::{
    Error,
    engine::{Connection, params},
};

/// What is told again. Rows of before directives were told end earlier.
#[derive(Serialize, Deserialize)]
struct Kept(MessageId, usize, u32, #[serde(default)] Option<DirectiveWritten>);

impl Kept {
    const fn of(accepted: &Accepted) -> Self {
        // The number of sends under way is told again as it was: a withdrawal whose answer was lost
        // must not look better when it is repeated.
        Self(accepted.message, accepted.count, accepted.in_flight, accepted.directive)
    }

    fn told(self) -> Accepted {
        let Self(message, count, in_flight, directive) = self;
        Accepted { count, in_flight, directive, ..Accepted::before(message) }
    }
}

/// What was taken in under the key, in order; of a document of one record that one.
pub(super) fn earlier(
    connection: &Connection,
    source: &SystemId,
    digests: &Digests,
) -> Result<Option<Result<Vec<Accepted>, Rejected>>, Error> {
    let found: Option<(Vec<u8>, String)> = connection.first(
        "select body, receipt from idempotency where source = ?1 and key = ?2",
        params![source.as_str(), digests.key.as_slice()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let Some((body, receipt)) = found else { return Ok(None) };
    if body != digests.body {
        return Ok(Some(Err(Rejected::KeyReused)));
    }
    let one = serde_json::from_str(&receipt).map(|kept| vec![kept]);
    let kept: Vec<Kept> = one
        .or_else(|_| serde_json::from_str(&receipt))
        .map_err(|e| Error::row("idempotency", &e))?;
    if kept.is_empty() {
        return Err(Error::Row { table: "idempotency", why: "it tells of no message".into() });
    }
    Ok(Some(Ok(kept.into_iter().map(Kept::told).collect())))
}

/// Keeps what is to be told again.
pub(super) fn remember(
    connection: &Connection,
    source: &SystemId,
    digests: &Digests,
    accepted: &[Accepted],
    at: Timestamp,
) -> Result<(), Error> {
    let receipt = match accepted {
        [one] => json("idempotency", &Kept::of(one))?,
        several => json("idempotency", &several.iter().map(Kept::of).collect::<Vec<_>>())?,
    };
    connection.execute(
        "insert into idempotency values (?1, ?2, ?3, ?4, ?5)",
        params![
            source.as_str(),
            digests.key.as_slice(),
            digests.body.as_slice(),
            receipt,
            at.as_microsecond(),
        ],
    )?;
    Ok(())
}
