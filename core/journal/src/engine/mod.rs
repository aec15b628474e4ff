//! The engine under the journal: one way to say SQL, whatever database takes it.
//!
//! The text of a statement is one; what differs is in [`Dialect`]. A statement is prepared once a
//! connection and kept.

mod backfill;
mod database;
mod dialect;
mod each;
mod postgres;
mod row;
mod sqlite;
mod value;

pub(crate) use backfill::Backfill;
pub use database::Database;
pub(crate) use dialect::Dialect;
pub(crate) use each::Step;
pub use postgres::Server;
pub use row::Row;
pub(crate) use value::params;
pub use value::{Bind, Column, Value};

use crate::Error;

/// A connection to the journal's database.
pub struct Connection(Kind);

enum Kind {
    Sqlite(rusqlite::Connection),
    Postgres(Box<postgres::Link>),
}

impl Connection {
    /// Opens a database, making it where that is the engine's way: for what stands beside a hub.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn open(database: &Database) -> Result<Self, Error> {
        match database {
            Database::File(path) => Ok(Self(Kind::Sqlite(sqlite::open(path)?))),
            Database::Server(server) => {
                Ok(Self(Kind::Postgres(Box::new(postgres::Link::open(server)?))))
            }
        }
    }

    /// Opens a database that is there, to read it only.
    pub(crate) fn beside(database: &Database) -> Result<Self, Error> {
        match database {
            Database::File(path) => Ok(Self(Kind::Sqlite(sqlite::beside(path)?))),
            Database::Server(_) => Self::open(database),
        }
    }

    /// Opens a database for a hub that serves: it waits for no answer for ever.
    pub(crate) fn serving(database: &Database) -> Result<Self, Error> {
        let connection = Self::open(database)?;
        if let Kind::Postgres(link) = &connection.0 {
            link.serve();
        }
        Ok(connection)
    }

    /// Makes it the writer's own.
    pub(crate) fn write_here(&self) -> Result<(), Error> {
        match &self.0 {
            Kind::Sqlite(connection) => sqlite::write_here(connection),
            Kind::Postgres(_) => Ok(()),
        }
    }

    /// Has what it writes taken into its file beside it, where it has a file.
    pub(crate) fn backfill_beside(&mut self) -> Result<Option<Backfill>, Error> {
        match &mut self.0 {
            Kind::Sqlite(connection) => Backfill::of(connection),
            Kind::Postgres(_) => Ok(None),
        }
    }

    /// The version of its schema; 0: it has none.
    pub(crate) fn schema_version(&self) -> Result<i64, Error> {
        match &self.0 {
            Kind::Sqlite(_) => self.one("pragma user_version", &[], |row| row.get(0)),
            Kind::Postgres(_) if !self.has_table("schema_version")? => Ok(0),
            Kind::Postgres(_) => {
                self.one("select max(version) from schema_version", &[], |row| row.get(0))
            }
        }
    }

    pub(crate) fn set_schema_version(&self, version: i64) -> Result<(), Error> {
        match &self.0 {
            Kind::Sqlite(_) => self.batch(&format!("pragma user_version = {version}")),
            Kind::Postgres(_) => {
                self.batch(
                    "create table if not exists schema_version (version bigint primary key)",
                )?;
                self.execute("insert into schema_version values (?1)", params![version])?;
                Ok(())
            }
        }
    }

    /// Whether there is a table of that name.
    pub(crate) fn has_table(&self, name: &str) -> Result<bool, Error> {
        let found = match &self.0 {
            Kind::Sqlite(_) => "select 1 from sqlite_schema where type = 'table' and name = ?1",
            Kind::Postgres(_) => {
                "select 1 from pg_tables where schemaname = current_schema() and tablename = ?1"
            }
        };
        Ok(self.first(found, params![name], |_| Ok(()))?.is_some())
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        match &self.0 {
            Kind::Sqlite(_) => Dialect::Sqlite,
            Kind::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Executes a statement; how many rows it changed.
    ///
    /// # Errors
    /// When the database fails.
    pub fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<usize, Error> {
        match &self.0 {
            Kind::Sqlite(connection) => sqlite::execute(connection, sql, values),
            Kind::Postgres(link) => link.execute(sql, values),
        }
    }

    /// The first row of an answer, if it has any.
    ///
    /// # Errors
    /// When the database fails, or the row is not of its form.
    pub fn first<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        match &self.0 {
            Kind::Sqlite(connection) => sqlite::first(connection, sql, values, read),
            Kind::Postgres(link) => link.first(sql, values, read),
        }
    }

    /// The row of an answer that has one whatever the tables hold.
    ///
    /// # Errors
    /// When the database fails, or the row is not of its form or not there.
    pub fn one<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let none = || Error::Storage("a row that must be there is not".into());
        self.first(sql, values, read)?.ok_or_else(none)
    }

    /// Every row of an answer.
    ///
    /// # Errors
    /// When the database fails, or a row is not of its form.
    pub fn all<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        match &self.0 {
            Kind::Sqlite(connection) => sqlite::all(connection, sql, values, read),
            Kind::Postgres(link) => link.all(sql, values, read),
        }
    }

    /// Executes statements without parameters, one after the other, in the engine's own words.
    ///
    /// # Errors
    /// When the database fails.
    pub fn batch(&self, sql: &str) -> Result<(), Error> {
        match &self.0 {
            Kind::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Kind::Postgres(link) => link.batch(sql).map(|_| ()),
        }
    }

    /// Asks several questions of one moment.
    ///
    /// # Errors
    /// When the database fails, and what `ask` fails with.
    pub(crate) fn at_once<T>(&self, ask: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        match &self.0 {
            Kind::Sqlite(_) => self.execute("begin", &[]).map(|_| ())?,
            Kind::Postgres(link) => link.begin_reading()?,
        }
        let answer = ask();
        // Nothing was changed, so how it ends is all one; where it does not, the next one does not
        // begin.
        match &self.0 {
            Kind::Sqlite(_) => drop(self.execute("rollback", &[])),
            Kind::Postgres(link) => link.end_reading(),
        }
        answer
    }

    /// Changes all or nothing.
    ///
    /// # Errors
    /// When the database fails, and what `change` fails with: then nothing was changed.
    pub(crate) fn transact<T>(
        &self,
        change: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.begin()?;
        let changed = change();
        let committed = changed.and_then(|changed| self.commit().map(|()| changed));
        if committed.is_err() {
            self.roll_back();
        }
        committed
    }

    /// Begins a transaction that changes: from here on nobody else changes anything.
    pub(crate) fn begin(&self) -> Result<(), Error> {
        match &self.0 {
            Kind::Sqlite(_) => self.execute("begin immediate", &[]).map(|_| ()),
            Kind::Postgres(link) => link.begin(),
        }
    }

    /// The same, with a question about what there is to begin from, which has one row. The inner error is
    /// the question's.
    pub(crate) fn begin_asking<T>(
        &self,
        sql: &str,
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Result<T, Error>, Error> {
        match &self.0 {
            Kind::Sqlite(_) => {
                self.begin()?;
                Ok(self.one(sql, &[], read))
            }
            Kind::Postgres(link) => link.begin_asking(sql, read),
        }
    }

    /// What was changed is durable when this returns.
    pub(crate) fn commit(&self) -> Result<(), Error> {
        self.commit_with(&[]).map(|_| ())
    }

    /// The same with steps before it, all of which are of what is committed; their numbers, as of
    /// [`Connection::take`].
    pub(crate) fn commit_with(&self, last: &[Step<'_>]) -> Result<Vec<Vec<i64>>, Error> {
        match &self.0 {
            Kind::Sqlite(_) => {
                let numbers = self.take(last)?;
                self.execute("commit", &[]).map(|_| numbers)
            }
            Kind::Postgres(link) => link.commit(last),
        }
    }

    /// Takes back what was changed, where a transaction is open. Nothing to do about a failure: the
    /// next beginning will tell.
    pub(crate) fn roll_back(&self) {
        match &self.0 {
            Kind::Sqlite(connection) if connection.is_autocommit() => {}
            Kind::Sqlite(connection) => {
                let _ = connection.execute_batch("rollback");
            }
            Kind::Postgres(link) => link.roll_back(),
        }
    }

    /// Sees to it that it can be told what became of each commit from here on.
    pub(crate) fn sign(&self) -> Result<(), Error> {
        match &self.0 {
            Kind::Sqlite(_) => Ok(()),
            Kind::Postgres(link) => link.sign(),
        }
    }

    /// Whether nobody can tell yet if the latest commit was made.
    pub(crate) fn is_in_doubt(&self) -> bool {
        matches!(&self.0, Kind::Postgres(link) if link.is_in_doubt())
    }

    /// Whether the commit in doubt was made; `None` while that cannot be told.
    pub(crate) fn fate(&self) -> Option<bool> {
        match &self.0 {
            Kind::Sqlite(_) => None,
            Kind::Postgres(link) => link.fate(),
        }
    }

    /// Whether it is of no use any more, and another is to be opened.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(&self.0, Kind::Postgres(link) if link.is_lost())
    }
}
