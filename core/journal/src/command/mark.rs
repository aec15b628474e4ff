//! What all hubs on a journal must have in common.

use super::Command;
use crate::{Error, engine::params, session::Session};

/// Notes a mark of something, unless there is one.
pub struct Mark {
    /// Of what.
    pub name: &'static str,
    /// A digest's beginning.
    pub value: i64,
}

impl Command for Mark {
    /// Whether the mark is this one.
    type Reply = bool;

    fn apply(&self, connection: &Session) -> Result<bool, Error> {
        connection.execute(
            "insert into counter values (?1, ?2) on conflict (name) do nothing",
            params![self.name, self.value],
        )?;
        let sql = "select value from counter where name = ?1";
        Ok(connection.one(sql, params![self.name], |row| row.get::<i64>(0))? == self.value)
    }
}
