//! Signs what the disclosure log comes to.

use std::sync::Arc;

use luotsi_audit::SigningKey;

use super::Command;
use crate::{Error, engine::params, keeper, session::Session};

/// Signs a checkpoint of the log as it was when the last transaction was committed, if it has grown
/// since the latest one.
pub struct Checkpoint {
    /// The key of the log.
    pub key: Arc<SigningKey>,
}

impl Command for Checkpoint {
    /// The signed note, of the latest checkpoint where the log has not grown; `None` for a log that
    /// is empty.
    type Reply = Option<String>;

    fn apply(&self, connection: &Session) -> Result<Option<String>, Error> {
        let tree = keeper::kept(connection)?;
        if tree.size() == 0 {
            return Ok(None);
        }
        let key = self.key.verifying().to_string();
        let latest: Option<String> = connection.first(
            "select note from checkpoint where size = ?1 and key = ?2",
            params![tree.size(), key],
            |row| row.get(0),
        )?;
        if latest.is_some() {
            return Ok(latest);
        }
        let note = luotsi_audit::Checkpoint::from(&tree).sign(&self.key);
        connection.execute(
            "insert into checkpoint values (?1, ?2, ?3)
             on conflict (size) do update set note = excluded.note, key = excluded.key",
            params![tree.size(), note, key],
        )?;
        Ok(Some(note))
    }
}
