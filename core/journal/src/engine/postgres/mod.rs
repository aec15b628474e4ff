//! PostgreSQL, which several hubs may share.
//!
//! What must hold: whoever changes anything holds the one lock of writers until its commit, so that
//! all hubs' changes have one order; and what became of a commit whose answer was lost is found out
//! before anybody is told.

mod answer;
mod connect;
mod dial;
mod doubt;
mod each;
mod many;
mod server;
mod socket;
mod transaction;
mod value;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    error::Error as _,
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use tokio_postgres::{
    SimpleQueryMessage, Statement,
    error::{DbError, SqlState},
};

pub use self::server::Server;
use self::{
    answer::Failure,
    connect::Line,
    doubt::Doubt,
    each::{Asked, parameters},
    many::{Answers, are_apart, many},
};
use super::{
    dialect::Dialect,
    each::Step,
    row::{Kind, Row},
    value::Value,
};
use crate::Error;

/// Between two attempts to reach a server that is away: at first, and at most.
const AWAY_MIN: Duration = Duration::from_millis(50);
const AWAY_MAX: Duration = Duration::from_secs(2);
/// How long a statement of a hub that serves may go unanswered: longer than it may wait for a lock.
const ANSWER_MAX: Duration = Duration::from_secs(15);

/// What is prepared on a connection, by its text.
#[derive(Default)]
struct Statements {
    one: HashMap<String, Statement>,
    many: HashMap<String, Option<(Statement, Answers)>>,
}

/// A connection that is made again when it was lost.
pub(super) struct Link {
    server: Server,
    line: RefCell<Option<Line>>,
    /// How long to wait for an answer; `None`: as long as it takes.
    bound: Cell<Option<Duration>>,
    statements: RefCell<Statements>,
    /// A transaction is open, so a lost connection must not be made again unseen.
    within: Cell<bool>,
    /// Until when the server is taken for away, and for how long the next time.
    away: Cell<(Option<Instant>, Duration)>,
    doubt: Doubt,
}

impl Link {
    pub(super) fn open(server: &Server) -> Result<Self, Error> {
        let link = Self {
            server: server.clone(),
            line: RefCell::default(),
            bound: Cell::new(None),
            statements: RefCell::default(),
            within: Cell::new(false),
            away: Cell::new((None, AWAY_MIN)),
            doubt: Doubt::default(),
        };
        link.reach()?;
        Ok(link)
    }

    /// From here on somebody waits: what is not answered in time is given up.
    pub(super) fn serve(&self) {
        self.bound.set(Some(ANSWER_MAX));
    }

    /// Sees to it that there is a connection, unless one was lost within a transaction.
    fn reach(&self) -> Result<(), Error> {
        if !self.is_lost() {
            return Ok(());
        }
        if self.within.get() {
            return Err(lost());
        }
        let (until, wait) = self.away.get();
        if until.is_some_and(|until| Instant::now() < until) {
            return Err(lost());
        }
        // Statements are prepared on the server, by connection.
        self.statements.take();
        self.line.replace(None);
        match connect::connect(&self.server) {
            Ok(line) => {
                self.line.replace(Some(line));
                self.away.set((None, AWAY_MIN));
                Ok(())
            }
            Err(error) => {
                self.away.set((Some(Instant::now() + wait), (wait * 2).min(AWAY_MAX)));
                Err(error)
            }
        }
    }

    /// Whether it is of no use any more.
    pub(super) fn is_lost(&self) -> bool {
        if !self.within.get() {
            self.look();
        }
        self.line.borrow().as_ref().is_none_or(Line::is_closed)
    }

    /// Sends what is to be sent, and hears what was said.
    fn look(&self) {
        if let Some(line) = &*self.line.borrow() {
            line.look();
        }
    }

    fn with<T>(&self, run: impl FnOnce(&Line) -> Result<T, Failure>) -> Result<T, Error> {
        self.reach()?;
        let line = self.line.borrow();
        let done = run(line.as_ref().ok_or_else(lost)?);
        drop(line);
        match &done {
            Err(Failure::Silent(_)) => {
                tracing::warn!("a connection to the database is given up: no answer comes");
                drop(self.line.take());
            }
            Err(Failure::Told(error)) if ends(error) => drop(self.line.take()),
            _ => {}
        }
        done.map_err(Error::from)
    }

    fn prepared(&self, sql: &str) -> Result<Statement, Error> {
        self.reach()?;
        if let Some(known) = self.statements.borrow().one.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.prepare(&Dialect::Postgres.text(sql))?;
        self.statements.borrow_mut().one.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// The statement over many rows of parameters, where there is such a one.
    fn prepared_many(&self, sql: &str) -> Result<Option<(Statement, Answers)>, Error> {
        self.reach()?;
        if let Some(known) = self.statements.borrow().many.get(sql) {
            return Ok(known.clone());
        }
        let said = many(sql, self.prepared(sql)?.params());
        let said = said.map(|(text, answers)| {
            let text = Dialect::Postgres.text(&text);
            Ok::<_, Error>((self.prepare(&text)?, answers))
        });
        let many = said.transpose()?;
        self.statements.borrow_mut().many.insert(sql.to_owned(), many.clone());
        Ok(many)
    }

    fn prepare(&self, text: &str) -> Result<Statement, Error> {
        self.with(|line| line.wait(self.bound.get(), line.client.prepare(text)))
    }

    pub(super) fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<usize, Error> {
        let statement = self.prepared(sql)?;
        let changed = self.with(|line| {
            line.wait(self.bound.get(), line.client.execute(&statement, &parameters(values)))
        })?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// What is asked for at once is sent at once, and the answers come in its order.
    pub(super) fn take(&self, steps: &[Step<'_>]) -> Result<Vec<Vec<i64>>, Error> {
        let asked = self.asked(steps)?;
        self.with(|line| {
            line.wait(self.bound.get(), try_join_all(asked.iter().map(|step| step.numbers(line))))
        })
    }

    fn asked<'v>(&self, steps: &'v [Step<'v>]) -> Result<Vec<Asked<'v>>, Error> {
        steps.iter().map(|step| self.asked_one(step)).collect()
    }

    fn asked_one<'v>(&self, step: &'v Step<'v>) -> Result<Asked<'v>, Error> {
        let (sql, rows) = (step.sql, &step.rows);
        if rows.len() > 1
            && let Some((statement, answers)) = self.prepared_many(sql)?
            && are_apart(answers, rows)
        {
            return Ok(Asked::many(statement, answers, rows));
        }
        Ok(Asked::Each(self.prepared(sql)?, rows))
    }

    /// The same for the rows of each answer to one question.
    pub(super) fn all_each<T>(
        &self,
        question: &Step<'_>,
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<Vec<T>>, Error> {
        let asked = self.asked_one(question)?;
        let found = self.with(|line| line.wait(self.bound.get(), asked.rows(line)))?;
        let mut read = |row| read(&Row(Kind::Postgres(row)));
        found.iter().map(|rows| rows.iter().map(&mut read).collect()).collect()
    }

    pub(super) fn first<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let rows = self.rows(sql, values)?;
        rows.first().map(|row| read(&Row(Kind::Postgres(row)))).transpose()
    }

    pub(super) fn all<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let rows = self.rows(sql, values)?;
        rows.iter().map(|row| read(&Row(Kind::Postgres(row)))).collect()
    }

    fn rows(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<tokio_postgres::Row>, Error> {
        let statement = self.prepared(sql)?;
        self.with(|line| {
            line.wait(self.bound.get(), line.client.query(&statement, &parameters(values)))
        })
    }

    /// Statements without parameters, in PostgreSQL's own words; the last value that they answer.
    pub(super) fn batch(&self, sql: &str) -> Result<Option<String>, Error> {
        let answers =
            self.with(|line| line.wait(self.bound.get(), line.client.simple_query(sql)))?;
        Ok(last_value(&answers))
    }
}

fn last_value(answers: &[SimpleQueryMessage]) -> Option<String> {
    answers.iter().rev().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}

fn lost() -> Error {
    Error::Storage("the connection to the server is lost".into())
}

/// Whether the connection is of no use after it.
fn ends(error: &tokio_postgres::Error) -> bool {
    error.code().is_none_or(|code| {
        // Connection exceptions, a server that shuts down or starts, a session that was ended.
        code.code().starts_with("08") || code.code().starts_with("57P") || code.code() == "25P03"
    })
}

/// What may be told of a failure: never the detail, which quotes rows, nor what is wrong with a
/// value, which quotes the value.
fn failed(error: &tokio_postgres::Error) -> Error {
    Error::Storage(match error.as_db_error() {
        Some(told) if told.code().code().starts_with("22") => {
            format!("the server refuses a value ({})", told.code().code())
        }
        Some(told) => format!("{}{} ({})", told.message(), mend(told), told.code().code()),
        None => match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    })
}

fn mend(told: &DbError) -> &'static str {
    match *told.code() {
        SqlState::INSUFFICIENT_PRIVILEGE => {
            "; give the hub's role what config/postgres/roles.sql does"
        }
        SqlState::LOCK_NOT_AVAILABLE => "; another hub holds the writers' lock",
        _ => "",
    }
}
