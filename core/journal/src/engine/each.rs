//! One statement for several rows of parameters, in their order. A server is sent all of them at once, so
//! that a group of commands waits for it once where each of them would.

use super::{Connection, Kind, Row, Value};
use crate::Error;

impl Connection {
    /// Executes it for each; how many rows each changed.
    pub(crate) fn execute_each<const N: usize>(
        &self,
        sql: &str,
        rows: &[[Value<'_>; N]],
    ) -> Result<Vec<usize>, Error> {
        match &self.0 {
            Kind::Sqlite(_) => rows.iter().map(|row| self.execute(sql, row)).collect(),
            Kind::Postgres(link) => link.execute_each(sql, rows),
        }
    }

    /// Inserts each into a table that numbers its rows; their places.
    pub(crate) fn insert_each<const N: usize>(
        &self,
        sql: &str,
        rows: &[[Value<'_>; N]],
    ) -> Result<Vec<i64>, Error> {
        match &self.0 {
            Kind::Sqlite(_) => rows.iter().map(|row| self.insert(sql, row)).collect(),
            Kind::Postgres(_) => {
                let places =
                    self.first_each(&format!("{sql} returning seq"), rows, |row| row.get(0))?;
                let none = || Error::Storage("a row that was inserted is not there".into());
                places.into_iter().map(|place| place.ok_or_else(none)).collect()
            }
        }
    }

    /// Asks it for each; the first row of each answer, if it has any.
    pub(crate) fn first_each<const N: usize, T>(
        &self,
        sql: &str,
        rows: &[[Value<'_>; N]],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<Option<T>>, Error> {
        match &self.0 {
            Kind::Sqlite(_) => rows.iter().map(|row| self.first(sql, row, &mut read)).collect(),
            Kind::Postgres(link) => link.first_each(sql, rows, read),
        }
    }
}
