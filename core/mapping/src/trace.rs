//! Listening to a translation: which rule took each leaf, filled each field and wrote each place.
//!
//! The translation is the same one, with a listener. `()` hears nothing and costs nothing.

use std::ops::Range;

use luotsi_model::FieldId;

mod reading;
mod writing;

pub(crate) use reading::Heard;
pub use reading::{Given, Reading, Taken};
pub(crate) use writing::Written;
pub use writing::Wrote;

/// A rule, by the byte of its mapping file at which it starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Site(u32);

impl Site {
    pub(crate) fn at(start: usize) -> Self {
        Self(u32::try_from(start).unwrap_or(u32::MAX))
    }

    /// The byte in the mapping file.
    pub const fn start(self) -> usize {
        self.0 as usize
    }
}

/// Hears a document being read. Rows open and close like brackets; the record is row 0.
pub(crate) trait Read {
    /// The next leaf, in the order of the document. What is told next is of this one.
    fn leaf(&mut self, _node: u32) {}
    fn ignored(&mut self, _by: Option<Site>) {}
    /// It counts as mapped, by a rule or as what a rule looks at.
    fn known(&mut self) {}
    fn met(&mut self, _by: Site) {}
    fn filled(&mut self, _row: u32, _field: FieldId, _by: Site) {}
    fn given(&mut self, _field: FieldId, _by: Site) {}
    fn opened(&mut self) {}
    /// The innermost row is done; kept as a row of that group, or dropped.
    fn closed(&mut self, _kept: Option<FieldId>) {}
}

/// Hears a document being written. Ranges are bytes of the document.
pub(crate) trait Write {
    fn wrote(&mut self, _at: Range<usize>, _is_attribute: bool, _by: Site, _of: Option<FieldId>) {}
    /// What was written from this byte on is not kept.
    fn taken_back(&mut self, _from: usize) {}
    fn opened(&mut self, _row: usize) {}
    fn closed(&mut self) {}
}

impl Read for () {}
impl Write for () {}

/// `goals[].text` with the numbers of its rows: `goals[1].text`.
fn numbered(path: &str, rows: &[usize]) -> String {
    let mut parts = path.split("[]");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (part, row) in parts.zip(rows.iter().map(Some).chain(std::iter::repeat(None))) {
        match row {
            Some(row) => out.push_str(&format!("[{row}]")),
            None => out.push_str("[]"),
        }
        out.push_str(part);
    }
    out
}
