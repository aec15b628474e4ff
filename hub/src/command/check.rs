//! `luotsi check`: everything wrong with a region, at once, before it is served.

mod adapters;
mod online;
mod render;
mod sarif;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use luotsi_model::{Diagnostic, Severity, diagnostic::line_column};
use luotsi_region::{
    Folder, Loaded,
    coverage::{self, Coverage},
    load,
};
use serde::Serialize;

use super::{Exit, Failure, Format, Ink, layout::count};
use crate::settings::{Flags, Settings};
use render::Places;

const ABOUT: &str = "\
Reads a region's folder whole: records, code tables, mappings, connections, routes and policy, and
each connection's settings by its adapter. Shows every problem at once with file, line and column,
why it is one, and how to mend it. Opens no connection and reads no secret.

With --online it asks afterwards what a start would need of the world, and changes nothing: the
journal's database, its schema and what the hub's login may do there, the broker and what is declared
at it, the keys of the data folder, and each system that something is delivered to.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi check --region config/mallialue
  luotsi check --region config/mallialue --format sarif > luotsi.sarif
  luotsi check --region config/mallialue --format ndjson | jq -r '.file + \":\" + (.line|tostring)'
  luotsi check --region /etc/luotsi/region --online --settings /etc/luotsi/luotsi.toml

EXIT CODES
  0 no error (there may be warnings) · 1 errors · 2 usage · 3 the only errors are that the database
  or the broker cannot be asked";

/// Check a region's files
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The region's folder
    #[arg(long, value_name = "DIR", env = "LUOTSI_REGION", default_value = ".")]
    region: PathBuf,
    /// Ask the database, the broker and the systems too, as a start would
    #[arg(long)]
    online: bool,
    /// The hub's data folder, for --online
    #[arg(long, value_name = "DIR", env = "LUOTSI_DATA")]
    data: Option<PathBuf>,
    /// The hub's file of settings, for --online
    #[arg(long, value_name = "FILE", env = "LUOTSI_SETTINGS")]
    settings: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    Exit::of(check(args, format), format)
}

fn check(args: &Args, format: Format) -> Result<Exit, Failure> {
    if !args.region.is_dir() {
        return Err(Failure::new(Exit::Usage, "there is no such region")
            .why(format!("{} is not a folder", args.region.display()))
            .mend("name the folder that holds region.toml with --region"));
    }
    let folder = Folder::new(&args.region);
    let mut loaded = load(&folder, &crate::adapters::kinds());
    let Coverage { findings: gaps, sources } = coverage::check(&folder, &loaded);
    let count_of_files = loaded.sources.len();
    loaded.diagnostics.extend(gaps);
    loaded.sources.extend(sources);
    let mut findings = findings(&loaded);
    let is_refused = has_errors(&findings);
    let asked = match args.online {
        true => online::ask(loaded.region.as_ref(), &settings(args)?)?,
        false => online::Asked::default(),
    };
    findings.extend(asked.findings);
    let places = Places::new(&args.region);
    if format == Format::Sarif {
        format.show(&[sarif::log(&findings, &loaded.sources, &places)], String::new)?;
        return Ok(exit(&findings));
    }
    let objects: Vec<_> =
        findings.iter().map(|d| Finding::of(d, &loaded.sources, &places)).collect();
    format.show(&objects, || page(&findings, &loaded.sources, &places, Ink::stdout()))?;
    if format == Format::Human {
        let looked = Looked { files: count_of_files, whom: asked.whom, is_refused };
        looked.summary(&loaded, &findings);
    }
    Ok(exit(&findings))
}

fn settings(args: &Args) -> Result<Settings, Failure> {
    let flags = Flags { data: args.data.clone(), ..Flags::default() };
    Settings::read(args.settings.as_deref(), flags).map_err(|error| {
        Failure::new(Exit::Usage, "the settings cannot be used").why(error.to_string())
    })
}

/// What is known to be wrong goes before what could not be found out.
fn exit(findings: &[Diagnostic]) -> Exit {
    let unreached = findings.iter().filter(|finding| online::is_unreached(finding)).count();
    match errors(findings) {
        0 => Exit::Ok,
        found if found == unreached => Exit::Unreachable,
        _ => Exit::Findings,
    }
}

/// Everything wrong with a region, what its adapters say of their settings included, by file and
/// place.
pub(crate) fn findings(loaded: &Loaded) -> Vec<Diagnostic> {
    let settings = adapters::check(&loaded.sources, crate::adapters::ALL);
    let mut all: Vec<_> = loaded.diagnostics.iter().cloned().chain(settings).collect();
    let start = |d: &Diagnostic| d.span.as_ref().map_or(0, |span| span.start);
    all.sort_by(|a, b| (&a.file, start(a), a.code).cmp(&(&b.file, start(b), b.code)));
    all
}

/// Whether the region must be refused.
pub(crate) fn has_errors(findings: &[Diagnostic]) -> bool {
    errors(findings) > 0
}

/// How many errors there are.
pub(crate) fn errors(findings: &[Diagnostic]) -> usize {
    count_of(findings, Severity::Error)
}

/// Shows findings on standard error, for the one who starts a hub.
pub(crate) fn show(findings: &[Diagnostic], sources: &BTreeMap<String, String>) {
    show_below(Path::new("."), findings, sources);
}

/// The same, with each file's path from where the command was called.
pub(crate) fn show_below(
    region: &Path,
    findings: &[Diagnostic],
    sources: &BTreeMap<String, String>,
) {
    eprint!("{}", page(findings, sources, &Places::new(region), Ink::stderr()));
}

/// A region's file as a path from where the command was called.
pub(crate) fn below(region: &Path, file: &str) -> String {
    Places::new(region).of(file)
}

fn page(
    findings: &[Diagnostic],
    sources: &BTreeMap<String, String>,
    places: &Places,
    ink: Ink,
) -> String {
    findings.iter().map(|d| render::diagnostic(d, sources.get(&d.file), places, ink)).collect()
}

fn count_of(findings: &[Diagnostic], severity: Severity) -> usize {
    findings.iter().filter(|finding| finding.severity == severity).count()
}

/// A diagnostic for a program: lines and columns from 1, null where the whole file is meant.
#[derive(Serialize)]
struct Finding<'d> {
    code: &'d str,
    severity: Severity,
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    what: &'d str,
    why: &'d str,
    mend: &'d str,
}

impl<'d> Finding<'d> {
    fn of(diagnostic: &'d Diagnostic, sources: &BTreeMap<String, String>, places: &Places) -> Self {
        let text = sources.get(&diagnostic.file);
        let place = diagnostic.span.as_ref().zip(text);
        let (line, column) = place.map(|(span, text)| line_column(text, span.start)).unzip();
        Self {
            code: diagnostic.code,
            severity: diagnostic.severity,
            file: places.of(&diagnostic.file),
            line,
            column,
            what: &diagnostic.what,
            why: &diagnostic.why,
            mend: &diagnostic.mend,
        }
    }
}

/// What was looked at.
struct Looked {
    files: usize,
    whom: Vec<String>,
    is_refused: bool,
}

impl Looked {
    /// That and what was found, for the person; a program has its lines and exit code.
    fn summary(&self, loaded: &Loaded, findings: &[Diagnostic]) {
        let ink = Ink::stderr();
        let errors = count_of(findings, Severity::Error);
        let warnings = count_of(findings, Severity::Warning);
        let found = format!("{}, {}", count(errors, "error"), count(warnings, "warning"));
        let files = count(self.files, "file");
        match &loaded.region {
            Some(region) if !self.is_refused => {
                let mark = if errors == 0 { ink.good("✓") } else { ink.bad("✗") };
                eprintln!(
                    "{mark} region {}, generation {}: {files}, {}, {}, {found}",
                    ink.strong(&region.name),
                    region.generation,
                    count(region.connections.len(), "connection"),
                    count(region.routes.len(), "route"),
                );
            }
            _ => eprintln!("{} the region is refused: {files}, {found}", ink.bad("✗")),
        }
        if !self.whom.is_empty() {
            eprintln!("{}", ink.faint(format!("  asked: {}", self.whom.join(", "))));
        }
        if let Some(first) = findings.first() {
            eprintln!("{}", ink.faint(format!("  more of a code: luotsi explain {}", first.code)));
        }
    }
}
