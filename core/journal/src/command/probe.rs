//! Whether the journal can commit and write the disclosure log.

use jiff::Timestamp;

use super::Command;
use crate::{Error, engine::params, session::Session};

/// Writes to the disclosure log, takes that back, and commits a mark: what readiness means.
pub struct Probe {
    /// Now.
    pub at: Timestamp,
}

impl Command for Probe {
    type Reply = ();

    fn apply(&self, connection: &Session) -> Result<(), Error> {
        let at = self.at.as_microsecond();
        connection.execute("savepoint probe", &[])?;
        let logged =
            connection.execute("insert into disclosure (at, entry) values (?1, '{}')", params![at]);
        connection.execute("rollback to savepoint probe", &[])?;
        connection.execute("release savepoint probe", &[])?;
        logged?;
        connection.execute(
            "insert into counter values ('probe', ?1)
                 on conflict (name) do update set value = excluded.value",
            params![at],
        )?;
        Ok(())
    }
}
