//! Keeps the tree over the disclosure log: what a transaction appends to the log it appends to the
//! tree, in the same transaction, so that a crash leaves both or neither.

use std::cmp::Ordering;

use luotsi_audit::{Hash, Tree, leaf};

use crate::{
    Error,
    engine::{Bind, Connection, Row, Step, params},
};

/// So many of the latest entries are checked against the tree at a start. The whole log is checked
/// by `luotsi audit verify`, which takes its time.
const CHECKED_AT_START: u64 = 1024;

/// The tree as the database has it, at hand for the next append.
#[derive(Clone, Debug)]
pub(crate) struct Keeper {
    tree: Tree,
    /// Whether other hubs append as well.
    is_shared: bool,
}

impl Keeper {
    /// Takes up the tree, if it agrees with itself and with the latest entries.
    ///
    /// # Errors
    /// [`Error::Log`] when it does not.
    pub(crate) fn open(connection: &Connection, is_shared: bool) -> Result<Self, Error> {
        let keeper = Self { tree: kept(connection)?, is_shared };
        ends_at(last(connection)?, keeper.tree.size())?;
        keeper.holds_the_latest(connection)?;
        Ok(keeper)
    }

    /// Begins the tree of a log that was kept without one.
    pub(crate) fn plant(connection: &Connection) -> Result<(), Error> {
        let stored = stored(connection)?;
        connection
            .take(&Self { tree: Tree::default(), is_shared: false }.seal(stored)?.steps())
            .map(|_| ())
    }

    /// Seals what a transaction has appended since it found `before`: what is to be committed with it. The
    /// leaves are of what the hub meant to write, not of what came to stand there.
    ///
    /// A log that ended elsewhere than the tree was written to by somebody else, and must not be
    /// taken for the hub's own. Only what logs fails for that: what is taken in still is.
    ///
    /// # Errors
    /// [`Error::Log`] for such a log, and when the database fails.
    pub(crate) fn seal_after(
        &mut self,
        connection: &Connection,
        before: Result<Found, Error>,
        leaves: Vec<Hash>,
    ) -> Result<Grown, Error> {
        let before = before?;
        if self.is_shared {
            self.catch_up(connection, before.tree)?;
        }
        ends_at(before.last, self.tree.size())?;
        self.seal((before.last + 1..).zip(leaves).collect())
    }

    /// Takes up what other hubs have appended since. The tree must have grown out of the one at hand:
    /// one that was made anew is somebody else's.
    fn catch_up(&mut self, connection: &Connection, kept: Option<Tree>) -> Result<(), Error> {
        let kept = kept.ok_or_else(|| unreadable("tree"))?;
        if kept == self.tree {
            return Ok(());
        }
        let from = self.tree.size();
        let grown = connection.all(
            "select hash from leaf where seq > ?1 and seq <= ?2 order by seq",
            params![from, kept.size()],
            |row| row.get::<Hash>(0),
        )?;
        grown.into_iter().for_each(|hash| self.tree.push(hash));
        if self.tree == kept { Ok(()) } else { Err(wrong(from + 1, "the tree was made anew")) }
    }

    /// Appends to the tree what was appended to the log.
    fn seal(&mut self, appended: Vec<(u64, Hash)>) -> Result<Grown, Error> {
        for (seq, hash) in &appended {
            if *seq != self.tree.size() + 1 {
                return Err(wrong(self.tree.size() + 1, "it is missing"));
            }
            self.tree.push(*hash);
        }
        Ok(Grown { leaves: appended, size: self.tree.size(), edge: self.tree.edge() })
    }

    fn holds_the_latest(&self, connection: &Connection) -> Result<(), Error> {
        let mut tree = self.tree.stem(CHECKED_AT_START);
        let latest = connection.all(
            "select l.seq, l.hash, d.seq, d.entry from leaf l
             left join disclosure d on d.seq = l.seq where l.seq > ?1 order by l.seq",
            params![tree.size()],
            |row| {
                let (seq, hash): (u64, Hash) = (row.get(0)?, row.get(1)?);
                let is_kept = row.get::<Option<u64>>(2)?.is_some();
                let entry = row.bytes(3)?;
                if is_kept && entry.is_none() {
                    return Err(unreadable("disclosure"));
                }
                Ok((seq, hash, entry.is_none_or(|entry| leaf(entry) == hash)))
            },
        )?;
        for (seq, hash, holds) in latest {
            if !holds {
                return Err(wrong(seq, "it was changed after it was appended"));
            }
            tree.push(hash);
        }
        if tree == self.tree {
            Ok(())
        } else {
            Err(wrong(self.tree.stem(CHECKED_AT_START).size() + 1, "from it on, the tree differs"))
        }
    }
}

/// What a transaction has added to the tree.
#[derive(Default)]
pub(crate) struct Grown {
    leaves: Vec<(u64, Hash)>,
    size: u64,
    edge: Vec<u8>,
}

impl Grown {
    /// What writes it.
    pub(crate) fn steps(&self) -> Vec<Step<'_>> {
        if self.leaves.is_empty() {
            return Vec::new();
        }
        let leaves = self.leaves.iter().map(|(seq, hash)| [seq.value(), hash.value()]);
        vec![
            Step::new("insert into leaf values (?1, ?2)", leaves),
            Step::new(
                "update tree set size = ?1, edge = ?2 where id = 1",
                [[self.size.value(), self.edge.value()]],
            ),
        ]
    }
}

/// What a transaction finds before it changes anything, asked for in one go.
pub(crate) struct Found {
    /// The place of the last entry; 0 for an empty log.
    last: u64,
    /// The tree that the database keeps; `None`: it is not of its form.
    tree: Option<Tree>,
}

impl Found {
    /// Begins a transaction that changes, and tells what it finds.
    pub(crate) fn begin(connection: &Connection) -> Result<Result<Self, Error>, Error> {
        let found = connection.begin_asking(
            "select (select max(seq) from disclosure), (select size from tree where id = 1),
                    (select edge from tree where id = 1)",
            |row| {
                let (size, edge) = (row.get::<u64>(1).ok(), row.bytes(2)?);
                let tree = size.zip(edge).and_then(|(size, edge)| Tree::resume(size, edge));
                Ok(Self { last: row.get::<Option<u64>>(0)?.unwrap_or(0), tree })
            },
        )?;
        // What logs nothing can do without a tree.
        Ok(found.or_else(|_| Ok(Self { last: last(connection)?, tree: None })))
    }
}

/// Every entry, hashed as it is stored: for a log that was kept without a tree there is nothing else.
fn stored(connection: &Connection) -> Result<Vec<(u64, Hash)>, Error> {
    connection.all("select seq, entry from disclosure order by seq", &[], |row| {
        let entry = row.bytes(1)?.ok_or_else(|| unreadable("disclosure"))?;
        Ok((row.get::<u64>(0)?, leaf(entry)))
    })
}

/// The place of the last entry; 0 for an empty log.
pub(crate) fn last(connection: &Connection) -> Result<u64, Error> {
    let found: Option<u64> =
        connection.one("select max(seq) from disclosure", &[], |row| row.get(0))?;
    Ok(found.unwrap_or(0))
}

/// Whether the log ends where its tree does.
pub(crate) fn ends_at(last: u64, size: u64) -> Result<(), Error> {
    match last.cmp(&size) {
        Ordering::Equal => Ok(()),
        Ordering::Less => Err(wrong(last + 1, "the log ends before it")),
        Ordering::Greater => Err(wrong(size + 1, "the hub did not write it")),
    }
}

/// The tree that the database keeps.
pub(crate) fn kept(connection: &Connection) -> Result<Tree, Error> {
    let read = |row: &Row<'_>| {
        let (size, edge) = (row.get::<u64>(0).ok(), row.bytes(1)?);
        Ok(size.zip(edge).and_then(|(size, edge)| Tree::resume(size, edge)))
    };
    let found = connection.first("select size, edge from tree where id = 1", &[], read)?;
    found.flatten().ok_or_else(|| unreadable("tree"))
}

fn wrong(seq: u64, why: &'static str) -> Error {
    Error::Log { seq, why }
}

fn unreadable(table: &'static str) -> Error {
    Error::Row { table, why: "it is not of its form".into() }
}
