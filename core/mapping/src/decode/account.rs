//! The account of a document's leaves, and its faults.

use luotsi_model::{FieldId, Schema};

use crate::{
    Document, Fault, Lossy, lossy,
    path::Path,
    trace::{Read, Site},
};

/// So many are listed: a hostile document shall not make a huge answer.
const LISTED_MAX: usize = 256;

/// What became of the leaves.
pub(super) struct Account<'d, 'i, T> {
    pub(super) trace: T,
    pub(super) document: &'d Document<'i>,
    pub(super) mapped: u32,
    pub(super) ignored: u32,
    pub(super) unmapped_count: u32,
    pub(super) unmapped: Vec<u32>,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Fault>,
    pub(super) lossy: Vec<Lossy>,
}

impl<'d, 'i, T: Read> Account<'d, 'i, T> {
    pub(super) fn new(document: &'d Document<'i>, trace: T) -> Self {
        Self {
            trace,
            document,
            mapped: 0,
            ignored: 0,
            unmapped_count: 0,
            unmapped: Vec::new(),
            faults: Vec::new(),
            warnings: Vec::new(),
            lossy: Vec::new(),
        }
    }

    /// A leaf that a rule took, or looks at.
    pub(super) fn took(&mut self) {
        self.trace.known();
        self.mapped += 1;
    }

    /// A leaf that no rule took.
    pub(super) fn left(&mut self, leaf: u32, ignored: Option<Site>) {
        self.trace.ignored(ignored);
        if ignored.is_some() {
            self.ignored += 1;
            return;
        }
        self.unmapped_count += 1;
        if self.unmapped.len() < LISTED_MAX {
            self.unmapped.push(leaf);
        }
    }

    /// A whole subtree that no rule reaches into.
    pub(super) fn left_all(&mut self, top: u32, ignored: Option<Site>) {
        for at in top..self.document.node(top).end {
            if self.document.is_leaf(at) {
                self.trace.leaf(at);
                self.left(at, ignored);
            }
        }
    }

    pub(super) fn fault(
        &mut self,
        code: &'static str,
        at: u32,
        field: Option<(&Schema, FieldId)>,
        why: String,
    ) {
        if self.faults.len() < LISTED_MAX {
            self.faults.push(self.document.fault(code, at, field, why));
        }
    }

    /// A place that should be there; the fault stands at the nearest one that is.
    pub(super) fn missing(&mut self, from: u32, path: &Path, field: (&Schema, FieldId)) {
        let (top, below) = (self.document.path(from), path.names());
        let slash = if top.is_empty() || below.is_empty() { "" } else { path.joint() };
        let near = self.document.nearest(from, path);
        let why = "it is missing or empty, and the record needs it".to_owned();
        self.fault("missing-field", near, Some(field), why);
        if let Some(last) = self.faults.last_mut() {
            last.at = format!("{top}{slash}{below}");
        }
    }

    /// A code whose table has none that says as much.
    pub(super) fn lost(&mut self, leaf: u32, table: &str) {
        lossy::add(&mut self.lossy, table, self.document.path(leaf));
    }

    pub(super) fn warn(&mut self, at: u32, field: (&Schema, FieldId), why: String) {
        if self.warnings.len() < LISTED_MAX {
            self.warnings.push(self.document.fault("wrong-hetu", at, Some(field), why));
        }
    }
}

impl Document<'_> {
    /// A fault at a node.
    pub(super) fn fault(
        &self,
        code: &'static str,
        at: u32,
        field: Option<(&Schema, FieldId)>,
        why: String,
    ) -> Fault {
        let (line, column) = self.position(at);
        let field = field.map(|(schema, id)| schema.field(id).path.clone());
        Fault { code, at: self.path(at), field, line, column, why }
    }
}
