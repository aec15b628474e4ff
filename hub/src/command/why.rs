//! `luotsi why`: the gate's answer, clause by clause.

use std::{fmt::Write as _, process::ExitCode};

use jiff::Timestamp;
use luotsi_journal::{Entry, Phase};
use luotsi_model::{MessageId, SystemId};

use super::{
    Exit, Failure, Format, Ink, acting,
    layout::{count, hang, hang_after, local, names},
    ops::{self, Ops, Why},
    trace::{payload, reason},
};

const ABOUT: &str = "\
Explains why the gate lets a message through to a system or not, as of now: every directive of the
client and every rule of the policy, met or missed, what would permit it, and which fields of this
message go and which are held back. Names fields, never values.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi why 01920000-0000-7000-8000-000000000001 --to malli-ry

EXIT CODES
  0 permitted · 1 no such message, or not routed there · 2 usage · 3 no hub · 4 waiting or denied";

/// Columns of the labels.
const LABEL: usize = 14;

/// Explain a decision of the gate, clause by clause
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The message
    message: MessageId,
    /// The system it would go to
    #[arg(long, value_name = "SYSTEM", value_parser = |text: &str| Ok::<_, String>(SystemId::new(text)))]
    to: SystemId,
    #[command(flatten)]
    ops: ops::Args,
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    ops::run(format, why(args, format))
}

async fn why(args: &Args, format: Format) -> Result<Exit, Failure> {
    let ops = Ops::open(&args.ops)?;
    let path = format!("/api/messages/{}/why", args.message);
    let answer = ops.get(&path, &[("to", args.to.as_str())]).await?;
    let why: Why = ops::read(&answer)?;
    format.show(&[&answer], || render(&why, Ink::stdout()))?;
    Ok(if why.decision == "permit" { Exit::Ok } else { Exit::Refused })
}

/// The explanation on a page.
pub(crate) fn render(why: &Why, ink: Ink) -> String {
    let mut page = String::new();
    heading(&mut page, why, ink);
    let _ = writeln!(page, "\n{}", ink.strong("Clauses"));
    for step in &why.steps {
        clause(&mut page, step, ink);
    }
    let _ = writeln!(page, "\n{}", ink.strong("Fields of this message"));
    label(&mut page, &ink.good(format!("  {:<LABEL$}", "go")), &names(&why.fields, "none"));
    let held = names(&why.withheld, "none");
    label(&mut page, &ink.warn(format!("  {:<LABEL$}", "held back")), &held);
    if let Some(wanted) = &why.wanted {
        let _ = writeln!(page, "\n{}", ink.strong("Who is to act"));
        acting::lines(wanted, Timestamp::now())
            .iter()
            .for_each(|line| hang(&mut page, "  ", 2, line));
    }
    if let Some(heard) = &why.heard {
        let _ = writeln!(page, "\n{}", ink.strong("Its sender"));
        hang(&mut page, "  ", 2, &acting::heard(heard));
    }
    if !why.so_far.is_empty() {
        let _ = writeln!(page, "\n{}", ink.strong("So far"));
        why.so_far.iter().for_each(|entry| so_far(&mut page, entry, ink));
    }
    page
}

fn heading(page: &mut String, why: &Why, ink: Ink) {
    let verdict = match why.decision.as_str() {
        "permit" => ink.good("✓ permit"),
        "wait" => ink.warn("◌ wait"),
        _ => ink.bad("✗ deny"),
    };
    let because = why.reason.as_deref().map(|code| format!(": {}", reason(code)));
    let _ = writeln!(page, "{}{}", ink.strong(verdict), because.unwrap_or_default());
    let _ = writeln!(
        page,
        "to {} for {}, as of now, by region {}",
        ink.name(&why.to),
        why.purpose,
        why.generation
    );
    let _ = writeln!(page, "{}", ink.faint(format!("message {}", why.message)));
    if let Some(gone) = payload(&why.payload) {
        let _ = writeln!(page, "{}", ink.warn(gone));
    }
}

fn clause(page: &mut String, step: &ops::Step, ink: Ink) {
    let mark = if step.met { ink.good("✓") } else { ink.bad("✗") };
    let _ = writeln!(page, "  {mark} {}", ink.strong(&step.clause));
    hang(page, "    ", 4, &step.said);
    if let Some(would) = &step.would_permit {
        let lead = format!("    {} ", ink.name("→ would permit:"));
        hang(page, &lead, 20, would);
    }
}

fn label(page: &mut String, lead: &str, text: &str) {
    hang_after(page, lead, &" ".repeat(LABEL + 2), LABEL + 2, text);
}

fn so_far(page: &mut String, entry: &Entry, ink: Ink) {
    let result = entry.result.as_deref().unwrap_or_default();
    let (word, text) = match entry.phase {
        Phase::Intent => (ink.name("intent   "), count(entry.fields.len(), "field")),
        Phase::Outcome => (ink.name("outcome  "), reason(result).to_owned()),
        Phase::Refusal => (ink.bad("refused  "), reason(result).to_owned()),
        Phase::Wait => (ink.warn("waiting  "), reason(result).to_owned()),
        Phase::Use => (ink.faint("looked at"), result.to_owned()),
    };
    let time = ink.faint(local(entry.at));
    let _ = writeln!(page, "  {time}  {word} {text}, attempt {}", entry.attempt);
}
