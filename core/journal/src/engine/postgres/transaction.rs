//! Transactions: that look at one moment, or change under the writers' lock.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use futures::future::{try_join, try_join_all, try_join3};

use super::{Link, answer::Failure, doubt::MADE};
use crate::{
    Error,
    engine::{
        each::Step,
        row::{Kind, Row},
        value::params,
    },
};

/// Takes the writers' lock ("LUOTSI").
const TAKE_LOCK: &str = "select pg_advisory_xact_lock(x'4c554f545349'::bigint)";

impl Link {
    /// Begins a transaction that sees one moment and changes nothing. Nobody waits for that: what is asked
    /// next is answered after it, or fails as it did.
    pub(in crate::engine) fn begin_reading(&self) -> Result<(), Error> {
        self.ask("begin isolation level repeatable read read only")?;
        self.within.set(true);
        Ok(())
    }

    /// Ends it. Whoever is next on the connection comes after it.
    pub(in crate::engine) fn end_reading(&self) {
        // Still within, so a connection that was lost is not made again for it.
        let asked = self.ask("rollback");
        self.within.set(false);
        match asked {
            Ok(()) => self.look(),
            Err(_) => drop(self.line.take()),
        }
    }

    /// Asks for what nobody looks at the answer of. It goes with what is asked next.
    fn ask(&self, sql: &str) -> Result<(), Error> {
        self.with(|line| {
            let mut sent = pin!(line.client.batch_execute(sql));
            match sent.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Err(error)) => Err(Failure::Told(error)),
                Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
            }
        })
    }

    /// Begins a transaction that changes. Each statement sees what was committed before it began; and
    /// since the lock comes first and is kept to the commit, that is all that there is.
    pub(in crate::engine) fn begin(&self) -> Result<(), Error> {
        self.begin_asking("select 1", |_| Ok(())).map(drop)
    }

    /// The same with a question, sent at once.
    pub(in crate::engine) fn begin_asking<T>(
        &self,
        sql: &str,
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Result<T, Error>, Error> {
        let (lock, question) = (self.prepared(TAKE_LOCK)?, self.prepared(sql)?);
        let began = self.with(|line| {
            let begin = line.client.batch_execute("begin isolation level read committed");
            let (lock, ask) =
                (line.client.query_one(&lock, &[]), line.client.query_one(&question, &[]));
            line.wait(self.bound.get(), try_join3(begin, lock, ask))
        });
        match began {
            Ok(((), _, found)) => {
                self.within.set(true);
                Ok(read(&Row(Kind::Postgres(&found))))
            }
            Err(error) => {
                // The lock was not to be had, and the transaction stands open without it.
                self.roll_back();
                Err(error)
            }
        }
    }

    /// Takes last steps and commits, in one go: a step that fails leaves a commit that commits nothing.
    /// When the answer is lost it [is in doubt](Self::is_in_doubt) whether it was done.
    pub(in crate::engine) fn commit(&self, last: &[Step<'_>]) -> Result<Vec<Vec<i64>>, Error> {
        let committed = self.doubt.next(|mark| {
            let asked: Result<Vec<_>, _> =
                last.iter().chain(&mark).map(|step| self.asked_one(step)).collect();
            let asked = asked?;
            self.with(|line| {
                let steps = try_join_all(asked.iter().map(|step| step.numbers(line)));
                let commit = line.client.batch_execute("commit");
                line.wait(self.bound.get(), try_join(steps, commit)).map(|(numbers, ())| numbers)
            })
        });
        self.within.set(false);
        self.doubt.ended(committed.is_err() && self.is_lost());
        committed
    }

    pub(in crate::engine) fn roll_back(&self) {
        self.within.set(false);
        if !self.is_lost() && self.batch("rollback").is_err() {
            // What cannot be rolled back goes with its connection.
            self.line.replace(None);
        }
    }

    /// From here on it [can be asked](Self::fate) what became of a commit.
    pub(in crate::engine) fn sign(&self) -> Result<(), Error> {
        let name = self.first("select uuid_send(gen_random_uuid())", &[], |row| row.get(0))?;
        self.doubt.sign(name.unwrap_or_default());
        Ok(())
    }

    pub(in crate::engine) fn is_in_doubt(&self) -> bool {
        self.doubt.is_open()
    }

    /// What became of the commit in doubt; `None` while that cannot be told.
    pub(in crate::engine) fn fate(&self) -> Option<bool> {
        // Who may still be at work on it at the server has the lock.
        self.begin().ok()?;
        let left = self.first(MADE, params![self.doubt.writer()], |row| row.get(0));
        self.roll_back();
        Some(self.doubt.resolve(left.ok()?))
    }
}
