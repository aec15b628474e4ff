//! How the story is shown: to a person as it unfolds, to a program as one object a step.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal},
    time::Instant,
};

use serde_json::{Map, Value, json};

use super::{Failed, people::Person, world::World};
use crate::command::{
    Failure, Format, Ink,
    layout::{WIDTH, hang},
};

/// Columns before the text of a step.
const INDENT: usize = 4;
/// Columns of a label.
const LABEL: usize = 18;

/// The stage.
pub(super) struct Stage {
    format: Format,
    ink: Ink,
    started: Instant,
}

impl Stage {
    pub(super) fn new(format: Format) -> Self {
        Self { format, ink: Ink::stdout(), started: Instant::now() }
    }

    /// Whether a person sits before it.
    pub(super) fn is_watched(&self) -> bool {
        self.format == Format::Human && io::stdout().is_terminal()
    }

    fn put(&self, text: &str) -> Result<(), Failure> {
        if self.format == Format::Human { crate::command::put(text) } else { Ok(()) }
    }

    /// Who plays.
    pub(super) fn open(&self, world: &World) -> Result<(), Failure> {
        let ink = self.ink;
        let mut page = format!("\n{}\n", ink.strong("Luotsi, at work in Mallialue"));
        let about = "A made-up region with made-up people, all of it on this machine: the hub as a \
                     process of its own, and three systems that speak real HTTP with it.";
        hang(&mut page, "", 0, about);
        page.push('\n');
        let (hub, ry) = (&world.hub, world.provider.address());
        let cast = [
            (
                "hub",
                format!("http://{} takes in, http://{} is for operations", hub.intake, hub.ops),
            ),
            ("serena", format!("the municipality's guidance; XML; {}", world.guidance.address())),
            (
                "home-care",
                format!("the municipality's too; FHIR R4; {}", world.home_care.address()),
            ),
            ("malli-ry", format!("an association, another controller; signed webhooks; {ry}")),
            ("plan", "the client's shared plan, kept by the hub itself".to_owned()),
        ];
        for (name, what) in cast {
            label(&mut page, ink, 2, name, &what);
        }
        self.put(&page)
    }

    /// Begins a step.
    pub(super) fn step(&self, number: usize, title: &'static str) -> Result<Step, Failure> {
        let rule = WIDTH.saturating_sub(title.chars().count() + 6);
        let rule = self.ink.faint("─".repeat(rule));
        self.put(&format!("\n{number:>2}  {} {rule}\n", self.ink.strong(title)))?;
        Ok(Step {
            number,
            title,
            ink: self.ink,
            page: String::new(),
            facts: Map::new(),
            claims: Vec::new(),
        })
    }

    /// Ends a step and tells whether all of it held.
    pub(super) fn end(&self, mut step: Step, told: Result<(), Failed>) -> Result<bool, Failure> {
        if let Err(failed) = told {
            step.claim(false, &format!("the step could not be ended: {failed}"));
        }
        self.put(&step.page)?;
        let held = step.claims.iter().all(|(held, _)| *held);
        if self.format == Format::Ndjson {
            let claims: Vec<_> =
                step.claims.iter().map(|(ok, claim)| json!({ "ok": ok, "claim": claim })).collect();
            step.facts.insert("claims".into(), claims.into());
            let object = json!({
                "step": step.number, "title": step.title, "ok": held, "facts": step.facts,
            });
            self.format.show(&[object], String::new)?;
        }
        Ok(held)
    }

    /// The last word.
    pub(super) fn close(&self, held: bool) -> Result<(), Failure> {
        let took = format!("in {:.1} s", self.started.elapsed().as_secs_f64());
        let verdict = if held {
            format!("{} everything above was seen to happen, {took}", self.ink.good("✓"))
        } else {
            format!("{} a claim above did not hold: the story ends here, {took}", self.ink.bad("✗"))
        };
        self.put(&format!("\n{verdict}\n"))
    }

    /// What the hub said last, for whoever finds out what went wrong.
    pub(super) fn log(&self, world: &World) -> Result<(), Failure> {
        let words = self.ink.faint(world.hub.last_words());
        self.put(&format!("\nthe end of the hub's log:\n{words}\n"))
    }

    /// Where to look while it stays up.
    pub(super) fn stay(&self, world: &World) -> Result<(), Failure> {
        let ink = self.ink;
        let luotsi = std::env::args().next().unwrap_or_else(|| "luotsi".into());
        let data = world.hub.data().display();
        let hub = format!("--ops http://{} --data {data}", world.hub.ops);
        let mut page = String::from("\nThe hub stays up. Look around from another terminal:\n\n");
        let commands = [
            (
                "the journey of Aino's referral",
                format!("{luotsi} trace {} {hub}", world.told.referral),
            ),
            (
                "why the later one was refused",
                format!("{luotsi} why {} --to malli-ry {hub}", world.told.withdrawn),
            ),
            (
                "what was disclosed about Aino",
                format!(
                    "echo {} | {luotsi} report disclosures --hetu-stdin {hub}",
                    Person::aino().hetu
                ),
            ),
            ("metrics", format!("curl http://{}/metrics", world.hub.ops)),
        ];
        for (what, command) in commands {
            // Not wrapped: a command is copied whole.
            let _ = writeln!(page, "  {}\n    {command}", ink.faint(format!("# {what}")));
        }
        let _ =
            writeln!(page, "\n{} ends it and removes everything it kept.", ink.strong("Ctrl-C"));
        self.put(&page)
    }
}

/// A step being told.
pub(super) struct Step {
    number: usize,
    title: &'static str,
    ink: Ink,
    page: String,
    facts: Map<String, Value>,
    claims: Vec<(bool, String)>,
}

impl Step {
    /// What happens, in a sentence or two.
    pub(super) fn say(&mut self, text: &str) {
        hang(&mut self.page, &" ".repeat(INDENT), INDENT, text);
    }

    /// What a party has, or what the hub tells.
    pub(super) fn row(&mut self, name: &str, text: &str) {
        label(&mut self.page, self.ink, INDENT, name, text);
    }

    /// The same for what was not let through.
    pub(super) fn withheld(&mut self, name: &str, fields: &[String]) {
        let lead = format!("{}{}", " ".repeat(INDENT), self.ink.warn(format!("{name:<LABEL$}")));
        let fields = crate::command::layout::names(fields, "nothing");
        hang(&mut self.page, &lead, INDENT + LABEL, &fields);
    }

    /// For programs.
    pub(super) fn fact(&mut self, name: &str, value: impl Into<Value>) {
        self.facts.insert(name.to_owned(), value.into());
    }

    /// What must be so.
    pub(super) fn claim(&mut self, holds: bool, claim: &str) {
        let mark = if holds { self.ink.good("✓") } else { self.ink.bad("✗") };
        let claim_shown = if holds { claim.to_owned() } else { format!("NOT SO: {claim}") };
        let lead = format!("{}{mark} ", " ".repeat(INDENT));
        hang(&mut self.page, &lead, INDENT + 2, &claim_shown);
        self.claims.push((holds, claim.to_owned()));
    }
}

fn label(page: &mut String, ink: Ink, indent: usize, name: &str, text: &str) {
    let lead = format!("{}{}", " ".repeat(indent), ink.name(format!("{name:<LABEL$}")));
    hang(page, &lead, indent + LABEL, text);
}
