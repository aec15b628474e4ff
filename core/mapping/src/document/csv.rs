//! CSV, RFC 4180: rows of cells, all of one length. Strict, since a stray quote moves every cell
//! after it: a quote stands around a whole cell, or doubled in one.

use std::{borrow::Cow, collections::HashSet};

use super::{
    BYTE_ORDER_MARK, Columns, Csv, Document, Encoding, Format, Input, Limits, Node, Sort, input,
    place, table,
};
use crate::Fault;

/// A wider table is nobody's honest document.
pub(crate) const COLUMNS_MAX: usize = 1024;

pub(super) fn read<'i>(csv: Csv, bytes: &'i [u8], limits: &Limits) -> Result<Document<'i>, Fault> {
    let input = input::decoded(bytes, csv.encoding)?;
    let nodes = match &input {
        Input::Lent(text) => Reader::new(csv, text, limits).read()?,
        Input::Own(text) => {
            let nodes = Reader::new(csv, text, limits).read()?;
            nodes.into_iter().map(Node::into_owned).collect()
        }
    };
    Ok(Document { format: Format::Csv(csv), input, nodes, namespaces: Vec::new() })
}

struct Reader<'i> {
    csv: Csv,
    input: &'i str,
    at: usize,
    limits: Limits,
    names: Vec<Cow<'i, str>>,
    nodes: Vec<Node<'i>>,
}

/// A cell and where it starts.
type Cell<'i> = (Cow<'i, str>, u32);

impl<'i> Reader<'i> {
    fn new(csv: Csv, input: &'i str, limits: &Limits) -> Self {
        let is_marked = csv.encoding != Encoding::Latin1 && input.starts_with(BYTE_ORDER_MARK);
        let at = if is_marked { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        Self { csv, input, at, limits: *limits, names: Vec::new(), nodes: Vec::new() }
    }

    fn read(mut self) -> Result<Vec<Node<'i>>, Fault> {
        self.push(Sort::Array, Cow::Borrowed(""), Cow::Borrowed(""), 0, self.at as u32)?;
        let mut row = Vec::new();
        let mut is_first = true;
        while self.row(&mut row)? {
            if std::mem::take(&mut is_first) {
                self.head(&row)?;
                if self.csv.columns == Columns::Named {
                    continue;
                }
            }
            self.take(&mut row)?;
        }
        self.nodes[0].end = self.nodes.len() as u32;
        Ok(self.nodes)
    }

    /// The next line that is not blank; whether there is one.
    fn row(&mut self, row: &mut Vec<Cell<'i>>) -> Result<bool, Fault> {
        row.clear();
        while self.input[self.at..].starts_with(['\r', '\n']) {
            self.at += 1;
        }
        if self.at == self.input.len() {
            return Ok(false);
        }
        loop {
            if row.len() == COLUMNS_MAX {
                return Err(self.wrong("too-large", &format!("over {COLUMNS_MAX} columns")));
            }
            let start = self.at as u32;
            let cell = self.cell()?;
            row.push((table::without_guard(cell), start));
            if !self.input[self.at..].starts_with(self.csv.delimiter) {
                return Ok(true);
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

    fn head(&mut self, row: &[Cell<'i>]) -> Result<(), Fault> {
        let name = |(at, (name, _)): (usize, &Cell<'i>)| match self.csv.columns {
            Columns::Named => name.clone(),
            Columns::Numbered => number(at),
        };
        self.names = row.iter().enumerate().map(name).collect();
        let mut seen = HashSet::new();
        let mut names = self.names.iter();
        match names.position(|name| !name.is_empty() && !seen.insert(&**name)) {
            None => Ok(()),
            Some(at) => {
                let why = "two columns have one name".to_owned();
                Err(place::fault("duplicate-key", self.input, row[at].1 as usize, why))
            }
        }
    }

    /// Makes nodes of a row. One in which every cell is empty is no record.
    fn take(&mut self, row: &mut Vec<Cell<'i>>) -> Result<(), Fault> {
        if row.iter().all(|(text, _)| text.is_empty()) {
            return Ok(());
        }
        if row.len() != self.names.len() {
            let why =
                format!("the row has {} cells, the first one {}", row.len(), self.names.len());
            let start = row[0].1 as usize;
            return Err(place::fault("not-well-formed", self.input, start, why));
        }
        let record = self.nodes.len();
        self.push(Sort::Element, Cow::Borrowed(""), Cow::Borrowed(""), 0, row[0].1)?;
        for (at, (text, start)) in row.drain(..).enumerate() {
            // An empty cell is only where a row has nothing: a row cannot leave a column out.
            if text.is_empty() {
                continue;
            }
            let name = match &self.names[at] {
                name if name.is_empty() => number(at),
                name => name.clone(),
            };
            self.push(Sort::Element, name, text, record as u32, start)?;
        }
        self.nodes[record].end = self.nodes.len() as u32;
        Ok(())
    }

    fn push(
        &mut self,
        sort: Sort,
        name: Cow<'i, str>,
        text: Cow<'i, str>,
        parent: u32,
        start: u32,
    ) -> Result<(), Fault> {
        if self.nodes.len() >= self.limits.nodes_max {
            let why = format!("the table holds over {} cells and rows", self.limits.nodes_max);
            return Err(place::fault("too-large", self.input, start as usize, why));
        }
        let end = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { sort, name, text, namespace: 0, parent, end, start });
        Ok(())
    }

    fn wrong(&self, code: &'static str, why: &str) -> Fault {
        place::fault(code, self.input, self.at, why.to_owned())
    }
}

fn number<'i>(at: usize) -> Cow<'i, str> {
    Cow::Owned((at + 1).to_string())
}
