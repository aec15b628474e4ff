//! A section of the reference on a terminal: as much of Markdown as the pages use.

use std::fmt::Write as _;

use super::Section;
use crate::command::{Ink, layout};

/// The indent of everything below the heading.
const INDENT: &str = "  ";

/// The section on a page.
pub(super) fn page(section: &Section, ink: Ink) -> String {
    let mut page = format!("{} {}\n", ink.strong(section.code), ink.faint(section.about));
    let mut is_code = false;
    let mut paragraph = String::new();
    for line in section.text.lines() {
        let is_fence = line.starts_with("```");
        if is_code && !is_fence {
            let _ = writeln!(page, "{INDENT}  {}", ink.name(line));
            continue;
        }
        let starts = is_fence || line.is_empty() || is_item(line) || line.starts_with('|');
        if starts {
            flush(&mut page, &mut paragraph);
        }
        if is_fence {
            is_code = !is_code;
        } else if line.is_empty() {
            page.push('\n');
        } else {
            let space = if paragraph.is_empty() { "" } else { " " };
            let _ = write!(paragraph, "{space}{}", line.trim());
        }
    }
    flush(&mut page, &mut paragraph);
    page.insert(page.find('\n').map_or(0, |at| at + 1), '\n');
    page
}

fn is_item(line: &str) -> bool {
    line.starts_with("- ") || line.starts_with("* ")
}

fn flush(page: &mut String, paragraph: &mut String) {
    if paragraph.is_empty() {
        return;
    }
    let text = plain(paragraph);
    match text.strip_prefix("- ") {
        Some(item) => layout::hang(page, &format!("{INDENT}· "), INDENT.len() + 2, item),
        None => layout::hang(page, INDENT, INDENT.len(), &text),
    }
    paragraph.clear();
}

/// Without the marks of links and emphasis. What stands in backticks stays as it is.
fn plain(text: &str) -> String {
    let pieces = text.split('`').enumerate().map(|(at, piece)| match at % 2 {
        0 => unlinked(piece).replace(['*', '<', '>'], ""),
        _ => format!("`{piece}`"),
    });
    pieces.collect::<String>().replace("[`", "`").replace("`]", "`")
}

/// Links by their words alone.
fn unlinked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        let (words, link) = (before.replacen('[', "", 1), after.split_once(')'));
        out.push_str(&words);
        rest = link.map_or("", |(_, rest)| rest);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_away() {
        assert_eq!(plain("see [the types](a.md#b) and `x[y](z)`"), "see the types and `x[y](z)`");
        assert_eq!(
            plain("*Mend:* send [does-not-map](#x), [b](#y)."),
            "Mend: send does-not-map, b."
        );
    }
}
