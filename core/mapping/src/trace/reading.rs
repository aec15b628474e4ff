//! What is told of a document that was read.

use std::collections::HashMap;

use luotsi_model::{FieldId, Schema};

use super::{Read, Site, numbered};
use crate::{Document, Leaf};

/// A document read, told leaf by leaf.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// What became of each leaf, in the order of [`Document::leaves_told`].
    pub leaves: Vec<Taken>,
    /// What the record got from no leaf: constants and defaults of the mapping.
    pub given: Vec<Given>,
}

/// What became of one leaf. Neither taken nor ignored: unmapped.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Taken {
    /// The rules that took it, each with the field that it filled: `goals[1].text`. None for a
    /// constant, a mark, a value that does not fit, or one that is left over by its row.
    pub by: Vec<(Site, Option<String>)>,
    /// The `ignored` that names it; told only of what no rule took.
    pub ignored: Option<Site>,
    /// Whether nothing in the mapping names it.
    pub is_unmapped: bool,
}

/// A value of the record that no leaf gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// The field, with its rows' numbers.
    pub field: String,
    /// The rule.
    pub by: Site,
}

/// The listener.
#[derive(Default)]
pub(crate) struct Heard {
    leaves: Vec<(u32, Taken)>,
    slots: Vec<Slot>,
    rows: Vec<Row>,
}

/// A value of the record, and the row numbers on the way to it, the outermost last.
struct Slot {
    field: FieldId,
    /// A leaf, and which of its rules.
    of: Option<(usize, usize)>,
    by: Site,
    rows: Vec<usize>,
    is_kept: bool,
}

#[derive(Default)]
struct Row {
    slots: Vec<usize>,
    counts: HashMap<FieldId, usize>,
}

impl Read for Heard {
    fn leaf(&mut self, node: u32) {
        self.leaves.push((node, Taken { is_unmapped: true, ..Taken::default() }));
    }

    fn ignored(&mut self, by: Option<Site>) {
        if let Some((_, leaf)) = self.leaves.last_mut() {
            leaf.ignored = by;
            leaf.is_unmapped = by.is_none();
        }
    }

    fn known(&mut self) {
        if let Some((_, leaf)) = self.leaves.last_mut() {
            leaf.is_unmapped = false;
        }
    }

    fn met(&mut self, by: Site) {
        self.took(by);
    }

    fn filled(&mut self, row: u32, field: FieldId, by: Site) {
        let of = self.took(by);
        self.slot(row as usize, Slot { field, of, by, rows: Vec::new(), is_kept: false });
    }

    fn given(&mut self, field: FieldId, by: Site) {
        let innermost = self.rows.len().saturating_sub(1);
        self.slot(innermost, Slot { field, of: None, by, rows: Vec::new(), is_kept: false });
    }

    fn opened(&mut self) {
        self.rows.push(Row::default());
    }

    fn closed(&mut self, kept: Option<FieldId>) {
        let Some(row) = self.rows.pop() else { return };
        let (Some(group), Some(outer)) = (kept, self.rows.last_mut()) else { return };
        let count = outer.counts.entry(group).or_default();
        let number = *count;
        *count += 1;
        outer.slots.extend(&row.slots);
        for slot in row.slots {
            self.slots[slot].rows.push(number);
        }
    }
}

impl Heard {
    fn took(&mut self, by: Site) -> Option<(usize, usize)> {
        let at = self.leaves.len().checked_sub(1)?;
        let (_, leaf) = &mut self.leaves[at];
        leaf.by.push((by, None));
        Some((at, leaf.by.len() - 1))
    }

    fn slot(&mut self, row: usize, slot: Slot) {
        if let Some(row) = self.rows.get_mut(row) {
            row.slots.push(self.slots.len());
            self.slots.push(slot);
        }
    }

    /// The account, in the order of the document.
    pub(crate) fn told(mut self, schema: &Schema) -> Reading {
        let record = self.rows.pop().unwrap_or_default();
        record.slots.iter().for_each(|slot| self.slots[*slot].is_kept = true);
        let mut given = Vec::new();
        for slot in self.slots.iter().filter(|slot| slot.is_kept) {
            let rows: Vec<_> = slot.rows.iter().rev().copied().collect();
            let field = numbered(&schema.field(slot.field).path, &rows);
            match slot.of {
                Some((leaf, rule)) => self.leaves[leaf].1.by[rule].1 = Some(field),
                None => given.push(Given { field, by: slot.by }),
            }
        }
        self.leaves.sort_by_key(|(node, _)| *node);
        Reading { leaves: self.leaves.into_iter().map(|(_, taken)| taken).collect(), given }
    }
}

impl Reading {
    /// Each leaf with what became of it.
    pub fn of<'r, 'd>(
        &'r self,
        document: &'d Document<'_>,
    ) -> impl Iterator<Item = (Leaf<'d>, &'r Taken)> {
        document.leaves_told().into_iter().zip(&self.leaves)
    }
}
