//! What widens or narrows, recipient by recipient, a field a line, each with its rule.

use std::fmt::Write as _;

use luotsi_region::compare::{Cause, Shift};

use crate::command::{
    Ink,
    layout::{hang, names},
};

/// How one direction is told.
pub(super) struct Direction {
    mark: &'static str,
    paint: fn(Ink, &str) -> String,
    by: &'static str,
    bases: &'static str,
}

/// For a reason that the line above gives.
const DITTO: &str = "″";

pub(super) const WIDENS: Direction = Direction {
    mark: "+",
    paint: |ink, text| ink.bad(text),
    by: "because rule",
    bases: "today on",
};

pub(super) const NARROWS: Direction = Direction {
    mark: "-",
    paint: |ink, text| ink.good(text),
    by: "no longer by rule",
    bases: "still on",
};

/// Every shift, under a heading for each recipient, kind and purpose.
pub(super) fn render(page: &mut String, direction: &Direction, shifts: &[Shift], ink: Ink) {
    let width = |text: fn(&Shift) -> &str| {
        shifts.iter().map(|shift| text(shift).chars().count()).max().unwrap_or(0)
    };
    let columns = (width(|shift| &shift.field), width(|shift| shift.category.as_str()));
    let is_one = |one: &Shift, other: &Shift| {
        (&one.recipient, &one.purpose, &one.kind) == (&other.recipient, &other.purpose, &other.kind)
    };
    for group in shifts.chunk_by(is_one) {
        heading(page, group, ink);
        let reasons: Vec<_> = group.iter().map(|shift| because(direction, shift)).collect();
        for (at, shift) in group.iter().enumerate() {
            let is_told = at > 0 && reasons[at - 1] == reasons[at];
            let lead = lead(direction, shift, columns, ink);
            hang(
                page,
                &lead,
                columns.0 + columns.1 + 10,
                if is_told { DITTO } else { &reasons[at] },
            );
        }
    }
}

fn heading(page: &mut String, group: &[Shift], ink: Ink) {
    let Some(Shift { recipient, kind, purpose, .. }) = group.first() else { return };
    let routes: std::collections::BTreeSet<_> = group.iter().flat_map(|s| &s.routes).collect();
    let sources: std::collections::BTreeSet<_> = group.iter().flat_map(|s| &s.sources).collect();
    let sources: Vec<_> = sources.iter().map(ToString::to_string).collect();
    let quoted: Vec<_> = routes.iter().map(|route| format!("{route:?}")).collect();
    let way = if quoted.is_empty() {
        "read by it".to_owned()
    } else {
        format!("from {} by route {}", names(&sources, "nobody"), names(&quoted, ""))
    };
    let _ = writeln!(page);
    let to = ink.strong(ink.name(recipient));
    let lead = format!("  {to}  ");
    let width = recipient.as_str().chars().count() + 4;
    hang(page, &lead, width, &format!("{kind} for {purpose}, {way}"));
}

/// `    + condition  health  `
fn lead(direction: &Direction, shift: &Shift, columns: (usize, usize), ink: Ink) -> String {
    let (field, category) = columns;
    let name = (direction.paint)(ink, &format!("{} {:<field$}", direction.mark, shift.field));
    let about = ink.faint(format!("{:<category$}", shift.category.as_str()));
    format!("    {name}  {about}  ")
}

fn because(direction: &Direction, shift: &Shift) -> String {
    let rule = format!("{} {:?} ({})", direction.by, &*shift.rule, shift.basis);
    match &shift.cause {
        Cause::Unreached => rule,
        Cause::OtherBasis { bases } => {
            let bases: Vec<_> = bases.iter().map(|basis| basis.as_str()).collect();
            format!("{rule}; {} {}", direction.bases, names(&bases, ""))
        }
        Cause::OtherTerms { differs } => {
            let differs: Vec<_> = differs.iter().map(ToString::to_string).collect();
            format!("{rule}; differs: {}", names(&differs, ""))
        }
    }
}
