//! Tables: each row is a document of its own, with its place in the whole.

use std::borrow::Cow;

use super::{Document, Node, Sort};
use crate::Fault;

/// A cell that a spreadsheet program would take for a formula: past spaces and quotes, what begins
/// one. Such a cell is written with a quote before it, and read without.
///
/// See OWASP, *CSV Injection*.
pub(crate) fn is_formula(text: &str) -> bool {
    let begins = |c| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    // Quotes before it change nothing: so what is written with one more reads back.
    text.trim_start_matches('\'').starts_with(['\t', '\r', '\n'])
        || text.trim_start_matches(|c: char| c == '\'' || c.is_whitespace()).starts_with(begins)
}

/// The cell without the quote that [`is_formula`] asks for.
pub(super) fn without_guard(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.strip_prefix('\'').is_some_and(is_formula) {
        return text;
    }
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[1..]),
        Cow::Owned(mut text) => {
            text.remove(0);
            Cow::Owned(text)
        }
    }
}

impl Fault {
    /// A table without rows.
    pub fn no_record() -> Self {
        let why = "the table has no row with anything in it".to_owned();
        super::place::fault("no-record", "", 0, why)
    }
}

impl<'i> Document<'i> {
    /// The documents of the records in it: each row of a table, and any other document itself.
    pub fn records(self) -> Vec<Self> {
        if !self.is_whole_table() {
            return vec![self];
        }
        let Self { format, input, nodes, namespaces } = self;
        let input = input.parted();
        let mut nodes = nodes.into_iter().skip(1);
        let mut rows = Vec::new();
        let mut start = 1;
        while let Some(row) = nodes.next() {
            let end = row.end;
            let mut own = Vec::with_capacity((end - start) as usize);
            own.push(Node { parent: 0, end: end - start, ..row });
            own.extend(nodes.by_ref().take((end - start - 1) as usize).map(|cell| Node {
                parent: cell.parent - start,
                end: cell.end - start,
                ..cell
            }));
            start = end;
            let (input, namespaces) = (input.clone(), namespaces.clone());
            rows.push(Self { format, input, nodes: own, namespaces });
        }
        rows
    }

    /// The one document that is in it.
    ///
    /// # Errors
    /// `no-record` for a table without rows, `many-records` for one with several.
    pub fn record(self) -> Result<Self, Fault> {
        let mut records = self.records();
        match records.len() {
            1 => Ok(records.remove(0)),
            0 => Err(Fault::no_record()),
            _ => {
                let (line, column) = records[1].position(0);
                let why = "a second record begins here, and one is taken at a time".to_owned();
                Err(Fault {
                    code: "many-records",
                    at: String::new(),
                    field: None,
                    line,
                    column,
                    why,
                })
            }
        }
    }

    fn is_whole_table(&self) -> bool {
        self.format.is_table() && self.nodes[0].sort == Sort::Array
    }
}
