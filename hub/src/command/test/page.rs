//! Differences and coverage on the page.

use std::fmt::Write as _;

use luotsi_mapping::case::Difference;

use super::{Coverage, Ran, coverage::Part};
use crate::command::{Ink, layout};

/// A longer value is cut: the file has it whole.
const VALUE_CHARS_MAX: usize = 200;

pub(super) fn render(ran: &[Ran], coverage: Option<&Coverage>, ink: Ink) -> String {
    let mut page = String::new();
    ran.iter().filter(|case| !case.holds).for_each(|case| failed(&mut page, case, ink));
    for part in coverage.iter().flat_map(|coverage| &coverage.coverage) {
        covered(&mut page, part, ink);
    }
    page
}

fn failed(page: &mut String, case: &Ran, ink: Ink) {
    let mark = if case.blessed { ink.warn("~") } else { ink.bad("✗") };
    let name = ink.strong(case.folder.display());
    layout::hang(page, &format!("{mark} {name}  "), 4, &case.says);
    let mut file = None;
    for one in &case.differences {
        if file != Some(&one.file) {
            let _ = writeln!(page, "  {}", ink.name(&one.file));
            file = Some(&one.file);
        }
        difference(page, one, ink);
    }
    page.push('\n');
}

fn difference(page: &mut String, one: &Difference, ink: Ink) {
    if !one.at.is_empty() {
        let _ = writeln!(page, "    {}", one.at);
    }
    let mut side = |label: &str, value: Option<&String>, paint: fn(Ink, String) -> String| {
        let lead = ink.faint(format!("      {label:<7}"));
        let text = match value {
            Some(value) => paint(ink, shown(value)),
            None => ink.faint("nothing"),
        };
        let _ = writeln!(page, "{lead}{text}");
    };
    side("wanted", one.wanted.as_ref(), |ink, text| ink.good(text));
    side("got", one.got.as_ref(), |ink, text| ink.bad(text));
}

fn shown(value: &str) -> String {
    if value.is_empty() {
        return "(empty)".into();
    }
    let one_line = value.replace('\n', "⏎");
    match one_line.char_indices().nth(VALUE_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &one_line[..at]),
        None => one_line,
    }
}

fn covered(page: &mut String, part: &Part, ink: Ink) {
    let (done, all) = (part.exercised, part.all);
    let tally = format!("{done} of {all}");
    let tally = if done == all { ink.good(tally) } else { ink.warn(tally) };
    let _ = writeln!(page, "{} {tally}", ink.strong(format!("{:<14}", part.of)));
    let width = part.missed.iter().map(|(at, _)| at.chars().count()).max().unwrap_or(0);
    for (at, what) in &part.missed {
        let _ = writeln!(page, "  {} {what}", ink.name(format!("{at:<width$}")));
    }
}
