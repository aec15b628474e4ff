//! The plan on a page: what it comes to, what widens, what narrows, the rest, the messages.

use std::fmt::Write as _;

use luotsi_region::compare::{Change, Effect};

use super::{Plan, Verdict, replayed, shifts, summary};
use crate::command::{
    Ink,
    layout::{count, hang_after, names},
};

/// Changed files named; a moved folder of mappings is hundreds.
const FILES_SHOWN: usize = 12;

/// The whole page.
pub(super) fn render(plan: &Plan, ink: Ink) -> String {
    let mut page = String::new();
    heading(&mut page, plan, ink);
    let comparison = &plan.comparison;
    summary::render(&mut page, "WIDENS", &comparison.widens, ink);
    shifts::render(&mut page, &shifts::WIDENS, &comparison.widens, ink);
    summary::render(&mut page, "NARROWS", &comparison.narrows, ink);
    shifts::render(&mut page, &shifts::NARROWS, &comparison.narrows, ink);
    changes(&mut page, &comparison.changes, &plan.files, ink);
    if let Some(redecided) = &plan.redecided {
        replayed::render(&mut page, redecided, ink);
    }
    page
}

fn heading(page: &mut String, plan: &Plan, ink: Ink) {
    let verdict = match plan.verdict() {
        Verdict::Same => ink.good("✓ the same: nothing would be disclosed otherwise"),
        Verdict::Changes => ink.warn("~ changes, and nothing widens"),
        Verdict::Widens => ink.bad("! widens: somebody would get what they do not get today"),
    };
    let generations = format!("region {} against {}", plan.region, plan.against);
    let _ = writeln!(page, "{}\n{}", ink.strong(verdict), ink.faint(generations));
}

fn changes(page: &mut String, changes: &[Change], files: &[String], ink: Ink) {
    if changes.is_empty() && files.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n{}", ink.strong("DECLARED OTHERWISE"));
    let title = |change: &Change| format!("{} {}", change.noun, change.name);
    let width = changes.iter().map(|change| title(change).chars().count()).max().unwrap_or(0);
    for change in changes {
        let mark = match change.effect {
            Effect::Added => ink.good("+"),
            Effect::Changed => ink.warn("~"),
            Effect::Removed => ink.bad("-"),
        };
        let name = ink.name(format!("{:<width$}", title(change)));
        let said = match change.effect {
            Effect::Added => "new".to_owned(),
            Effect::Changed => change.details.join("; "),
            Effect::Removed => "gone".to_owned(),
        };
        let rest = " ".repeat(width + 6);
        hang_after(page, &format!("  {mark} {name}  "), &rest, width + 6, &said);
    }
    if !files.is_empty() {
        let lead = ink.faint(format!("  in {}: ", count(files.len(), "file")));
        let (shown, more) = files.split_at(files.len().min(FILES_SHOWN));
        let more =
            if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        hang_after(page, &lead, "    ", 14, &format!("{}{more}", names(shown, "")));
    }
}
