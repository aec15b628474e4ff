//! `luotsi keys`: the master keys, by their names.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use luotsi_journal::{Database, KeyId, masters_of};
use serde_json::{Value, json};

use super::{Exit, Failure, Format, Ink};
use crate::{
    keys::Source,
    settings::{Flags, Settings},
};

const ROTATE: &str = "\
Puts a new master key before the others in the key file, durably. The hub takes it up at its next
start: it wraps every client's key anew and says which keys wrap nothing any more.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi keys rotate --data /var/lib/luotsi && systemctl restart luotsi
  luotsi keys list --data /var/lib/luotsi
  luotsi keys retire --data /var/lib/luotsi

EXIT CODES
  0 done · 1 a key that is needed is missing · 2 usage, or keys that cannot be read";

/// What can be done with the master keys.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Show what the keys are called and which of them are needed; never a key
    #[command(after_help = EXAMPLE)]
    List(Place),
    /// Put a new key before the others
    #[command(long_about = ROTATE, after_help = EXAMPLE)]
    Rotate(Place),
    /// Take out the keys that wrap nothing any more
    #[command(after_help = EXAMPLE)]
    Retire(Place),
}

/// Where the keys are, and the journal that they are for.
#[derive(clap::Args, Debug)]
pub(crate) struct Place {
    /// The hub's data folder
    #[arg(long, value_name = "DIR", env = "LUOTSI_DATA")]
    data: Option<PathBuf>,
    /// The hub's file of settings
    #[arg(long, value_name = "FILE", env = "LUOTSI_SETTINGS")]
    settings: Option<PathBuf>,
}

/// The keys' source and the journal, by the settings that the hub has.
pub(crate) fn source(
    data: Option<&Path>,
    settings: Option<&Path>,
) -> Result<(Source, Database), Failure> {
    let flags = Flags { data: data.map(Path::to_owned), ..Flags::default() };
    let settings = Settings::read(settings, flags).map_err(|e| unusable(&e))?;
    let dir = &settings.data.dir;
    let journal = settings.journal().map_err(|e| unusable(&e))?;
    Ok((Source::of(&settings.keys.master, dir), journal))
}

pub(crate) fn run(which: &Command, format: Format) -> ExitCode {
    Exit::of(
        match which {
            Command::List(place) => list(place, format),
            Command::Rotate(place) => rotate(place, format),
            Command::Retire(place) => retire(place, format),
        },
        format,
    )
}

/// Why the keys cannot be had; the hub refuses to start for the same reason.
pub(crate) fn unusable(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Usage, "the master keys cannot be used").why(error.to_string())
}

fn list(place: &Place, format: Format) -> Result<Exit, Failure> {
    let (source, journal) = source(place.data.as_deref(), place.settings.as_deref())?;
    let masters = source.masters(&journal).map_err(|e| unusable(&e))?;
    let needed = masters_of(&journal).map_err(|e| unusable(&e))?;
    let given: Vec<_> = masters.ids().collect();
    let missing: Vec<_> = needed.iter().filter(|id| !given.contains(id)).copied().collect();
    let mut lines: Vec<_> = given
        .iter()
        .enumerate()
        .map(|(at, id)| match (at, needed.contains(id)) {
            (0, true) => (*id, "current"),
            (0, false) => (*id, "taken up at the next start"),
            (_, true) => (*id, "needed"),
            (_, false) => (*id, "wraps nothing"),
        })
        .collect();
    lines.extend(missing.iter().map(|id| (*id, "missing")));
    format.show(&lines.iter().map(told).collect::<Vec<_>>(), || page(&lines, Ink::stdout()))?;
    Ok(if missing.is_empty() { Exit::Ok } else { Exit::Findings })
}

fn told((id, is): &(KeyId, &str)) -> Value {
    json!({ "key": id.to_string(), "is": is })
}

fn page(lines: &[(KeyId, &str)], ink: Ink) -> String {
    lines.iter().map(|(id, is)| format!("{}  {is}\n", ink.name(id))).collect()
}

fn rotate(place: &Place, format: Format) -> Result<Exit, Failure> {
    let (source, journal) = source(place.data.as_deref(), place.settings.as_deref())?;
    let new = source.rotate(&journal).map_err(|e| unusable(&e))?;
    let lines = [(new, "taken up at the next start")];
    format.show(&lines.iter().map(told).collect::<Vec<_>>(), || page(&lines, Ink::stdout()))?;
    Ok(Exit::Ok)
}

fn retire(place: &Place, format: Format) -> Result<Exit, Failure> {
    let (source, journal) = source(place.data.as_deref(), place.settings.as_deref())?;
    let needed = masters_of(&journal).map_err(|e| unusable(&e))?;
    let gone = source.retire(&journal, &needed).map_err(|e| unusable(&e))?;
    let lines: Vec<_> = gone.into_iter().map(|id| (id, "taken out")).collect();
    let all = lines.iter().map(told).collect::<Vec<_>>();
    format.show(&all, || match lines.is_empty() {
        true => "every key is needed\n".to_owned(),
        false => page(&lines, Ink::stdout()),
    })?;
    Ok(Exit::Ok)
}
