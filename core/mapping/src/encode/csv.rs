//! CSV, straight from the plan: the header row, if there is one, and the record's row.

use std::borrow::Cow;

use luotsi_model::Values;

use super::{
    output::{Leaf, Output, Stem},
    text::Source,
};
use crate::{
    Columns, Csv, Encoding, Fault,
    compile::rule::What,
    document::{BYTE_ORDER_MARK, is_formula},
    trace::Write,
};

/// A cell's text, and what wrote it.
type Cell<'v> = (Cow<'v, str>, Option<&'v Leaf>);

pub(super) fn write<T: Write>(
    csv: Csv,
    plan: &Output,
    source: &Source<'_>,
    values: &Values,
    out: &mut String,
    trace: &mut T,
) -> Result<(), Fault> {
    if csv.encoding == Encoding::Utf8Marked {
        out.push(BYTE_ORDER_MARK);
    }
    let columns = &plan.root.children;
    if csv.columns == Columns::Named {
        let names = columns.iter().map(|column| (Cow::Borrowed(column.name()), None));
        row(csv, names, out, trace);
    }
    let mut cells = Vec::with_capacity(columns.len());
    for (nth, column) in columns.iter().enumerate() {
        let at = match csv.columns {
            Columns::Named => nth,
            // The compiler lets numbers from 1 through.
            Columns::Numbered => column.name().parse::<usize>().map_or(nth, |number| number - 1),
        };
        if cells.len() <= at {
            cells.resize(at + 1, (Cow::Borrowed(""), None));
        }
        cells[at] = cell(csv, column, source, values)?;
    }
    row(csv, cells.into_iter(), out, trace);
    Ok(())
}

/// The bytes of what was written; every character has been checked.
pub(super) fn bytes(csv: Csv, text: String) -> Vec<u8> {
    match csv.encoding {
        Encoding::Utf8 | Encoding::Utf8Marked => text.into_bytes(),
        Encoding::Latin1 => text.chars().map(|c| c as u8).collect(),
    }
}

fn cell<'v>(
    csv: Csv,
    column: &'v Stem,
    source: &'v Source<'_>,
    values: &'v Values,
) -> Result<Cell<'v>, Fault> {
    let Some(leaf) = &column.own else { return Ok((Cow::Borrowed(""), None)) };
    let text = source.of(leaf, values)?.map_or(Cow::Borrowed(""), |written| written.text);
    let Some(why) = barred(&text, csv.encoding) else { return Ok((text, Some(leaf))) };
    let field = match &leaf.what {
        What::Field { id, .. } => Some(*id),
        _ => None,
    };
    Err(source.fault("wrong-type", &leaf.at, field, why))
}

/// Why a text cannot stand in a cell.
fn barred(text: &str, encoding: Encoding) -> Option<&'static str> {
    if text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n')) {
        return Some("the text holds a control character, which a table does not carry");
    }
    let is_beyond = encoding == Encoding::Latin1 && text.contains(|c| c > '\u{ff}');
    is_beyond.then_some("the text holds a character that ISO-8859-1 lacks")
}

fn row<'v, T: Write>(
    csv: Csv,
    cells: impl ExactSizeIterator<Item = Cell<'v>>,
    out: &mut String,
    trace: &mut T,
) {
    // A line with nothing in it would be read over.
    let is_alone = cells.len() == 1;
    for (at, (text, leaf)) in cells.enumerate() {
        if at > 0 {
            out.push(csv.delimiter);
        }
        let start = out.len();
        put(csv, &text, is_alone && text.is_empty(), out);
        if let Some(leaf) = leaf.filter(|_| !text.is_empty()) {
            leaf.told(start..out.len(), false, trace);
        }
    }
    out.push_str("\r\n");
}

/// Writes a cell so that no spreadsheet program takes it for a formula, and it reads back as it is.
fn put(csv: Csv, text: &str, is_quoted: bool, out: &mut String) {
    let is_special = |c| c == csv.delimiter || matches!(c, '"' | '\r' | '\n');
    let is_layout = |c| matches!(c, ' ' | '\t' | BYTE_ORDER_MARK);
    let guard = if is_formula(text) { "'" } else { "" };
    let is_bare = !text.contains(is_special)
        && !text.starts_with(is_layout)
        && !text.ends_with(is_layout)
        && guard.is_empty()
        && !is_quoted;
    if is_bare {
        return out.push_str(text);
    }
    out.push('"');
    out.push_str(guard);
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}
