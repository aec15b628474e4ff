//! XLSX, a zip of XML parts: the rows of the one sheet that holds something.
//!
//! The parts are parsed as strictly as XML that comes by itself. A row's or string's number that the
//! file declares is never a size to make room for.

use std::borrow::Cow;

use roxmltree::{Document as Xml, Node as Element, ParsingOptions};

use super::{
    Columns, Document, Format, Input, Limits,
    grid::{Cell, Grid, Wrong},
    xml,
};
use crate::Fault;

mod book;
mod cell;
mod parts;

use book::Book;
use parts::Parts;

/// Columns fill so many bits of a place, rows the rest.
const COLUMN_BITS: u32 = 14;
const ROWS_MAX: u32 = 1 << 17;
/// A part has more nodes than the table that is made of it: each cell has a kind, a style, a value.
const PART_NODES: usize = 4;
/// Many cells may share one long string.
const TEXT_BYTES: usize = 8;

pub(super) fn read<'i>(
    columns: Columns,
    bytes: &[u8],
    limits: &Limits,
) -> Result<Document<'i>, Fault> {
    let mut parts = Parts::open(bytes, limits)?;
    let book = Book::read(&mut parts, limits)?;
    let mut grid = Grid::new(columns, limits);
    let mut filled: Option<&str> = None;
    for sheet in &book.sheets {
        let text = parts.needed(&sheet.part)?;
        let rows = parsed(&text, limits, |xml| rows(xml, &book, limits))?;
        if rows.is_empty() {
            continue;
        }
        if filled.replace(&sheet.name).is_some() {
            let why = "a second sheet holds something, and one is read: remove the others";
            return Err(fault(("many-records", 0, why.into())));
        }
        grid.call(sheet.name.clone());
        rows.into_iter().try_for_each(|row| grid.row(row)).map_err(fault)?;
    }
    let nodes = grid.into_nodes();
    Ok(Document {
        format: Format::Xlsx(columns),
        input: Input::Grid,
        nodes,
        namespaces: Vec::new(),
    })
}

/// Row and column, from 1, of a place.
pub(super) const fn position(start: u32) -> (usize, usize) {
    ((start >> COLUMN_BITS) as usize + 1, (start & ((1 << COLUMN_BITS) - 1)) as usize + 1)
}

const fn place(row: u32, column: u32) -> u32 {
    row << COLUMN_BITS | column
}

fn fault((code, start, why): Wrong) -> Fault {
    let (line, column) = position(start);
    Fault { code, at: String::new(), field: None, line, column, why }
}

fn wrong(why: &str) -> Fault {
    fault(("not-well-formed", 0, why.to_owned()))
}

/// Parses a part; what is wrong with it is wrong with the file, at no place that a person sees.
fn parsed<R>(
    text: &str,
    limits: &Limits,
    take: impl FnOnce(Element<'_, '_>) -> Result<R, Fault>,
) -> Result<R, Fault> {
    let here = |found: Fault| Fault { line: 1, column: 1, ..found };
    xml::check(text, limits).map_err(here)?;
    let nodes_max = limits.nodes_max.saturating_mul(PART_NODES);
    let nodes_limit = u32::try_from(nodes_max).unwrap_or(u32::MAX);
    let options = ParsingOptions { allow_dtd: false, nodes_limit, entity_resolver: None };
    let xml = Xml::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::NodesLimitReached => {
            fault(("too-large", 0, format!("a sheet holds over {nodes_max} XML nodes")))
        }
        _ => wrong("a part of the XLSX file is not well-formed XML"),
    })?;
    take(xml.root_element())
}

/// The cells that hold something, row by row.
fn rows(
    sheet: Element<'_, '_>,
    book: &Book,
    limits: &Limits,
) -> Result<Vec<Vec<Cell<'static>>>, Fault> {
    let mut found = Vec::new();
    let mut room = limits.bytes_max.saturating_mul(TEXT_BYTES);
    let mut next_row = 0;
    let data = sheet.children().filter(|part| is(*part, "sheetData"));
    for element in data.flat_map(|data| data.children()).filter(|part| is(*part, "row")) {
        let row = number(element.attribute("r"), next_row)?;
        if row < next_row || row >= ROWS_MAX {
            return Err(fault(("too-large", 0, format!("rows are numbered from 1 to {ROWS_MAX}"))));
        }
        next_row = row + 1;
        let cells = cells(element, row, book, &mut room)?;
        if !cells.is_empty() {
            found.push(cells);
        }
    }
    Ok(found)
}

fn cells(
    row: Element<'_, '_>,
    number: u32,
    book: &Book,
    room: &mut usize,
) -> Result<Vec<Cell<'static>>, Fault> {
    let (mut found, mut next) = (Vec::new(), 0);
    for element in row.children().filter(|part| is(*part, "c")) {
        let column = match element.attribute("r") {
            Some(name) => cell::column(name).ok_or_else(|| wrong("a cell has no such name"))?,
            None => next,
        };
        let start = place(number, column);
        if column < next || column as usize >= super::COLUMNS_MAX {
            let why = format!("columns stand in order, up to {}", super::COLUMNS_MAX);
            return Err(fault(("too-large", place(number, 0), why)));
        }
        next = column + 1;
        let text =
            book.text(element).map_err(|why| fault(("not-well-formed", start, why.into())))?;
        *room = room.checked_sub(text.len()).ok_or_else(|| {
            fault(("too-large", start, "the texts of the cells are too long together".into()))
        })?;
        if !text.is_empty() {
            found.push(Cell { column: column as usize, text: Cow::Owned(text), start });
        }
    }
    Ok(found)
}

/// A number from 1 as one from 0; what does not say any follows the one before.
fn number(text: Option<&str>, next: u32) -> Result<u32, Fault> {
    let Some(text) = text else { return Ok(next) };
    let number = text.parse::<u32>().ok().and_then(|number| number.checked_sub(1));
    number.ok_or_else(|| wrong("a row has no such number"))
}

fn is(element: Element<'_, '_>, name: &str) -> bool {
    element.is_element() && element.tag_name().name() == name
}
