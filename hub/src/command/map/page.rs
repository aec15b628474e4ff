//! The three views on the page.

use std::fmt::Write as _;

use super::view::{Fate, Field, Source, Told, View, Written};
use crate::command::{Ink, layout::count};

/// Longer columns are not padded to: one long path must not push all others off the page.
const COLUMN_MAX: usize = 44;
const VALUE_CHARS_MAX: usize = 44;

pub(super) fn render(view: &View, ink: Ink) -> String {
    let mut page = String::new();
    if let Some(source) = &view.source {
        self::source(&mut page, view, source, ink);
    }
    if !view.record.is_empty() {
        record(&mut page, view, ink);
    }
    if let Some(result) = &view.result {
        self::result(&mut page, result, ink);
    }
    faults(&mut page, &view.faults, ink);
    page
}

fn source(page: &mut String, view: &View, source: &Source, ink: Ink) {
    let Source { mapped, ignored, unmapped, leaves } = source;
    let tally = format!("{mapped} mapped, {ignored} ignored, {unmapped} unmapped");
    heading(page, "SOURCE", &format!("by {}: {tally}", view.file), ink);
    let mut table = Table::default();
    for leaf in leaves {
        let lines = leaf.rules.iter().map(|line| format!(":{line}")).collect::<Vec<_>>().join(" ");
        let fate = match leaf.fate {
            Fate::Mapped if leaf.fields.is_empty() => ink.faint("known"),
            Fate::Mapped => ink.good(format!("→ {}", leaf.fields.join(", "))),
            Fate::Ignored => ink.faint("ignored"),
            Fate::Unmapped => ink.bad(format!("unmapped, line {}", leaf.line)),
        };
        table.row(&leaf.at, &cut(&leaf.text), format!("{fate} {}", ink.name(lines)));
    }
    table.write(page);
}

fn record(page: &mut String, view: &View, ink: Ink) {
    heading(page, "RECORD", &count(view.record.len(), "value"), ink);
    let mut table = Table::default();
    for Field { field, value, category, from, rule } in &view.record {
        let from = from.as_ref().map(|from| format!("← {from}"));
        let from = from
            .unwrap_or_else(|| if rule.is_some() { "← a constant".into() } else { String::new() });
        let line = rule.map_or(String::new(), |line| format!(" {}", ink.name(format!(":{line}"))));
        let rest = format!("{}  {from}{line}", ink.faint(category));
        table.row(field, &cut(value), rest);
    }
    table.write(page);
}

fn result(page: &mut String, result: &Written, ink: Ink) {
    heading(page, "RESULT", &format!("by {}", result.file), ink);
    let mut table = Table::default();
    for put in &result.leaves {
        let from = match (&put.field, put.rule) {
            (Some(field), _) => format!("← {field}"),
            (None, Some(_)) => ink.faint("given by the mapping or the send"),
            (None, None) => ink.faint("a selector's key"),
        };
        let line =
            put.rule.map_or(String::new(), |line| format!(" {}", ink.name(format!(":{line}"))));
        table.row(&put.at, &cut(&put.text), format!("{from}{line}"));
    }
    table.write(page);
    if !result.left.is_empty() {
        let _ = writeln!(page, "  {} {}", ink.faint("it has no place for"), result.left.join(", "));
    }
}

fn faults(page: &mut String, faults: &[Told], ink: Ink) {
    if faults.is_empty() {
        return;
    }
    heading(page, "REFUSED", &count(faults.len(), "fault"), ink);
    for Told { code, at, line, column, field, why } in faults {
        let place = if *line > 0 { format!("{line}:{column} ") } else { String::new() };
        let field = field.as_ref().map_or(String::new(), |field| format!(" (field {field})"));
        let at = if at.is_empty() { "the document" } else { at };
        let _ = writeln!(page, "  {place}{at}: {why}{field} {}", ink.bad(format!("[{code}]")));
    }
}

fn heading(page: &mut String, title: &str, rest: &str, ink: Ink) {
    let gap = if page.is_empty() { "" } else { "\n" };
    let _ = writeln!(page, "{gap}{}  {}", ink.strong(title), ink.faint(rest));
}

/// Two plain columns, and a last one that may be coloured.
#[derive(Default)]
struct Table(Vec<(String, String, String)>);

impl Table {
    fn row(&mut self, first: &str, second: &str, rest: String) {
        self.0.push((first.to_owned(), second.to_owned(), rest));
    }

    fn write(&self, page: &mut String) {
        let width = |of: fn(&(String, String, String)) -> &String| {
            let widths = self.0.iter().map(|row| of(row).chars().count());
            widths.filter(|width| *width <= COLUMN_MAX).max().unwrap_or(0)
        };
        let (first, second) = (width(|row| &row.0), width(|row| &row.1));
        for (a, b, rest) in &self.0 {
            let line = format!("  {a:<first$}  {b:<second$}  {rest}");
            let _ = writeln!(page, "{}", line.trim_end());
        }
    }
}

fn cut(text: &str) -> String {
    let one_line = text.replace('\n', "⏎");
    match one_line.char_indices().nth(VALUE_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &one_line[..at]),
        None => one_line,
    }
}
