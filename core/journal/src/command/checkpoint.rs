//! Signs what the disclosure log comes to.

use std::sync::Arc;

use luotsi_audit::SigningKey;
use rusqlite::{OptionalExtension, params};

use super::Command;
use crate::{Error, keeper, session::Session};

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
        let latest: Option<String> = connection
            .prepare_cached("select note from checkpoint where size = ?1 and key = ?2")?
            .query_row(params![tree.size(), key], |row| row.get(0))
            .optional()?;
        if latest.is_some() {
            return Ok(latest);
        }
        let note = luotsi_audit::Checkpoint::from(&tree).sign(&self.key);
        connection
            .prepare_cached("insert or replace into checkpoint values (?1, ?2, ?3)")?
            .execute(params![tree.size(), note, key])?;
        Ok(Some(note))
    }
}
