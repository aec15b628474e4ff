//! A diagnostic with the lines it is about.

use std::{fmt::Write as _, ops::Range, path::Path};

use ariadne::{Color, Config, IndexType, Label, Report, ReportKind, Source};
use luotsi_model::{Diagnostic, Severity};

use crate::command::{Ink, layout};

/// Where the region's files are to the person who asked.
pub(super) struct Places(String);

impl Places {
    pub(super) fn new(region: &Path) -> Self {
        Self(region.display().to_string())
    }

    /// A file's path from where the command was called, so that an editor opens it.
    pub(super) fn of(&self, file: &str) -> String {
        // What stands in no file stands in no region's either.
        if file.is_empty() {
            return String::new();
        }
        let mut steps: Vec<&str> = Vec::new();
        let whole = if self.0 == "." || file.starts_with('/') {
            file.to_owned()
        } else {
            format!("{}/{file}", self.0)
        };
        for step in whole.split('/').filter(|step| *step != ".") {
            match (step, steps.last()) {
                ("..", Some(last)) if !matches!(*last, ".." | "") => drop(steps.pop()),
                ("", Some(_)) => {}
                _ => steps.push(step),
            }
        }
        steps.join("/")
    }
}

/// The diagnostic on the page. `text` is its file's, where the file could be read.
pub(super) fn diagnostic(
    diagnostic: &Diagnostic,
    text: Option<&String>,
    places: &Places,
    ink: Ink,
) -> String {
    let file = places.of(&diagnostic.file);
    let place = diagnostic.span.clone().zip(text).filter(|(_, text)| !text.is_empty());
    let drawn =
        place.and_then(|(span, text)| draw(diagnostic, &file, text, visible(span, text), ink));
    drawn.unwrap_or_else(|| plain(diagnostic, &file, ink))
}

fn draw(
    diagnostic: &Diagnostic,
    file: &str,
    text: &str,
    span: Range<usize>,
    ink: Ink,
) -> Option<String> {
    let (kind, color) = match diagnostic.severity {
        Severity::Error => (ReportKind::Error, Color::Red),
        Severity::Warning => (ReportKind::Warning, Color::Yellow),
        Severity::Note => (ReportKind::Advice, Color::Blue),
    };
    let config = Config::default().with_color(ink.is_on()).with_index_type(IndexType::Byte);
    let why = if diagnostic.why.is_empty() { "here" } else { &diagnostic.why };
    let mut report = Report::build(kind, (file, span.clone()))
        .with_config(config)
        .with_code(diagnostic.code)
        .with_message(&diagnostic.what)
        .with_label(Label::new((file, span)).with_message(why).with_color(color));
    if !diagnostic.mend.is_empty() {
        report = report.with_help(&diagnostic.mend);
    }
    let mut page = Vec::new();
    report.finish().write((file, Source::from(text)), &mut page).ok()?;
    let mut page = String::from_utf8(page).ok()?;
    page.push('\n');
    Some(page)
}

/// The same without lines to show: the file itself is what is wrong.
fn plain(diagnostic: &Diagnostic, file: &str, ink: Ink) -> String {
    let head = format!("[{}] ", diagnostic.code);
    let head = match diagnostic.severity {
        Severity::Error => ink.bad(head + "Error:"),
        Severity::Warning => ink.warn(head + "Warning:"),
        Severity::Note => ink.strong(head + "Note:"),
    };
    let mut page = String::new();
    let _ = writeln!(page, "{head} {}", diagnostic.what);
    if !diagnostic.file.is_empty() {
        let _ = writeln!(page, "   {} {file}", ink.faint("─"));
    }
    for (label, part) in [("why", &diagnostic.why), ("help", &diagnostic.mend)] {
        if !part.is_empty() {
            layout::hang(&mut page, &ink.faint(format!("     {label:<5}")), 10, part);
        }
    }
    page.push('\n');
    page
}

/// The span inside the text, on whole characters and of one line, never empty.
fn visible(span: Range<usize>, text: &str) -> Range<usize> {
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    let start = floor(span.start.min(text.len() - 1)).unwrap_or(0);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = floor(span.end).unwrap_or(start).min(line_end);
    let first = text[start..].chars().next().map_or(1, char::len_utf8);
    start..end.max(start + first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_from_where_the_command_was_called() {
        let at = |region, file| Places::new(Path::new(region)).of(file);
        assert_eq!(at(".", "routes.toml"), "routes.toml");
        assert_eq!(at("config/malli", "../../mappings/a.toml"), "mappings/a.toml");
        assert_eq!(at("/etc/malli/", "routes.toml"), "/etc/malli/routes.toml");
        assert_eq!(at("..", "../mappings/a.toml"), "../../mappings/a.toml");
        assert_eq!(at("config/malli", "/etc/luotsi.toml"), "/etc/luotsi.toml");
    }

    #[test]
    fn spans_hold_a_whole_character_of_one_line() {
        assert_eq!(visible(0..0, "äb"), 0..2);
        assert_eq!(visible(1..9, "äb\nc"), 0..3);
        assert_eq!(visible(9..9, "ab"), 1..2);
        assert_eq!(visible(2..2, "ab\nc"), 2..3);
    }
}
