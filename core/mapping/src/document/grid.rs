//! Rows of cells to records, whatever file they come from.

use std::{borrow::Cow, collections::HashSet};

use super::{Columns, Limits, Node, Sort};

/// A wider table is nobody's honest document.
pub(crate) const COLUMNS_MAX: usize = 1024;

/// A cell: the number of its column from 0, its text, where it starts.
pub(super) struct Cell<'i> {
    pub(super) column: usize,
    pub(super) text: Cow<'i, str>,
    pub(super) start: u32,
}

/// A fault's code, where it is, and why.
pub(super) type Wrong = (&'static str, u32, String);

/// The arena of a table, row by row.
pub(super) struct Grid<'i> {
    columns: Columns,
    nodes_max: usize,
    /// What the rows' table is called; they bear its name.
    table: Cow<'i, str>,
    /// Those of the first row; of a table without names nothing.
    names: Option<Vec<Cow<'i, str>>>,
    nodes: Vec<Node<'i>>,
}

impl<'i> Grid<'i> {
    pub(super) fn new(columns: Columns, limits: &Limits) -> Self {
        let (sort, name, text) = (Sort::Array, Cow::Borrowed(""), Cow::Borrowed(""));
        let root = Node { sort, name, text, namespace: 0, parent: 0, end: 1, start: 0 };
        let names = (columns == Columns::Numbered).then(Vec::new);
        let (table, nodes_max) = (Cow::Borrowed(""), limits.nodes_max);
        Self { columns, nodes_max, table, names, nodes: vec![root] }
    }

    pub(super) fn call(&mut self, table: String) {
        self.table = Cow::Owned(table);
    }

    pub(super) fn into_nodes(mut self) -> Vec<Node<'i>> {
        self.nodes[0].end = self.nodes.len() as u32;
        self.nodes
    }

    /// Takes the next row; the first one may be the columns' names.
    pub(super) fn row(&mut self, row: Vec<Cell<'i>>) -> Result<(), Wrong> {
        match self.names {
            None => self.head(row),
            Some(_) => self.record(row),
        }
    }

    fn head(&mut self, row: Vec<Cell<'i>>) -> Result<(), Wrong> {
        let mut names: Vec<Cow<'i, str>> = Vec::with_capacity(row.len());
        let mut seen = HashSet::new();
        for Cell { column, text, start } in row {
            if !text.is_empty() && !seen.insert(text.clone()) {
                return Err(("duplicate-key", start, "two columns have one name".into()));
            }
            names.resize(column, Cow::Borrowed(""));
            names.push(text);
        }
        self.names = Some(names);
        Ok(())
    }

    /// Makes nodes of a row. One in which every cell is empty is no record.
    fn record(&mut self, row: Vec<Cell<'i>>) -> Result<(), Wrong> {
        let at = self.nodes.len();
        let start = row.first().map_or(0, |cell| cell.start);
        // An empty cell is only where a row has nothing: a row cannot leave a column out.
        for cell in row.into_iter().filter(|cell| !cell.text.is_empty()) {
            if self.nodes.len() == at {
                self.push(self.table.clone(), Cow::Borrowed(""), 0, start)?;
            }
            let name = self.name(cell.column);
            self.push(name, cell.text, at as u32, cell.start)?;
        }
        let end = self.nodes.len() as u32;
        if let Some(record) = self.nodes.get_mut(at) {
            record.end = end;
        }
        Ok(())
    }

    /// A column without a name is known by its number.
    fn name(&self, column: usize) -> Cow<'i, str> {
        let named = self.names.as_ref().and_then(|names| names.get(column));
        match named.filter(|name| self.columns == Columns::Named && !name.is_empty()) {
            Some(name) => name.clone(),
            None => Cow::Owned((column + 1).to_string()),
        }
    }

    fn push(
        &mut self,
        name: Cow<'i, str>,
        text: Cow<'i, str>,
        parent: u32,
        start: u32,
    ) -> Result<(), Wrong> {
        if self.nodes.len() >= self.nodes_max {
            let why = format!("the table holds over {} cells and rows", self.nodes_max);
            return Err(("too-large", start, why));
        }
        let (sort, end) = (Sort::Element, self.nodes.len() as u32 + 1);
        self.nodes.push(Node { sort, name, text, namespace: 0, parent, end, start });
        Ok(())
    }
}
