//! The disclosure report as a table: a line for each send, below it what went and on what ground.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::command::{
    Ink,
    layout::{count, hang, local, names, zone},
    ops::{Disclosure, Report},
    trace::{ground, reason},
};

/// Columns of the labels below a line.
const LABEL: usize = 12;
/// Where they begin.
const INDENT: usize = 21;

/// The widths that the longest names need.
struct Widths {
    kind: usize,
    way: usize,
    purpose: usize,
}

/// The report on a page.
pub(crate) fn render(report: &Report, ink: Ink) -> String {
    let mut page = String::new();
    heading(&mut page, report, ink);
    if report.disclosures.is_empty() {
        page.push_str("nothing was disclosed, and nothing refused\n");
        return page;
    }
    let widths = widths(&report.disclosures);
    let title = format!(
        "{:<19}  {:<kind$}  {:<way$}  {:<purpose$}  {}",
        format!("time ({})", report.disclosures.last().map(|d| zone(d.at)).unwrap_or_default()),
        "record",
        "from → to",
        "for",
        "what became of it",
        kind = widths.kind,
        way = widths.way,
        purpose = widths.purpose
    );
    let _ = writeln!(page, "{}\n{}", ink.strong(title), ink.faint("─".repeat(100)));
    report.disclosures.iter().for_each(|disclosure| row(&mut page, disclosure, &widths, ink));
    page
}

fn heading(page: &mut String, report: &Report, ink: Ink) {
    let shown = report.disclosures.iter().filter(|d| d.shown).count();
    let _ = writeln!(page, "{}", ink.strong(format!("Disclosures about {}", report.client)));
    let _ = writeln!(
        page,
        "{}: shown, or perhaps shown, {}; not shown {}\n",
        period(report),
        count(shown, "time"),
        count(report.disclosures.len() - shown, "time")
    );
}

/// The hub answers the widest bounds there are where none were asked for.
fn period(report: &Report) -> String {
    let bound = |word, at: Timestamp, widest, otherwise: &str| {
        if at == widest { otherwise.to_owned() } else { format!("{word} {}", local(at)) }
    };
    let from = bound("from", report.from, Timestamp::UNIX_EPOCH, "from the beginning");
    format!("{from} {}", bound("until", report.to, Timestamp::MAX, "until now"))
}

fn widths(all: &[Disclosure]) -> Widths {
    let widest =
        |of: &dyn Fn(&Disclosure) -> usize, least| all.iter().map(of).fold(least, usize::max);
    Widths {
        kind: widest(&|d| d.kind.chars().count(), 6),
        way: widest(&|d| way(d).chars().count(), 9),
        purpose: widest(&|d| d.purpose.chars().count(), 3),
    }
}

fn way(disclosure: &Disclosure) -> String {
    format!("{} → {}", disclosure.source, disclosure.recipient)
}

fn row(page: &mut String, disclosure: &Disclosure, widths: &Widths, ink: Ink) {
    let _ = writeln!(
        page,
        "{}  {:<kind$}  {}  {:<purpose$}  {}",
        local(disclosure.at),
        disclosure.kind,
        ink.name(format!("{:<way$}", way(disclosure), way = widths.way)),
        disclosure.purpose,
        became(disclosure, ink),
        kind = widths.kind,
        purpose = widths.purpose
    );
    if disclosure.shown {
        below(page, "shown", &names(&disclosure.fields, "no field"), ink);
    }
    if !disclosure.withheld.is_empty() {
        below(page, "held back", &names(&disclosure.withheld, ""), ink);
    }
    if !disclosure.grounds.is_empty() {
        let grounds: Vec<_> = disclosure.grounds.iter().map(ground).collect();
        below(page, "ground", &names(&grounds, ""), ink);
    }
    if let Some(message) = &disclosure.message {
        below(page, "message", message, ink);
    }
}

fn became(disclosure: &Disclosure, ink: Ink) -> String {
    match (disclosure.shown, disclosure.result.as_str()) {
        (true, "delivered") => ink.good("✓ delivered"),
        (true, result) => ink.warn(format!("↻ {}", result.replace('-', " "))),
        (false, result) => ink.bad(format!("✗ {}", short(result))),
    }
}

/// A line has no room for the whole sentence where the code says it.
fn short(result: &str) -> &str {
    if reason(result).chars().count() <= 20 { reason(result) } else { result }
}

fn below(page: &mut String, label: &str, text: &str, ink: Ink) {
    let lead = format!("{}{}", " ".repeat(INDENT), ink.faint(format!("{label:<LABEL$}")));
    hang(page, &lead, INDENT + LABEL, text);
}
