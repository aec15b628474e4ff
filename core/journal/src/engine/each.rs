//! Several statements, each for several rows of parameters, in their order. A server is sent all of them
//! at once, so that a group of commands waits for it once where each of them would.
//!
//! What must hold: no row of a step depends on what another row of it does. A server may be told of all of
//! them in one statement.

use super::{Connection, Kind, Row, Value};
use crate::Error;

/// In the text of a step: the number of its row. A row that goes by itself is the first.
pub(crate) const NTH: &str = "1 /* nth */";

/// One statement, for each of several rows of parameters. Of one that changes rows, the first parameter
/// says which.
pub(crate) struct Step<'v> {
    pub(super) sql: &'v str,
    pub(super) rows: Vec<Vec<Value<'v>>>,
}

impl<'v> Step<'v> {
    pub(crate) fn new<const N: usize>(
        sql: &'v str,
        rows: impl IntoIterator<Item = [Value<'v>; N]>,
    ) -> Self {
        Self { sql, rows: rows.into_iter().map(Vec::from).collect() }
    }

    /// Without parameters, once.
    pub(crate) fn once(sql: &'v str) -> Self {
        Self { sql, rows: vec![Vec::new()] }
    }
}

impl Connection {
    /// Takes steps one after the other. For each row of each step: the number in the first column of
    /// the answer's one row, or for what answers nothing how many rows it changed. Of an `insert` of what a
    /// `select` finds only their sum is told: which row each came of, a server cannot say.
    pub(crate) fn take(&self, steps: &[Step<'_>]) -> Result<Vec<Vec<i64>>, Error> {
        match &self.0 {
            Kind::Sqlite(connection) => {
                let each = |step: &Step<'_>| {
                    let rows = step.rows.iter();
                    rows.map(|row| super::sqlite::number(connection, step.sql, row)).collect()
                };
                steps.iter().map(each).collect()
            }
            Kind::Postgres(link) => link.take(steps),
        }
    }

    /// Asks a question for each row of parameters; the first row of each answer, if it has any.
    pub(crate) fn first_each<const N: usize, T>(
        &self,
        sql: &str,
        rows: &[[Value<'_>; N]],
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<Option<T>>, Error> {
        let found = self.all_each(sql, rows, read)?;
        Ok(found.into_iter().map(|rows| rows.into_iter().next()).collect())
    }

    /// The same, and every row of each answer. In which order they are is not said.
    pub(crate) fn all_each<const N: usize, T>(
        &self,
        sql: &str,
        rows: &[[Value<'_>; N]],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<Vec<T>>, Error> {
        match &self.0 {
            Kind::Sqlite(_) => rows.iter().map(|row| self.all(sql, row, &mut read)).collect(),
            Kind::Postgres(link) => link.all_each(&Step::new(sql, rows.iter().copied()), read),
        }
    }
}
