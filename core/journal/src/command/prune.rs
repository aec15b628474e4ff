//! Takes out entries at the end of their retention. Their leaves stay, and an entry tells which
//! ones went, so the log still verifies.

use jiff::Timestamp;

use super::{Command, json};
use crate::{
    Error, Log, Pruning,
    engine::{Bind, Connection, Step, params},
    session::Session,
};

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
        if !due.is_empty() {
            let ranges = ranges(&due);
            connection.take(&[Step::new(
                "delete from disclosure where seq between ?1 and ?2",
                ranges.iter().map(|(from, to)| [from.value(), to.value()]),
            )])?;
            self.tell(connection, ranges)?;
        }
        connection.execute(
            "insert into counter values (?1, ?2)
             on conflict (name) do update set value = excluded.value",
            params![self.counter(), reached],
        )?;
        Ok(Pruned { entries: due.len(), more: looked_at.len() == self.most })
    }
}

impl Prune {
    fn counter(&self) -> String {
        format!("pruned-{}", self.log.as_str())
    }

    /// The place up to which everything due has gone.
    fn progress(&self, connection: &Connection) -> Result<u64, Error> {
        let found = connection.first(
            "select value from counter where name = ?1",
            params![self.counter()],
            |row| row.get(0),
        )?;
        Ok(found.unwrap_or(0))
    }

    /// The places looked at, and those of them that are due. Entries lie in the order of their
    /// times but for moments, so the first one that is younger ends the search; and the last entry
    /// of all stays, since the next one's place follows from it.
    fn due(&self, connection: &Connection, from: u64) -> Result<(Vec<u64>, Vec<u64>), Error> {
        let most = i64::try_from(self.most).unwrap_or(i64::MAX);
        let looked_at = connection.all(
            "select seq, case when entry like '{\"phase\":\"use\"%' then 'use'
                              when entry like '{\"phase\":\"prune\"%' then 'prune'
                              else 'disclosure' end
             from disclosure
             where seq > ?1 and seq < (select max(seq) from disclosure)
               and seq < coalesce((select min(seq) from
                  (select seq, at from disclosure where seq > ?1 order by seq limit ?3) as stretch
                  where at >= ?2), 9223372036854775807)
             order by seq limit ?3",
            params![from, self.before.as_microsecond(), most],
            |row| Ok((row.get::<u64>(0)?, row.text(1)? == self.log.as_str())),
        )?;
        let due = looked_at.iter().filter(|(_, due)| *due).map(|(seq, _)| *seq).collect();
        Ok((looked_at.into_iter().map(|(seq, _)| seq).collect(), due))
    }

    fn tell(&self, connection: &Session, ranges: Vec<(u64, u64)>) -> Result<(), Error> {
        let pruning = Pruning { at: self.at, log: self.log, before: self.before, ranges };
        let entry = json("disclosure", &pruning)?;
        connection.execute(
            "insert into disclosure (at, entry) values (?1, ?2)",
            params![self.at.as_microsecond(), entry.as_str()],
        )?;
        connection.logs([&entry]);
        Ok(())
    }
}

/// Places in order, as ranges.
fn ranges(places: &[u64]) -> Vec<(u64, u64)> {
    let run = places.chunk_by(|one, next| one + 1 == *next);
    run.filter_map(|run| Some((*run.first()?, *run.last()?))).collect()
}
