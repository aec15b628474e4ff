//! Code tables: a format's codes to the record's and back, from `mappings/codes/<table>.csv`.

use std::{collections::BTreeMap, ops::Range};

use luotsi_model::{Diagnostic, Severity, diagnostic::nearest};

/// FHIR R4 ConceptMapEquivalence.
const EQUIVALENCES: &[&str] = &[
    "relatedto",
    "equivalent",
    "equal",
    "wider",
    "subsumes",
    "narrower",
    "specializes",
    "inexact",
    "unmatched",
    "disjoint",
];

/// A code table.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Table {
    name: Box<str>,
    forward: Pairs,
    backward: Pairs,
    lossy: bool,
}

type Pairs = BTreeMap<Box<str>, Pair>;

/// The code on the other side, and whether the row says that both mean the same.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Pair {
    code: Box<str>,
    is_same: bool,
}

impl Table {
    /// Its name: the stem of its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The record's code for a format's code.
    pub fn target(&self, source: &str) -> Option<&str> {
        self.forward.get(source).map(|pair| &*pair.code)
    }

    /// The format's code for a record's code: the first row that has it.
    pub fn source(&self, target: &str) -> Option<&str> {
        self.backward.get(target).map(|pair| &*pair.code)
    }

    /// Whether reading this code loses some of what it says: its row says so, or the record's code
    /// is written as another.
    pub fn loses_source(&self, source: &str) -> bool {
        let lost = |pair: &Pair| !pair.is_same || self.source(&pair.code) != Some(source);
        self.forward.get(source).is_some_and(lost)
    }

    /// Whether writing this code loses some of what it says: its row says so, or the document's code
    /// is read as another.
    pub fn loses_target(&self, target: &str) -> bool {
        let lost = |pair: &Pair| !pair.is_same || self.target(&pair.code) != Some(target);
        self.backward.get(target).is_some_and(lost)
    }

    /// Whether a code read and written again may come out as another.
    pub fn is_lossy(&self) -> bool {
        self.lossy
    }

    /// The record's codes that the table can give, in order.
    pub fn targets(&self) -> impl ExactSizeIterator<Item = &str> {
        self.backward.keys().map(|target| &**target)
    }

    /// The format's codes that the table knows, in order.
    pub fn sources(&self) -> impl ExactSizeIterator<Item = &str> {
        self.forward.keys().map(|source| &**source)
    }
}

/// Reads a table: the header `source,target,equivalence`, then a row a line; `#` starts a comment
/// line. Gives every finding; no table where one is an error.
pub fn parse(file: &str, text: &str) -> (Option<Table>, Vec<Diagnostic>) {
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.strip_suffix(".csv").unwrap_or(name).into();
    let table = Table { name, ..Table::default() };
    let mut reader = Reader { file, table, found: Vec::new(), is_headed: false };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let row = line.trim_end();
        if !row.is_empty() && !row.starts_with('#') {
            reader.row(row.trim_start_matches('\u{feff}'), start);
        }
        start += line.len();
    }
    reader.finish()
}

struct Reader<'f> {
    file: &'f str,
    table: Table,
    found: Vec<Diagnostic>,
    is_headed: bool,
}

impl Reader<'_> {
    fn row(&mut self, row: &str, start: usize) {
        let span = start..start + row.len();
        if !self.is_headed {
            self.is_headed = true;
            if row != "source,target,equivalence" {
                self.error("LU130", span, "the header is not `source,target,equivalence`")
                    .mend("write it as the first line that is no comment");
            }
            return;
        }
        let cells: Vec<&str> = row.split(',').map(str::trim).collect();
        match cells[..] {
            [source, target, equivalence]
                if !row.contains(['"', ';']) && !source.is_empty() && !target.is_empty() =>
            {
                self.codes(source, target, equivalence, span);
            }
            _ => self
                .error("LU131", span, "the row is not three plain cells")
                .mend("write source,target,equivalence; no quotes, no semicolons, no empty code"),
        }
    }

    fn codes(&mut self, source: &str, target: &str, equivalence: &str, span: Range<usize>) {
        self.equivalence(equivalence, span.clone());
        let is_lossy = !matches!(equivalence, "equivalent" | "equal");
        let is_again = self.table.forward.contains_key(source);
        let is_shared = self.table.backward.contains_key(target);
        if is_again && !is_lossy {
            self.warning("LU133", span.clone(), format!("another row takes `{source}` too"))
                .mend("mark the later row wider, narrower or inexact: it is not used in reading");
        }
        if is_shared && !is_lossy {
            self.warning("LU134", span, format!("another row gives `{target}` too"))
                .mend("mark the later row wider, narrower or inexact: it is not written back");
        }
        self.table.lossy |= is_lossy || is_again || is_shared;
        let pair = |code: &str| Pair { code: code.into(), is_same: !is_lossy };
        self.table.forward.entry(source.into()).or_insert_with(|| pair(target));
        self.table.backward.entry(target.into()).or_insert_with(|| pair(source));
    }

    fn equivalence(&mut self, name: &str, span: Range<usize>) {
        if EQUIVALENCES.contains(&name) {
            return;
        }
        let mend = match nearest(name, EQUIVALENCES.iter().copied()) {
            Some(near) => format!("write `{near}`"),
            None => "write `equivalent` if both codes say the same".into(),
        };
        self.error("LU132", span, format!("`{name}` is no equivalence")).mend(mend);
    }

    fn warning(&mut self, code: &'static str, span: Range<usize>, what: String) -> Mend<'_> {
        self.found.push(Diagnostic::error(code, self.file, span, what).why(reason(code)).warning());
        Mend(&mut self.found)
    }

    fn error(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        what: impl Into<String>,
    ) -> Mend<'_> {
        self.found.push(Diagnostic::error(code, self.file, span, what).why(reason(code)));
        Mend(&mut self.found)
    }

    fn finish(mut self) -> (Option<Table>, Vec<Diagnostic>) {
        if self.table.forward.is_empty() && self.found.is_empty() {
            self.error("LU135", 0..0, "the table has no rows").mend("add rows, or remove the file");
        }
        let failed = self.found.iter().any(|d| d.severity == Severity::Error);
        ((!failed).then_some(self.table), self.found)
    }
}

/// The finding that still wants its mend.
struct Mend<'d>(&'d mut Vec<Diagnostic>);

impl Mend<'_> {
    fn mend(self, mend: impl Into<String>) {
        if let Some(last) = self.0.last_mut() {
            last.mend = mend.into();
        }
    }
}

fn reason(code: &str) -> &'static str {
    match code {
        "LU130" => "the columns are told by their names",
        "LU131" => "a cell with a comma, quote or nothing in it could be read in two ways",
        "LU132" => "whether a code survives both ways is judged by it (FHIR ConceptMapEquivalence)",
        "LU133" => "reading takes the first row, so the later one is never read",
        "LU134" => "on the way out the first row is written, so the later one's code is lost",
        _ => "every code would be refused as unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &str, codes: &[&str]) -> Option<Table> {
        let text = format!("# a comment\nsource,target,equivalence\n{rows}");
        let (table, found) = parse("t.csv", &text);
        assert_eq!(found.iter().map(|d| d.code).collect::<Vec<_>>(), codes, "{rows}");
        table
    }

    #[test]
    fn rows_are_read_both_ways() {
        let table = check("a,x,equivalent\nb,x,narrower\nc,y,equivalent\n", &[]).unwrap();
        assert_eq!((table.target("b"), table.source("x")), (Some("x"), Some("a")));
        assert_eq!((table.target("d"), table.source("a")), (None, None));
        assert!(table.is_lossy());
        assert!(!check("a,x,equivalent\n", &[]).unwrap().is_lossy());
        let lost = ["a", "b", "c", "d"].map(|source| table.loses_source(source));
        assert_eq!(lost, [false, true, false, false]);
        assert_eq!(["x", "y", "z"].map(|target| table.loses_target(target)), [false; 3]);
        let coarse = check("a,x,narrower\na,y,narrower\n", &[]).unwrap();
        assert_eq!(["x", "y"].map(|target| coarse.loses_target(target)), [true, true]);
        assert_eq!(table.name(), "t");
    }

    #[test]
    fn findings() {
        check("", &["LU135"]);
        check("a,x\n", &["LU131"]);
        check("a,x,equivalnt\n", &["LU132"]);
        check("a,x,equivalent\na,y,equivalent\n", &["LU133"]);
        check("a,x,equivalent\nb,x,equivalent\n", &["LU134"]);
        let (_, found) = parse("t.csv", "from,to\n");
        assert_eq!(found[0].code, "LU130");
    }
}
