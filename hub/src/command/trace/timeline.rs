//! A journey as a timeline, one branch a recipient.

use std::fmt::Write as _;

use luotsi_journal::{Entry, Lossy, Phase};

use super::{
    page::{Mark, Page, TIME},
    words::{ground, payload, reason},
};
use crate::command::{
    Ink, acting,
    layout::{WIDTH, count, local, names, zone},
    ops::{Delivery, Journey},
};

/// The journey on a page.
pub(crate) fn render(journey: &Journey, ink: Ink) -> String {
    let mut page = Page { text: String::new(), ink, start: journey.envelope.received };
    page.heading(journey);
    page.intake(journey);
    let last = journey.deliveries.len().saturating_sub(1);
    for (index, delivery) in journey.deliveries.iter().enumerate() {
        page.branch(delivery, index == last);
    }
    if journey.deliveries.is_empty() {
        page.nothing(journey);
    }
    page.text
}

impl Page {
    fn heading(&mut self, journey: &Journey) {
        let (ink, envelope) = (self.ink, &journey.envelope);
        let title = format!("{} {}", envelope.kind, envelope.id);
        let _ = writeln!(self.text, "{} from {}", ink.strong(title), ink.name(&envelope.source));
        let about = match &envelope.subject {
            Some(client) => format!("about the client {client}"),
            None => "about nobody: anonymous".to_owned(),
        };
        let service = envelope.service.as_ref().map(|task| format!(" · service task {task}"));
        let _ = writeln!(self.text, "{about}{}", service.unwrap_or_default());
        if let Some(answered) = envelope.answers {
            let _ = writeln!(self.text, "answers the delivery {answered}");
        }
        if let Some(original) = envelope.replays {
            let _ = writeln!(self.text, "replays the message {original}");
        }
        if let Some(gone) = payload(&journey.payload) {
            let _ = writeln!(self.text, "{}", ink.warn(gone));
        }
        self.text.push('\n');
    }

    fn intake(&mut self, journey: &Journey) {
        let (at, accounting) = (self.start, &journey.accounting);
        let accepted = format!(
            "{} {}, durable before it was acknowledged; region {}",
            local(at),
            zone(at),
            journey.envelope.generation
        );
        self.station(Some(at), Mark::Done, "accepted", &accepted);
        let envelope = &journey.envelope;
        if envelope.replays.is_none() && !envelope.source.is_hub() {
            let mapped = format!(
                "{}, {} ignored with a written reason, {} unmapped",
                count(accounting.mapped as usize, "element"),
                accounting.ignored,
                accounting.unmapped.len()
            );
            let mark = if accounting.unmapped.is_empty() { Mark::Done } else { Mark::Waiting };
            self.station(None, mark, "mapped", &mapped);
            for path in &accounting.unmapped {
                self.line_plain("│ ", "", path);
            }
            for lossy in &accounting.lossy {
                self.line_plain("│ ", "says less", &less(lossy));
            }
        }
        let routes = names(&accounting.routes, "no route takes it: it is kept and goes nowhere");
        self.station(None, Mark::Done, "routed", &routes);
    }

    fn nothing(&mut self, journey: &Journey) {
        if journey.envelope.kind.as_str() == "directive" {
            self.station(None, Mark::Good, "in force", "every later decision takes it in");
        }
    }

    fn branch(&mut self, delivery: &Delivery, is_last: bool) {
        let (ink, rail) = (self.ink, if is_last { "  " } else { "│ " });
        let pad = " ".repeat(TIME);
        let _ = writeln!(self.text, "{pad}  {}", ink.faint("│"));
        let turn = if is_last { "╰─" } else { "├─" };
        let (state, task) = (state(&delivery.state), &delivery.task);
        let used = TIME + 2 + 3 + delivery.destination.chars().count() + 5;
        let used = used + delivery.purpose.chars().count() + state.chars().count() + 2;
        let task = format!("task {task}");
        let fill = WIDTH.saturating_sub(used + task.chars().count() + 4);
        let _ = writeln!(
            self.text,
            "{pad}  {} {} for {} {} {} · {task}",
            ink.faint(turn),
            ink.strong(ink.name(&delivery.destination)),
            delivery.purpose,
            ink.faint("─".repeat(fill)),
            colour(ink, &delivery.state, state),
        );
        self.line_plain(rail, "delivery", &delivery.delivery);
        let mut shown = None;
        for entry in &delivery.entries {
            self.entry(entry, rail, &mut shown);
        }
        self.standing(delivery, rail);
    }

    fn entry<'e>(&mut self, entry: &'e Entry, rail: &str, shown: &mut Option<&'e Entry>) {
        let at = Some(entry.at);
        let result = entry.result.as_deref().unwrap_or_default();
        match entry.phase {
            Phase::Intent => self.intent(entry, rail, shown),
            Phase::Wait => self.line(at, rail, Mark::Waiting, "waiting", reason(result)),
            Phase::Refusal => self.line(at, rail, Mark::Bad, "refused", reason(result)),
            Phase::Outcome => match result {
                "delivered" => self.line(at, rail, Mark::Good, "delivered", ""),
                "failed" | "unreached" | "interrupted" => {
                    self.line(at, rail, Mark::Again, result, reason(result));
                }
                _ => self.line(at, rail, Mark::Bad, result, reason(result)),
            },
            // A look is no step of the message's way.
            Phase::Use => {}
        }
    }

    /// What a retry repeats word for word is told once.
    fn intent<'e>(&mut self, entry: &'e Entry, rail: &str, shown: &mut Option<&'e Entry>) {
        let is_repeat = shown.is_some_and(|before| {
            before.fields == entry.fields
                && before.withheld == entry.withheld
                && before.lossy == entry.lossy
                && before.grounds == entry.grounds
        });
        if is_repeat {
            let text = format!("the same fields on the same ground, attempt {}", entry.attempt);
            return self.line(Some(entry.at), rail, Mark::Sent, "intent", &text);
        }
        *shown = Some(entry);
        let grounds: Vec<_> = entry.grounds.iter().map(ground).collect();
        self.line(Some(entry.at), rail, Mark::Good, "decided", &names(&grounds, "permit"));
        self.line(None, rail, Mark::Sent, "intent", &names(&entry.fields, "nothing"));
        if !entry.withheld.is_empty() {
            self.line_plain(rail, "withheld", &names(&entry.withheld, ""));
        }
        for lossy in &entry.lossy {
            self.line_plain(rail, "says less", &less(lossy));
        }
    }

    /// What is still to come, or why it ended.
    fn standing(&mut self, delivery: &Delivery, rail: &str) {
        let cause = delivery.cause.as_deref().map(reason).unwrap_or_default();
        match (delivery.state.as_str(), delivery.due) {
            ("ready", Some(due)) if delivery.attempts > 0 => {
                self.line(Some(due), rail, Mark::Again, "retry due", cause);
            }
            ("ready", Some(due)) => self.line(Some(due), rail, Mark::Waiting, "due", ""),
            ("waiting", _) => self.waiting(delivery, rail),
            ("refused", _) => {
                if let Some(heard) = &delivery.heard {
                    let at = heard.message.is_none().then_some(heard.due);
                    let mark = if heard.has_way_back { Mark::Sent } else { Mark::Bad };
                    self.line(at, rail, mark, "sender", &acting::heard(heard));
                }
            }
            ("dead-letter", _) => self.line(None, rail, Mark::Bad, "a person", cause),
            ("held", _) => {
                let why = "no rule names some of its document: luotsi release, or replay";
                self.line(None, rail, Mark::Waiting, "a person", why);
            }
            _ => {}
        }
    }

    /// Until when it waits, for whom, and for what.
    fn waiting(&mut self, delivery: &Delivery, rail: &str) {
        let Some(wanted) = &delivery.wanted else { return };
        let at = Some(wanted.deadline);
        self.line(at, rail, Mark::Waiting, "deadline", "refused then if none comes");
        if let Some(who) = &wanted.who {
            self.line_plain(rail, "to act", who);
        }
        self.line_plain(rail, "released by", &names(&wanted.releases, "nothing that is known"));
    }
}

/// Where codes say less than they did, and by which table.
fn less(lossy: &Lossy) -> String {
    format!("{}: {} by {}", lossy.at, count(lossy.count as usize, "code"), lossy.table)
}

fn state(code: &str) -> &str {
    match code {
        "ready" => "to be sent",
        "waiting" => "waiting for a basis",
        "sending" => "being sent",
        "dead-letter" => "waiting for a person",
        "held" => "held for a person",
        other => other,
    }
}

/// Paints a delivery's state by what it means.
fn colour(ink: Ink, code: &str, text: &str) -> String {
    match code {
        "delivered" => ink.good(text),
        "refused" | "dead-letter" => ink.bad(text),
        _ => ink.warn(text),
    }
}
