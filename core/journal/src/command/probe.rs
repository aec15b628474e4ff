//! Whether the journal can commit and write the disclosure log.

use jiff::Timestamp;
use rusqlite::params;

use super::Command;
use crate::{Error, session::Session};

/// Writes to the disclosure log, takes that back, and commits a mark: what readiness means.
pub struct Probe {
    /// Now.
    pub at: Timestamp,
}

impl Command for Probe {
    type Reply = ();

    fn apply(&self, connection: &Session) -> Result<(), Error> {
        let at = self.at.as_microsecond();
        connection.execute_batch("savepoint probe")?;
        let logged = connection
            .prepare_cached("insert into disclosure (at, entry) values (?1, '{}')")?
            .execute([at]);
        connection.execute_batch("rollback to probe; release probe")?;
        logged?;
        connection
            .prepare_cached(
                "insert into counter values ('probe', ?1)
                 on conflict (name) do update set value = excluded.value",
            )?
            .execute(params![at])?;
        Ok(())
    }
}
