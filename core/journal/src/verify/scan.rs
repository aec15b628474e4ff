//! One pass over entries and leaves, side by side.

use luotsi_audit::{Hash, Tree, leaf};

use super::{
    columns::{self, Read},
    finding::{Finding, Wrong},
    notes::Note,
};
use crate::{
    Error,
    engine::{Connection, Value, params},
};

/// Rows read at once: the log is longer than memory is large.
const PAGE: i64 = 1000;

/// A row of the log; any of its columns may hold anything.
pub(super) struct Row {
    pub(super) seq: i64,
    pub(super) at: Found,
    pub(super) client: Found,
    pub(super) message: Found,
    /// The id of the message at that place, if there is one.
    pub(super) message_id: Found,
    pub(super) entry: Vec<u8>,
}

/// What a column holds, whatever it should.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Found {
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
    Other,
}

impl From<Value<'_>> for Found {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(number) => Self::Integer(number),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Blob(bytes) => Self::Blob(bytes.to_owned()),
            Value::Other => Self::Other,
        }
    }
}

/// How far the pass is, and what it has found.
pub(super) struct Scan {
    /// The tree as it is kept.
    kept: Tree,
    /// How many entries there should be.
    size: u64,
    /// The tree over the entries; where one was pruned, over its leaf.
    computed: Tree,
    /// The tree over the leaves as they are kept.
    leaves: Tree,
    /// Whether a place had neither entry nor leaf: from there on no tree can be computed.
    broken: bool,
    notes: std::iter::Peekable<std::vec::IntoIter<Note>>,
    /// Sizes of the checkpoints that hold.
    held: Vec<u64>,
    /// Places without entries, from and to.
    missing: Vec<(u64, u64)>,
    /// Places that prunings tell of.
    pruned: Vec<(u64, u64)>,
    findings: Vec<Finding>,
}

impl Scan {
    pub(super) fn new(kept: Tree, size: u64, notes: Vec<Note>) -> Self {
        Self {
            kept,
            size,
            computed: Tree::default(),
            leaves: Tree::default(),
            broken: false,
            notes: notes.into_iter().peekable(),
            held: Vec::new(),
            missing: Vec::new(),
            pruned: Vec::new(),
            findings: Vec::new(),
        }
    }

    pub(super) fn run(&mut self, connection: &Connection) -> Result<(), Error> {
        let mut rows = pages(|after| entries(connection, after), |row| row.seq).peekable();
        let mut leaves = pages(|after| leaves(connection, after), |leaf| leaf.0).peekable();
        let mut next = 1;
        loop {
            let at_row = rows.peek().map(|row| row.as_ref().map_or(i64::MIN, |row| row.seq));
            let at_leaf = leaves.peek().map(|leaf| leaf.as_ref().map_or(i64::MIN, |leaf| leaf.0));
            let Some(seq) = at_row.into_iter().chain(at_leaf).min() else { break };
            // A place that is there is taken; one that cannot be read stops the pass with its error.
            let row = rows.next_if(|_| at_row == Some(seq)).transpose()?;
            let kept = leaves.next_if(|_| at_leaf == Some(seq)).transpose()?;
            let place = u64::try_from(seq).unwrap_or(0);
            if place == 0 || place > self.size {
                self.find(place, Wrong::Extra);
                continue;
            }
            self.gap(next, place - 1);
            next = place + 1;
            self.take(connection, place, row.as_ref(), kept.and_then(|(_, hash)| hash))?;
        }
        self.gap(next, self.size);
        Ok(())
    }

    fn find(&mut self, seq: u64, what: Wrong) {
        self.findings.push(Finding { seq, what });
    }

    /// Neither entries nor leaves from one place to another.
    fn gap(&mut self, from: u64, to: u64) {
        if from <= to {
            self.missing.push((from, to));
            self.broken = true;
        }
    }

    fn take(
        &mut self,
        connection: &Connection,
        seq: u64,
        row: Option<&Row>,
        kept: Option<Hash>,
    ) -> Result<(), Error> {
        let computed = row.map(|row| leaf(&row.entry));
        match (row, computed, kept) {
            (Some(row), Some(computed), Some(kept)) if computed == kept => {
                match columns::compare(connection, row)? {
                    Read::Agrees(None) => {}
                    Read::Agrees(Some(pruning)) => self.pruned.extend(pruning.ranges),
                    Read::Wrong(wrong) => self.find(seq, wrong),
                }
            }
            (Some(_), _, Some(_)) => self.find(seq, Wrong::Changed),
            (Some(_), _, None) => self.find(seq, Wrong::NoLeaf),
            (None, ..) => match self.missing.last_mut() {
                Some((_, to)) if *to + 1 == seq => *to = seq,
                _ => self.missing.push((seq, seq)),
            },
        }
        if let (false, Some(any)) = (self.broken, computed.or(kept)) {
            self.computed.push(computed.unwrap_or(any));
            self.leaves.push(kept.unwrap_or(any));
            self.hold_against_notes();
        }
        Ok(())
    }

    /// Compares with the checkpoints of just this size.
    fn hold_against_notes(&mut self) {
        let size = self.leaves.size();
        while let Some(note) = self.notes.next_if(|note| note.size <= size) {
            match note.opened {
                Err(why) => {
                    self.find(note.size, Wrong::Checkpoint { from: note.from, why });
                }
                Ok(checkpoint) => {
                    let root = checkpoint.root;
                    if root == self.leaves.root() || root == self.computed.root() {
                        self.held.push(size);
                    } else {
                        let from = self.held.last().map_or(1, |held| held + 1);
                        self.find(from, Wrong::Rewritten { to: size });
                    }
                }
            }
        }
    }

    /// What is wrong in all, how many entries were pruned, and the sizes of the checkpoints that
    /// hold.
    pub(super) fn conclude(mut self) -> (Vec<Finding>, u64, Vec<u64>) {
        self.hold_against_edge();
        self.judge_later_notes();
        let gone = std::mem::take(&mut self.missing);
        let (unaccounted, pruned) = without(&gone, std::mem::take(&mut self.pruned));
        for (from, to) in unaccounted {
            self.find(from, Wrong::Missing { to });
        }
        (self.findings, pruned, self.held)
    }

    fn hold_against_edge(&mut self) {
        if self.broken || self.leaves == self.kept {
            return;
        }
        if self.computed == self.kept {
            // The entries give the tree as it is kept, so it is the leaves that were changed.
            let changed = self.findings.iter_mut().filter(|f| f.what == Wrong::Changed);
            changed.for_each(|finding| finding.what = Wrong::Leaf);
            return;
        }
        let from = self.held.last().map_or(1, |held| held + 1).min(self.size);
        self.find(from, Wrong::Edge { to: self.size });
    }

    /// The checkpoints of more entries than could be computed.
    fn judge_later_notes(&mut self) {
        let size = self.size;
        let later: Vec<_> = self.notes.by_ref().collect();
        for note in later {
            match note.opened {
                Err(why) => self.find(note.size, Wrong::Checkpoint { from: note.from, why }),
                Ok(checkpoint) if checkpoint.size > size => {
                    self.find(size + 1, Wrong::Cut { to: checkpoint.size });
                }
                // Something before it is missing, which is told.
                Ok(_) => {}
            }
        }
    }
}

/// The places of `gone` that are in none of `told`, and how many are.
fn without(gone: &[(u64, u64)], mut told: Vec<(u64, u64)>) -> (Vec<(u64, u64)>, u64) {
    told.sort_unstable();
    let (mut left, mut covered, mut at) = (Vec::new(), 0, 0);
    for &(from, to) in gone {
        let mut next = from;
        while next <= to {
            while told.get(at).is_some_and(|(_, last)| *last < next) {
                at += 1;
            }
            match told.get(at) {
                Some(&(first, last)) if first <= next => {
                    let end = last.min(to);
                    covered += end - next + 1;
                    next = end + 1;
                }
                Some(&(first, _)) if first <= to => {
                    left.push((next, first - 1));
                    next = first;
                }
                _ => {
                    left.push((next, to));
                    next = to + 1;
                }
            }
        }
    }
    (left, covered)
}

/// Rows in the order of their places, read page by page. Ends with the first failure.
fn pages<T>(
    mut page: impl FnMut(i64) -> Result<Vec<T>, Error>,
    place: impl Fn(&T) -> i64,
) -> impl Iterator<Item = Result<T, Error>> {
    let (mut after, mut at_hand) = (i64::MIN, Vec::new().into_iter());
    let mut is_over = false;
    std::iter::from_fn(move || {
        if at_hand.len() == 0 && !is_over {
            match page(after) {
                Ok(rows) => {
                    is_over = rows.is_empty();
                    after = rows.last().map_or(after, &place);
                    at_hand = rows.into_iter();
                }
                Err(error) => {
                    is_over = true;
                    return Some(Err(error));
                }
            }
        }
        at_hand.next().map(Ok)
    })
}

fn entries(connection: &Connection, after: i64) -> Result<Vec<Row>, Error> {
    connection.all(
        "select d.seq, d.at, d.client, d.message, m.id, d.entry
         from disclosure d left join message m on m.seq = d.message
         where d.seq > ?1 order by d.seq limit ?2",
        params![after, PAGE],
        |row| {
            Ok(Row {
                seq: row.get(0)?,
                at: row.value(1)?.into(),
                client: row.value(2)?.into(),
                message: row.value(3)?.into(),
                message_id: row.value(4)?.into(),
                // The bytes, whatever type they claim to be of; a number is no entry.
                entry: row.bytes(5)?.unwrap_or_default().to_vec(),
            })
        },
    )
}

fn leaves(connection: &Connection, after: i64) -> Result<Vec<(i64, Option<Hash>)>, Error> {
    connection.all(
        "select seq, hash from leaf where seq > ?1 order by seq limit ?2",
        params![after, PAGE],
        |row| Ok((row.get(0)?, row.bytes(1)?.and_then(|bytes| bytes.try_into().ok()))),
    )
}
