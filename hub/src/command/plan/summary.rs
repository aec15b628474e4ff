//! What it comes to, a line for each recipient and purpose.

use std::collections::{BTreeMap, BTreeSet};

use luotsi_model::Category;
use luotsi_region::compare::{Cause, Shift};

use crate::command::{
    Ink,
    layout::{count, hang_after},
};

/// `WIDENS: malli-ry gains health (2 fields) for peer-support`.
pub(super) fn render(page: &mut String, word: &str, shifts: &[Shift], ink: Ink) {
    if shifts.is_empty() {
        return;
    }
    let is_widening = word == "WIDENS";
    let paint = |text: String| if is_widening { ink.bad(text) } else { ink.good(text) };
    page.push('\n');
    let width = word.len() + 2;
    let is_one = |one: &Shift, other: &Shift| {
        (&one.recipient, &one.purpose) == (&other.recipient, &other.purpose)
    };
    for group in shifts.chunk_by(is_one) {
        let lead = ink.strong(paint(format!("{word}: ")));
        hang_after(page, &lead, &" ".repeat(width), width, &sentence(group, is_widening));
    }
}

fn sentence(group: &[Shift], is_widening: bool) -> String {
    let Some(Shift { recipient, purpose, .. }) = group.first() else { return String::new() };
    let (whole, part) = match is_widening {
        true => ("gains", "gets in more cases"),
        false => ("loses", "gets in fewer cases"),
    };
    let is_whole = |shift: &&Shift| shift.cause == Cause::Unreached;
    let (wholly, partly): (Vec<_>, Vec<_>) = group.iter().partition(is_whole);
    let said = [(whole, wholly), (part, partly)].into_iter().filter(|(_, some)| !some.is_empty());
    let said: Vec<_> = said.map(|(verb, some)| format!("{verb} {}", categories(&some))).collect();
    format!("{recipient} {} for {purpose}", said.join(" and "))
}

/// `health (2 fields), need (1 field)`; a field that two rules let through counts once.
fn categories(shifts: &[&Shift]) -> String {
    let mut fields: BTreeMap<Category, BTreeSet<_>> = BTreeMap::new();
    for shift in shifts {
        fields.entry(shift.category).or_default().insert((&shift.kind, &shift.field));
    }
    let counts =
        fields.iter().map(|(category, f)| format!("{category} ({})", count(f.len(), "field")));
    counts.collect::<Vec<_>>().join(", ")
}
