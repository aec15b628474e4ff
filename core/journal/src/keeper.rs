//! Keeps the tree over the disclosure log: what a transaction appends to the log it appends to the
//! tree, in the same transaction, so that a crash leaves both or neither.

use std::cmp::Ordering;

use luotsi_audit::{Hash, Tree, leaf};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::Error;

/// So many of the latest entries are checked against the tree at a start. The whole log is checked
/// by `luotsi audit verify`, which takes its time.
const CHECKED_AT_START: u64 = 1024;

/// The tree as the database has it, at hand for the next append.
#[derive(Clone, Debug)]
pub(crate) struct Keeper {
    tree: Tree,
}

impl Keeper {
    /// Takes up the tree, if it agrees with itself and with the latest entries.
    ///
    /// # Errors
    /// [`Error::Log`] when it does not.
    pub(crate) fn open(connection: &Connection) -> Result<Self, Error> {
        let keeper = Self { tree: kept(connection)? };
        ends_at(last(connection)?, keeper.tree.size())?;
        keeper.holds_the_latest(connection)?;
        Ok(keeper)
    }

    /// Begins the tree of a log that was kept without one.
    pub(crate) fn plant(connection: &Connection) -> Result<(), Error> {
        Self { tree: Tree::default() }.seal(connection)
    }

    /// Seals what a transaction has appended that found the log ending at `before`.
    ///
    /// A log that ended elsewhere than the tree was written to by somebody else, and must not be
    /// taken for the hub's own. Only what logs fails for that: what is taken in still is.
    ///
    /// # Errors
    /// [`Error::Log`] for such a log, and when the database fails.
    pub(crate) fn seal_after(
        &mut self,
        connection: &Connection,
        before: Result<u64, Error>,
    ) -> Result<(), Error> {
        match (before, last(connection)) {
            (Ok(before), Ok(now)) if before == now => Ok(()),
            // There is no log, so nothing can have been appended to it.
            (Err(_), Err(_)) => Ok(()),
            (before, _) => {
                ends_at(before?, self.tree.size())?;
                self.seal(connection)
            }
        }
    }

    /// Appends to the tree what this transaction has appended to the log. The bytes hashed are read
    /// back, so that they are those that are stored.
    fn seal(&mut self, connection: &Connection) -> Result<(), Error> {
        let before = self.tree.size();
        let mut select = connection
            .prepare_cached("select seq, entry from disclosure where seq > ?1 order by seq")?;
        let mut insert = connection.prepare_cached("insert into leaf values (?1, ?2)")?;
        let mut rows = select.query([before])?;
        while let Some(row) = rows.next()? {
            let seq: u64 = row.get(0)?;
            if seq != self.tree.size() + 1 {
                return Err(wrong(self.tree.size() + 1, "it is missing"));
            }
            let hash = leaf(row.get_ref(1)?.as_bytes().map_err(|_| unreadable("disclosure"))?);
            insert.execute(params![seq, hash])?;
            self.tree.push(hash);
        }
        if self.tree.size() > before {
            connection
                .prepare_cached("update tree set size = ?1, edge = ?2 where id = 1")?
                .execute(params![self.tree.size(), self.tree.edge()])?;
        }
        Ok(())
    }

    fn holds_the_latest(&self, connection: &Connection) -> Result<(), Error> {
        let mut tree = self.tree.stem(CHECKED_AT_START);
        let mut select = connection.prepare(
            "select l.seq, l.hash, d.entry from leaf l left join disclosure d on d.seq = l.seq
             where l.seq > ?1 order by l.seq",
        )?;
        let mut rows = select.query([tree.size()])?;
        while let Some(row) = rows.next()? {
            let (seq, hash): (u64, Hash) = (row.get(0)?, row.get(1)?);
            let entry = row.get_ref(2)?.as_bytes_or_null().map_err(|_| unreadable("disclosure"))?;
            if entry.is_some_and(|entry| leaf(entry) != hash) {
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

/// The place of the last entry; 0 for an empty log.
pub(crate) fn last(connection: &Connection) -> Result<u64, Error> {
    let found: Option<u64> = connection
        .prepare_cached("select max(seq) from disclosure")?
        .query_row([], |row| row.get(0))?;
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
        let (size, edge) = (row.get_ref(0)?.as_i64().ok(), row.get_ref(1)?.as_bytes().ok());
        let size = size.and_then(|size| u64::try_from(size).ok());
        Ok(size.zip(edge).and_then(|(size, edge)| Tree::resume(size, edge)))
    };
    let found = connection
        .prepare_cached("select size, edge from tree where id = 1")?
        .query_row([], read)
        .optional()?;
    found.flatten().ok_or_else(|| unreadable("tree"))
}

fn wrong(seq: u64, why: &'static str) -> Error {
    Error::Log { seq, why }
}

fn unreadable(table: &'static str) -> Error {
    Error::Row { table, why: "it is not of its form".into() }
}
