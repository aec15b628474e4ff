//! `luotsi plan`: what a changed region would disclose, before it is served.

mod page;
mod replayed;
mod shifts;
mod summary;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use jiff::Timestamp;
use luotsi_flow::shadow::{self, Difference, Redecided};
use luotsi_journal::Beside;
use luotsi_region::{
    Folder, Region,
    compare::{self, Change, Comparison, Shift, compare},
    load,
};
use serde::Serialize;

use super::{Exit, Failure, Format, Ink, check, keys};

const ABOUT: &str = "\
Compares a changed region with today's: which recipient would get which field, for which purpose, by
which rule, that it does not get today (WIDENS), what it would no longer get (NARROWS), and what
else is declared otherwise. With --last it decides the last messages of the journal again under both,
by the directives as they are now, and lists every send that comes out otherwise. Sends nothing,
writes nothing, and works beside a running hub or on a copy. Names fields, never values.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi plan --against /etc/luotsi/region --region config/mallialue
  luotsi plan --against /etc/luotsi/region --region config/mallialue --last 1000 --data luotsi-data
  luotsi --format ndjson plan --region config/new | jq -c 'select(.what == \"widens\")'

EXIT CODES
  0 the same · 10 changes, nothing widens · 11 something widens · 2 usage, or a region has errors";

/// Compare a changed region with today's: what it would disclose
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The changed region's folder
    #[arg(long, value_name = "DIR")]
    region: PathBuf,
    /// Today's region's folder
    #[arg(long, value_name = "DIR", env = "LUOTSI_REGION")]
    against: PathBuf,
    /// Decide the last N messages of the journal again under both regions
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    /// The data folder whose journal --last reads: a hub's, or a copy
    #[arg(long, value_name = "DIR", env = "LUOTSI_DATA", default_value = "luotsi-data")]
    data: PathBuf,
    /// The hub's file of settings, which tells where its master keys are
    #[arg(long, value_name = "FILE", env = "LUOTSI_SETTINGS")]
    settings: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    Exit::of(plan(args, format), format)
}

fn plan(args: &Args, format: Format) -> Result<Exit, Failure> {
    let (old, old_files) = region(&args.against, "--against")?;
    let (new, new_files) = region(&args.region, "--region")?;
    let redecided = args.last.map(|last| redecided(args, last, &old, &new)).transpose()?;
    let plan = Plan {
        against: old.generation.to_string(),
        region: new.generation.to_string(),
        comparison: compare(&old, &new),
        files: compare::files(&old_files, &new_files),
        redecided,
    };
    format.show(&plan.lines(), || page::render(&plan, Ink::stdout()))?;
    Ok(plan.exit())
}

type Sources = std::collections::BTreeMap<String, String>;

/// A region without errors, and its files' texts.
fn region(folder: &Path, flag: &str) -> Result<(Region, Sources), Failure> {
    let shown = folder.display();
    if !folder.is_dir() {
        return Err(Failure::new(Exit::Usage, "there is no such region")
            .why(format!("{shown} is not a folder"))
            .mend(format!("name the folder that holds region.toml with {flag}")));
    }
    let mut loaded = load(&Folder::new(folder), &crate::adapters::kinds());
    let findings = check::findings(&loaded);
    match loaded.region.take().filter(|_| !check::has_errors(&findings)) {
        Some(region) => Ok((region, loaded.sources)),
        None => {
            check::show_below(folder, &findings, &loaded.sources);
            Err(Failure::new(Exit::Usage, format!("the region in {shown} has errors"))
                .why("what it would disclose cannot be told while it cannot be served")
                .mend(format!("mend what is shown above, or see: luotsi check --region {shown}")))
        }
    }
}

/// The last messages of the journal, decided under both regions.
fn redecided(args: &Args, last: usize, old: &Region, new: &Region) -> Result<Redecided, Failure> {
    let (source, journal) = keys::source(Some(&args.data), args.settings.as_deref())?;
    if !journal.is_there() {
        return Err(Failure::new(Exit::Usage, format!("there is no journal {journal}"))
            .mend("name a hub's data folder, or a copy of it, with --data"));
    }
    let masters = source.masters(&journal).map_err(|error| {
        keys::unusable(&error).mend("run it as the hub's user, with the settings that the hub has")
    })?;
    let past = Beside::open(&journal, masters).and_then(|journal| shadow::past(&journal, last));
    let past = past.map_err(|error| {
        Failure::new(Exit::Usage, format!("the journal {journal} cannot be read"))
            .why(error.to_string())
            .mend("name a hub's data folder, or a copy of it, with --data")
    })?;
    Ok(shadow::redecide(&past, old, new, Timestamp::now()))
}

/// Everything that is told.
struct Plan {
    /// Generation of today's region.
    against: String,
    /// Generation of the changed one.
    region: String,
    comparison: Comparison,
    /// The files that say something else.
    files: Vec<String>,
    redecided: Option<Redecided>,
}

/// One line for a program.
#[derive(Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
enum Line<'p> {
    Widens(&'p Shift),
    Narrows(&'p Shift),
    Change(&'p Change),
    File { path: &'p str },
    Message(&'p Difference),
    Totals(Totals<'p>),
}

/// The last line: how much of everything there is.
#[derive(Serialize)]
struct Totals<'p> {
    against: &'p str,
    region: &'p str,
    verdict: Verdict,
    widens: usize,
    narrows: usize,
    changes: usize,
    files: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shut: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sends: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<usize>,
}

/// What it comes to.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Same,
    Changes,
    Widens,
}

impl Plan {
    fn verdict(&self) -> Verdict {
        let Comparison { widens, narrows, changes } = &self.comparison;
        let differences = self.differences();
        // The comparison finds whatever can widen; were it wrong, the messages still count.
        if !widens.is_empty() || differences.iter().any(|one| !one.gained.is_empty()) {
            return Verdict::Widens;
        }
        let is_same = narrows.is_empty()
            && changes.is_empty()
            && self.files.is_empty()
            && differences.is_empty();
        if is_same { Verdict::Same } else { Verdict::Changes }
    }

    fn exit(&self) -> Exit {
        match self.verdict() {
            Verdict::Same => Exit::Ok,
            Verdict::Changes => Exit::Changes,
            Verdict::Widens => Exit::Widens,
        }
    }

    fn differences(&self) -> &[Difference] {
        self.redecided.as_ref().map_or(&[], |redecided| &redecided.differences)
    }

    fn lines(&self) -> Vec<Line<'_>> {
        let Comparison { widens, narrows, changes } = &self.comparison;
        let mut lines: Vec<_> = widens.iter().map(Line::Widens).collect();
        lines.extend(narrows.iter().map(Line::Narrows));
        lines.extend(changes.iter().map(Line::Change));
        lines.extend(self.files.iter().map(|path| Line::File { path }));
        lines.extend(self.differences().iter().map(Line::Message));
        lines.push(Line::Totals(self.totals()));
        lines
    }

    fn totals(&self) -> Totals<'_> {
        let redecided = self.redecided.as_ref();
        Totals {
            against: &self.against,
            region: &self.region,
            verdict: self.verdict(),
            widens: self.comparison.widens.len(),
            narrows: self.comparison.narrows.len(),
            changes: self.comparison.changes.len(),
            files: self.files.len(),
            messages: redecided.map(|redecided| redecided.messages),
            shut: redecided.map(|redecided| redecided.shut),
            sends: redecided.map(|redecided| redecided.sends),
            differences: redecided.map(|redecided| redecided.differences.len()),
        }
    }
}
