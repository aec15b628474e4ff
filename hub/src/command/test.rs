//! `luotsi test`: cases as files, run through the real code.

mod coverage;
mod find;
mod junit;
mod packs;
mod page;
mod route;
mod show;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use luotsi_mapping::case::{Difference, Files};
use serde::Serialize;

use super::{Exit, Failure, Format, Ink, put};
use coverage::Coverage;
use find::Found;
use show::Progress;

const ABOUT: &str = "\
Runs cases: folders of files that say what must come of a document. A pack's cases show what its
mappings read, write and refuse. A region's cases go the whole way: a document as a system posts it,
the directives on record, the moment; and then the record, which recipients get what and must not get
what, who waits and who is refused. They go through the hub's own intake, routes, gate and mappings,
in a journal of their own; nothing is sent to anybody.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi test config/mallialue                     a region: its cases and those of its mappings
  luotsi test mappings/serena --coverage           one pack, and the rules that no case exercises
  luotsi test mappings/serena/cases/referral-aino --bless
  luotsi --format junit test config/mallialue > cases.xml

EXIT CODES
  0 every case holds · 1 differences · 2 usage, or what the cases need has errors";

/// Run the cases of a region or of mapping packs
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    /// A region, a folder of mappings, a pack, or one case; without it the region
    path: Option<PathBuf>,
    /// The region's folder, where PATH does not lie in one
    #[arg(long, value_name = "DIR", env = "LUOTSI_REGION")]
    region: Option<PathBuf>,
    /// Rewrite what is wanted from what is got; read the diff before you keep it
    #[arg(long)]
    bless: bool,
    /// Show the rules, code rows and routes that no case exercises
    #[arg(long)]
    coverage: bool,
}

/// What came of one case.
#[derive(Debug, Serialize)]
pub(crate) struct Ran {
    /// Its pack, or the region's name.
    suite: String,
    /// Its folder's name.
    case: String,
    /// Where it lies.
    #[serde(serialize_with = "shown")]
    folder: PathBuf,
    /// What it shows.
    says: String,
    /// Whether it holds.
    holds: bool,
    /// Whether its wanted files were rewritten.
    blessed: bool,
    #[serde(serialize_with = "differences")]
    differences: Vec<Difference>,
    #[serde(rename = "ms", serialize_with = "millis")]
    took: Duration,
    /// What its wanted files would have to be.
    #[serde(skip)]
    wanted: Files,
}

impl Ran {
    pub(crate) fn new(suite: &str, folder: &Path, says: &str, started: Instant) -> Self {
        let case = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        Self {
            suite: suite.to_owned(),
            case: case.unwrap_or_default(),
            folder: folder.to_owned(),
            says: says.to_owned(),
            holds: true,
            blessed: false,
            differences: Vec::new(),
            took: started.elapsed(),
            wanted: Files::new(),
        }
    }

    pub(crate) fn with(mut self, differences: Vec<Difference>, wanted: Files) -> Self {
        self.holds = differences.is_empty();
        self.differences = differences;
        self.wanted = wanted;
        self
    }
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    Exit::of(test(args, format), format)
}

fn test(args: &Args, format: Format) -> Result<Exit, Failure> {
    let found = Found::under(args.path.as_deref(), args.region.as_deref())?;
    let progress = Progress::new(found.count(), format);
    let (mut ran, coverage) = found.run(&progress)?;
    progress.done();
    if args.bless {
        ran.iter_mut().try_for_each(bless)?;
    }
    let coverage = args.coverage.then_some(coverage);
    show(&ran, coverage.as_ref(), format)?;
    show::summary(&ran, args.bless, format);
    Ok(if ran.iter().all(|case| case.holds || case.blessed) { Exit::Ok } else { Exit::Findings })
}

/// Rewrites what is wanted. What nothing would mend has nothing to be written.
fn bless(case: &mut Ran) -> Result<(), Failure> {
    for (file, bytes) in &case.wanted {
        let path = case.folder.join(file);
        fs::write(&path, bytes).map_err(|error| {
            Failure::new(Exit::Usage, format!("{} cannot be written", path.display()))
                .why(error.to_string())
                .mend("let yourself write there, or go without --bless")
        })?;
    }
    let mends = |one: &Difference| case.wanted.contains_key(&one.file);
    case.blessed = !case.holds && case.differences.iter().all(mends);
    Ok(())
}

fn show(ran: &[Ran], coverage: Option<&Coverage>, format: Format) -> Result<(), Failure> {
    match format {
        Format::Human => put(&page::render(ran, coverage, Ink::stdout())),
        Format::Junit => put(&junit::render(ran)),
        Format::Json => {
            let whole = Whole { cases: ran, coverage: coverage.map(|c| &*c.coverage) };
            let text = serde_json::to_string_pretty(&whole).unwrap_or_default();
            put(&(text + "\n"))
        }
        Format::Ndjson | Format::Sarif | Format::Fhir => {
            Format::Ndjson.show(ran, String::new)?;
            coverage.map_or(Ok(()), |coverage| Format::Ndjson.show(&[coverage], String::new))
        }
    }
}

/// One document for a program.
#[derive(Serialize)]
struct Whole<'r> {
    cases: &'r [Ran],
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<&'r [coverage::Part]>,
}

fn shown<S: serde::Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&path.display().to_string())
}

fn millis<S: serde::Serializer>(took: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u128(took.as_millis())
}

fn differences<S: serde::Serializer>(all: &[Difference], to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Told<'d> {
        file: &'d str,
        at: &'d str,
        wanted: Option<&'d str>,
        got: Option<&'d str>,
    }
    to.collect_seq(all.iter().map(|one| Told {
        file: &one.file,
        at: &one.at,
        wanted: one.wanted.as_deref(),
        got: one.got.as_deref(),
    }))
}
