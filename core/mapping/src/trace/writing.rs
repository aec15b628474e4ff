//! What is told of a document that was written.

use std::ops::Range;

use luotsi_model::{FieldId, Schema};

use super::{Site, Write, numbered};
use crate::Leaf;

/// One place that was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wrote {
    /// Its bytes in the document.
    pub at: Range<usize>,
    /// Whether it is an attribute's value.
    pub is_attribute: bool,
    /// The rule.
    pub by: Site,
    /// The field it shows, with its rows' numbers; none for what the mapping or the send gives.
    pub field: Option<String>,
}

impl Wrote {
    /// Which leaf of the document, read back, this is.
    pub fn leaf(&self, leaves: &[Leaf<'_>]) -> Option<usize> {
        let is_its =
            |leaf: &Leaf<'_>| leaf.start <= self.at.start && leaf.is_attribute == self.is_attribute;
        leaves.iter().rposition(is_its)
    }
}

/// The listener.
pub(crate) struct Written<'s> {
    schema: &'s Schema,
    rows: Vec<usize>,
    pub(crate) all: Vec<Wrote>,
}

impl<'s> Written<'s> {
    pub(crate) const fn new(schema: &'s Schema) -> Self {
        Self { schema, rows: Vec::new(), all: Vec::new() }
    }
}

impl Write for Written<'_> {
    fn wrote(&mut self, at: Range<usize>, is_attribute: bool, by: Site, of: Option<FieldId>) {
        let field = of.map(|id| numbered(&self.schema.field(id).path, &self.rows));
        self.all.push(Wrote { at, is_attribute, by, field });
    }

    fn taken_back(&mut self, from: usize) {
        self.all.retain(|wrote| wrote.at.start < from);
    }

    fn opened(&mut self, row: usize) {
        self.rows.push(row);
    }

    fn closed(&mut self) {
        self.rows.pop();
    }
}
