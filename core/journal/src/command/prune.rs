//! Takes out entries at the end of their retention. Their leaves stay, and an entry tells which
//! ones went, so the log still verifies.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Command, json};
use crate::{Error, Log, Pruning, session::Session};

/// Prunes one log, a stretch at a time, so that the writer is never held up for long.
pub struct Prune {
    /// Which log.
    pub log: Log,
    /// Entries older than this go.
    pub before: Timestamp,
    /// Now.
    pub at: Timestamp,
    /// How many entries to look at.
    pub most: usize,
}

/// How far it came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pruned {
    /// Entries taken out.
    pub entries: usize,
    /// Whether there may be more to take out.
    pub more: bool,
}

impl Command for Prune {
    type Reply = Pruned;

    fn apply(&self, connection: &Session) -> Result<Pruned, Error> {
        let from = self.progress(connection)?;
        let (looked_at, due) = self.due(connection, from)?;
        let Some(reached) = looked_at.last() else { return Ok(Pruned::default()) };
        let mut delete = connection.prepare_cached("delete from disclosure where seq = ?1")?;
        for seq in &due {
            delete.execute([seq])?;
        }
        if !due.is_empty() {
            self.tell(connection, &due)?;
        }
        connection
            .prepare_cached("insert or replace into counter values (?1, ?2)")?
            .execute(params![self.counter(), reached])?;
        Ok(Pruned { entries: due.len(), more: looked_at.len() == self.most })
    }
}

impl Prune {
    fn counter(&self) -> String {
        format!("pruned-{}", self.log.as_str())
    }

    /// The place up to which everything due has gone.
    fn progress(&self, connection: &Connection) -> Result<u64, Error> {
        let found = connection
            .prepare_cached("select value from counter where name = ?1")?
            .query_row([self.counter()], |row| row.get(0))
            .optional()?;
        Ok(found.unwrap_or(0))
    }

    /// The places looked at, and those of them that are due. Entries lie in the order of their
    /// times but for moments, so the first one that is younger ends the search; and the last entry
    /// of all stays, since the next one's place follows from it.
    fn due(&self, connection: &Connection, from: u64) -> Result<(Vec<u64>, Vec<u64>), Error> {
        let mut select = connection.prepare_cached(
            "select seq, case when entry like '{\"phase\":\"use\"%' then 'use'
                              when entry like '{\"phase\":\"prune\"%' then 'prune'
                              else 'disclosure' end
             from disclosure
             where seq > ?1 and seq < (select max(seq) from disclosure)
               and seq < coalesce((select min(seq) from
                  (select seq, at from disclosure where seq > ?1 order by seq limit ?3)
                  where at >= ?2), 9223372036854775807)
             order by seq limit ?3",
        )?;
        let most = i64::try_from(self.most).unwrap_or(i64::MAX);
        let rows = select.query_map(
            params![from, self.before.as_microsecond(), most],
            |row| -> rusqlite::Result<(u64, bool)> {
                Ok((row.get(0)?, row.get_ref(1)?.as_str()? == self.log.as_str()))
            },
        )?;
        let looked_at = rows.collect::<Result<Vec<_>, _>>()?;
        let due = looked_at.iter().filter(|(_, due)| *due).map(|(seq, _)| *seq).collect();
        Ok((looked_at.into_iter().map(|(seq, _)| seq).collect(), due))
    }

    fn tell(&self, connection: &Connection, places: &[u64]) -> Result<(), Error> {
        let pruning =
            Pruning { at: self.at, log: self.log, before: self.before, ranges: ranges(places) };
        connection
            .prepare_cached("insert into disclosure (at, entry) values (?1, ?2)")?
            .execute(params![self.at.as_microsecond(), json("disclosure", &pruning)?])?;
        Ok(())
    }
}

/// Places in order, as ranges.
fn ranges(places: &[u64]) -> Vec<(u64, u64)> {
    let run = places.chunk_by(|one, next| one + 1 == *next);
    run.filter_map(|run| Some((*run.first()?, *run.last()?))).collect()
}
