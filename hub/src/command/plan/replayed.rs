//! The last messages, decided again: totals first, then every send that comes out otherwise.

use std::fmt::Write as _;

use luotsi_flow::shadow::{Difference, Redecided, Verdict};

use crate::command::{
    Ink,
    layout::{count, hang, local, names},
    trace::reason,
};

/// The totals and the differences.
pub(super) fn render(page: &mut String, redecided: &Redecided, ink: Ink) {
    let Redecided { messages, shut, sends, differences } = redecided;
    let title = format!("THE LAST {}", count(*messages, "MESSAGE").to_uppercase());
    let _ = writeln!(page, "\n{}", ink.strong(title));
    let gaining = differences.iter().filter(|one| !one.gained.is_empty()).count();
    let losing = differences.iter().filter(|one| !one.lost.is_empty()).count();
    let totals = format!(
        "{} decided again, by the directives as they are now: {} otherwise, {gaining} with fields \
         gained, {losing} with fields lost",
        count(*sends, "send"),
        differences.len(),
    );
    hang(page, "  ", 2, &totals);
    if *shut > 0 {
        let left = format!("{} left out: erased, or not to be opened", count(*shut, "message"));
        hang(page, "  ", 2, &left);
    }
    differences.iter().for_each(|one| difference(page, one, ink));
}

fn difference(page: &mut String, one: &Difference, ink: Ink) {
    let Difference { message, kind, source, recipient, purpose, .. } = one;
    let time = local(one.received);
    let _ = writeln!(page, "\n  {}  {}", ink.name(message), ink.faint(time));
    let _ = writeln!(page, "    {kind} from {source} to {} for {purpose}", ink.strong(recipient));
    if one.before != one.after {
        let verdicts = format!("{} → {}", verdict(one.before), verdict(one.after));
        hang(page, "    ", 4, &verdicts);
    }
    for (fields, mark) in [(&one.gained, ink.bad("+")), (&one.lost, ink.good("-"))] {
        if !fields.is_empty() {
            hang(page, &format!("    {mark} "), 6, &names(fields, ""));
        }
    }
}

fn verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::NotRouted => "not routed there".to_owned(),
        Verdict::Dead(why) => format!("a person must look ({})", why.replace('-', " ")),
        Verdict::Permit => "permitted".to_owned(),
        Verdict::Wait => "waits for a basis".to_owned(),
        Verdict::Deny(code) => format!("denied ({})", reason(code)),
    }
}
