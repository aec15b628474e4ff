//! Checks the whole disclosure log from a copy of the database, without a hub: recomputes every
//! leaf and the tree, and holds them against the checkpoints.
//!
//! ```text
//! entries ─leaf─► computed ┐
//!                          ├─► tree ─► root at each checkpoint's size, edge at the end
//! leaves kept ─────────────┘
//! ```
//!
//! What must hold: no byte of the log can be other than it was when a checkpoint was signed without
//! a finding here, given that the checkpoint and its key are kept elsewhere. The database is only
//! read.

mod columns;
mod finding;
mod notes;
mod scan;

use luotsi_audit::{Hash, Tree, VerifyingKey};

use crate::{
    Error,
    engine::{Connection, Database},
    keeper, migrate,
};

pub use finding::{Finding, Wrong};

/// Findings told of one log; the number of all is told as well.
const TOLD_MAX: usize = 100;

/// What the log is checked against, beside itself.
#[derive(Clone, Debug, Default)]
pub struct Against {
    /// The log's key, held elsewhere. Without it the checkpoints are checked by the keys that the
    /// database itself names, which says nothing against one who could replace both.
    pub key: Option<VerifyingKey>,
    /// Signed checkpoints kept elsewhere, each with where it was read.
    pub notes: Vec<(String, String)>,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// How many entries the log has had.
    pub size: u64,
    /// How many of them were pruned at the end of their retention.
    pub pruned: u64,
    /// The root of the tree as kept.
    pub root: Hash,
    /// How many checkpoints hold.
    pub checkpoints: usize,
    /// The size of the largest checkpoint that holds.
    pub covered: u64,
    /// What is wrong, the earliest entry first; no more than the first 100.
    pub findings: Vec<Finding>,
    /// How much is wrong.
    pub found: usize,
}

/// Checks the log of a journal's database.
///
/// # Errors
/// When it cannot be read or is no journal of this version: then nothing is said of the log.
pub fn verify(database: impl Into<Database>, against: &Against) -> Result<Verified, Error> {
    let connection = Connection::beside(&database.into())?;
    let found = migrate::version(&connection)?;
    if found != migrate::KNOWN {
        return Err(Error::Schema { found, known: migrate::KNOWN });
    }
    // One moment for all the questions, should a hub be running after all.
    connection.at_once(|| look(&connection, against))
}

fn look(connection: &Connection, against: &Against) -> Result<Verified, Error> {
    let (tree, size) = kept(connection)?;
    let notes = notes::all(connection, against)?;
    let mut scan = scan::Scan::new(tree.clone(), size, notes);
    scan.run(connection)?;
    let (mut findings, pruned, held) = scan.conclude();
    let left_out = columns::left_out(connection)?.into_iter();
    findings.extend(left_out.map(|(seq, column)| Finding { seq, what: Wrong::Index(column) }));
    findings.sort_by_key(|finding| finding.seq);
    let found = findings.len();
    findings.truncate(TOLD_MAX);
    Ok(Verified {
        size,
        pruned,
        root: tree.root(),
        checkpoints: held.len(),
        covered: held.last().copied().unwrap_or(0),
        findings,
        found,
    })
}

/// The tree as kept, and how many entries there should be. A tree that is not of its form fits no
/// log, which is then found.
fn kept(connection: &Connection) -> Result<(Tree, u64), Error> {
    match keeper::kept(connection) {
        Ok(tree) => Ok((tree.clone(), tree.size())),
        Err(Error::Row { .. }) => {
            let last = "select coalesce(max(seq), 1) from leaf";
            let size: i64 = connection.one(last, &[], |row| row.get(0))?;
            Ok((Tree::default(), u64::try_from(size).unwrap_or(1)))
        }
        Err(error) => Err(error),
    }
}

/// The latest checkpoint of a journal's database: its signed note.
///
/// # Errors
/// When it cannot be read or is no journal.
pub fn latest(database: impl Into<Database>) -> Result<Option<String>, Error> {
    let connection = Connection::beside(&database.into())?;
    if migrate::version(&connection)? < 2 {
        return Ok(None);
    }
    crate::read::checkpoint(&connection)
}
