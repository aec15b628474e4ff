//! One row of an answer.

use super::value::{Column, Value};
use crate::Error;

/// One row of an answer; its columns are numbered from 0.
pub struct Row<'r>(pub(super) Kind<'r>);

pub(super) enum Kind<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// A column.
    ///
    /// # Errors
    /// When it is not of that form.
    pub fn get<T: Column>(&self, column: usize) -> Result<T, Error> {
        T::read(self.value(column)?).ok_or_else(|| misshapen(column))
    }

    /// A column that is a text.
    ///
    /// # Errors
    /// When it is none.
    pub fn text(&self, column: usize) -> Result<&str, Error> {
        match self.value(column)? {
            Value::Text(text) => Ok(text),
            _ => Err(misshapen(column)),
        }
    }

    /// A column that is a text, or nothing.
    ///
    /// # Errors
    /// When it is neither.
    pub fn text_or_null(&self, column: usize) -> Result<Option<&str>, Error> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            _ => Err(misshapen(column)),
        }
    }

    /// The bytes of a column, whether they claim to be a text or not; `None` when it has none.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn bytes(&self, column: usize) -> Result<Option<&[u8]>, Error> {
        Ok(match self.value(column)? {
            Value::Text(text) => Some(text.as_bytes()),
            Value::Blob(bytes) => Some(bytes),
            _ => None,
        })
    }

    /// A column as it is.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn value(&self, column: usize) -> Result<Value<'_>, Error> {
        match &self.0 {
            Kind::Sqlite(row) => Ok(super::sqlite::value(row.get_ref(column)?)),
            Kind::Postgres(row) => row.try_get(column).map_err(|_| misshapen(column)),
        }
    }
}

fn misshapen(column: usize) -> Error {
    Error::Storage(format!("column {column} of an answer is not of its form"))
}
