//! CSV, RFC 4180: rows of cells, all of one length. Strict, since a stray quote moves every cell
//! after it: a quote stands around a whole cell, or doubled in one.

use std::borrow::Cow;

use super::{
    BYTE_ORDER_MARK, COLUMNS_MAX, Csv, Document, Encoding, Format, Input, Limits, Node,
    grid::{Cell, Grid, Wrong},
    input, place, table,
};
use crate::Fault;

pub(super) fn read<'i>(csv: Csv, bytes: &'i [u8], limits: &Limits) -> Result<Document<'i>, Fault> {
    let input = input::decoded(bytes, csv.encoding)?;
    let nodes = match &input {
        Input::Lent(text) => Reader::new(csv, text).read(limits)?,
        text => {
            let nodes = Reader::new(csv, text).read(limits)?;
            nodes.into_iter().map(Node::into_owned).collect()
        }
    };
    Ok(Document { format: Format::Csv(csv), input, nodes, namespaces: Vec::new() })
}

struct Reader<'i> {
    csv: Csv,
    input: &'i str,
    at: usize,
}

impl<'i> Reader<'i> {
    fn new(csv: Csv, input: &'i str) -> Self {
        let is_marked = csv.encoding != Encoding::Latin1 && input.starts_with(BYTE_ORDER_MARK);
        let at = if is_marked { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        Self { csv, input, at }
    }

    fn read(mut self, limits: &Limits) -> Result<Vec<Node<'i>>, Fault> {
        let mut grid = Grid::new(self.csv.columns, limits);
        let mut width = None;
        while let Some(row) = self.row()? {
            if row.iter().all(|cell| cell.text.is_empty()) {
                continue;
            }
            let (cells, start) = (row.len(), row[0].start);
            let first = *width.get_or_insert(cells);
            if first != cells {
                let why = format!("the row has {cells} cells, the first one {first}");
                return Err(self.fault(("not-well-formed", start, why)));
            }
            grid.row(row).map_err(|wrong| self.fault(wrong))?;
        }
        Ok(grid.into_nodes())
    }

    /// The next line that is not blank.
    fn row(&mut self) -> Result<Option<Vec<Cell<'i>>>, Fault> {
        while self.input[self.at..].starts_with(['\r', '\n']) {
            self.at += 1;
        }
        if self.at == self.input.len() {
            return Ok(None);
        }
        let mut row = Vec::new();
        loop {
            if row.len() == COLUMNS_MAX {
                return Err(self.wrong("too-large", &format!("over {COLUMNS_MAX} columns")));
            }
            let start = self.at as u32;
            let text = table::without_guard(self.cell()?);
            row.push(Cell { column: row.len(), text, start });
            if !self.input[self.at..].starts_with(self.csv.delimiter) {
                return Ok(Some(row));
            }
            self.at += self.csv.delimiter.len_utf8();
        }
    }

    fn cell(&mut self) -> Result<Cow<'i, str>, Fault> {
        if self.input[self.at..].starts_with('"') { self.quoted() } else { self.bare() }
    }

    /// Space around what is not quoted is layout.
    fn bare(&mut self) -> Result<Cow<'i, str>, Fault> {
        let rest = &self.input[self.at..];
        let is_end = |c| c == self.csv.delimiter || matches!(c, '\r' | '\n');
        let text = &rest[..rest.find(is_end).unwrap_or(rest.len())];
        if let Some(at) = text.find('"') {
            self.at += at;
            let why =
                "a quote stands within a cell: put quotes around the whole cell, and double it";
            return Err(self.wrong("not-well-formed", why));
        }
        self.check_text(text)?;
        self.at += text.len();
        Ok(Cow::Borrowed(text.trim_matches([' ', '\t'])))
    }

    fn quoted(&mut self) -> Result<Cow<'i, str>, Fault> {
        let opened = self.at;
        self.at += 1;
        let mut text = Cow::Borrowed("");
        loop {
            let rest = &self.input[self.at..];
            let Some(end) = rest.find('"') else {
                self.at = opened;
                return Err(self.wrong("not-well-formed", "this quote is not closed"));
            };
            self.check_text(&rest[..end])?;
            if text.is_empty() {
                text = Cow::Borrowed(&rest[..end]);
            } else {
                text.to_mut().push_str(&rest[..end]);
            }
            self.at += end + 1;
            if !self.input[self.at..].starts_with('"') {
                return self.ended().map(|()| text);
            }
            text.to_mut().push('"');
            self.at += 1;
        }
    }

    /// After a closing quote only the cell's end stands.
    fn ended(&self) -> Result<(), Fault> {
        let next = self.input[self.at..].chars().next();
        if next.is_none_or(|c| c == self.csv.delimiter || matches!(c, '\r' | '\n')) {
            return Ok(());
        }
        Err(self.wrong("not-well-formed", "something stands after a cell's closing quote"))
    }

    fn check_text(&self, text: &str) -> Result<(), Fault> {
        let is_barred = |c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n');
        match text.find(is_barred) {
            None => Ok(()),
            Some(at) => {
                let why = "a control character stands here".to_owned();
                Err(place::fault("not-well-formed", self.input, self.at + at, why))
            }
        }
    }

    fn fault(&self, (code, start, why): Wrong) -> Fault {
        place::fault(code, self.input, start as usize, why)
    }

    fn wrong(&self, code: &'static str, why: &str) -> Fault {
        place::fault(code, self.input, self.at, why.to_owned())
    }
}
