//! `luotsi audit`: the disclosure log proves itself, without a hub.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use luotsi_audit::VerifyingKey;
use luotsi_journal::{
    Database, Error,
    verify::{Against, Verified, latest, verify},
};
use serde_json::{Value, json};

use super::{Exit, Failure, Format, Ink, layout::count};
use crate::settings::{self, Flags, Settings};

const ABOUT: &str = "\
Checks every entry of the disclosure log and the use log: recomputes the Merkle tree over them, and
holds it against every checkpoint signed. Works on the data folder or on a copy of its luotsi.db,
reads only, and needs no hub. What is found names the first entry that it is about.

A checkpoint that was kept elsewhere (--checkpoint) shows that the log still begins as it did then;
with the key kept elsewhere (--key) that holds even against one who can write the whole data folder.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi audit verify --data /var/lib/luotsi
  luotsi audit verify --db copy.db --key luotsi.pub --checkpoint 2026-06-30.txt

EXIT CODES
  0 it holds · 1 something was found · 2 usage, or no journal of this version";

/// What can be asked of the logs.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Check every entry, the tree and the checkpoints
    #[command(long_about = ABOUT, after_help = EXAMPLE)]
    Verify(Verify),
    /// Show the latest signed checkpoint, to be kept elsewhere
    Checkpoint(Place),
    /// Show the key that checkpoints are checked by, to be kept elsewhere
    Key(Place),
}

#[derive(clap::Args, Debug)]
pub(crate) struct Verify {
    #[command(flatten)]
    place: Place,
    /// A checkpoint kept elsewhere; may be given more than once
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// The log's key kept elsewhere: a file, or the key itself; without it the data folder's
    #[arg(long, value_name = "FILE|KEY")]
    key: Option<String>,
}

/// Where the log is.
#[derive(clap::Args, Debug)]
pub(crate) struct Place {
    /// The hub's data folder
    #[arg(long, value_name = "DIR", env = "LUOTSI_DATA")]
    data: Option<PathBuf>,
    /// The hub's file of settings, where its journal is on a server
    #[arg(long, value_name = "FILE", env = "LUOTSI_SETTINGS")]
    settings: Option<PathBuf>,
    /// A copy of its database instead
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
}

impl Place {
    /// The log's database, and the file of the key beside it.
    fn look(&self) -> Result<(Database, PathBuf), Failure> {
        if let Some(copy) = &self.db {
            return Ok((copy.into(), copy.with_file_name("log.pub")));
        }
        let flags = Flags { data: self.data.clone(), ..Flags::default() };
        let unusable = |error: settings::Error| {
            Failure::new(Exit::Usage, "the settings cannot be used").why(error.to_string())
        };
        let settings = Settings::read(self.settings.as_deref(), flags).map_err(unusable)?;
        Ok((settings.journal().map_err(unusable)?, settings.data.dir.join("log.pub")))
    }
}

/// The key beside the database; a copy may lie there without.
fn key_beside(file: &Path) -> Result<Option<VerifyingKey>, Failure> {
    if file.exists() { key_in(file).map(Some) } else { Ok(None) }
}

pub(crate) fn run(which: &Command, format: Format) -> ExitCode {
    Exit::of(
        match which {
            Command::Verify(args) => check(args, format),
            Command::Checkpoint(place) => checkpoint(place, format),
            Command::Key(place) => key(place, format),
        },
        format,
    )
}

fn check(args: &Verify, format: Format) -> Result<Exit, Failure> {
    let held = args.key.as_deref().map(named_key).transpose()?;
    let is_held = held.is_some();
    let (database, beside) = args.place.look()?;
    let key = held.map_or_else(|| key_beside(&beside), |key| Ok(Some(key)))?;
    let notes = args.checkpoint.iter().map(|file| Ok((file.display().to_string(), text(file)?)));
    let against = Against { key, notes: notes.collect::<Result<_, _>>()? };
    let found = verify(&database, &against).map_err(|error| unreadable(&database, &error))?;
    format.show(&[told(&found)], || page(&found, is_held, Ink::stdout()))?;
    Ok(if found.found == 0 { Exit::Ok } else { Exit::Findings })
}

fn checkpoint(place: &Place, format: Format) -> Result<Exit, Failure> {
    let (database, _) = place.look()?;
    let note = latest(&database).map_err(|error| unreadable(&database, &error))?;
    let Some(note) = note else {
        return Err(Failure::new(Exit::Findings, "there is no checkpoint yet")
            .why("the hub signs one when the log has grown, and when it stops"));
    };
    format.show(&[json!({ "checkpoint": note })], || note)?;
    Ok(Exit::Ok)
}

fn key(place: &Place, format: Format) -> Result<Exit, Failure> {
    let (_, beside) = place.look()?;
    let key = key_beside(&beside)?.ok_or_else(|| {
        Failure::new(Exit::Findings, "there is no log.pub beside the database")
            .why("the hub makes it at its first start")
    })?;
    format.show(&[json!({ "key": key.to_string() })], || format!("{key}\n"))?;
    Ok(Exit::Ok)
}

/// A key, or the file that holds it.
fn named_key(named: &str) -> Result<VerifyingKey, Failure> {
    named.parse().or_else(|_| key_in(Path::new(named)))
}

fn key_in(file: &Path) -> Result<VerifyingKey, Failure> {
    text(file)?.parse().map_err(|error: luotsi_audit::Error| {
        Failure::new(Exit::Usage, format!("{} holds no key", file.display()))
            .why(error.to_string())
            .mend("give what `luotsi audit key` shows")
    })
}

fn text(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| {
        Failure::new(Exit::Usage, format!("{} cannot be read", file.display()))
            .why(error.kind().to_string())
    })
}

fn unreadable(database: &Database, error: &Error) -> Failure {
    let what = format!("{database} cannot be checked");
    // A database that SQLite itself finds broken is a finding, not a matter of usage.
    let broken = matches!(error, Error::Storage(why) if why.contains("malformed"));
    let exit = if broken { Exit::Findings } else { Exit::Usage };
    Failure::new(exit, what).why(error.to_string()).mend(match database {
        Database::File(_) => {
            "name the data folder with --data, or a copy of its luotsi.db with --db"
        }
        Database::Server(_) => "see that the server answers, and that database.url names it",
    })
}

fn told(found: &Verified) -> Value {
    let findings = found.findings.iter().map(|finding| {
        json!({ "entry": finding.seq, "code": finding.what.as_str(), "what": finding.to_string() })
    });
    json!({
        "holds": found.found == 0,
        "entries": found.size,
        "pruned": found.pruned,
        "root": hex(&found.root),
        "checkpoints": found.checkpoints,
        "covered": found.covered,
        "found": found.found,
        "findings": findings.collect::<Vec<_>>(),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn page(found: &Verified, is_key_held: bool, ink: Ink) -> String {
    let mut page = String::new();
    for finding in &found.findings {
        page += &format!("{} {finding}\n", ink.bad("✗"));
    }
    if found.found > found.findings.len() {
        page += &format!("  and {} more\n", found.found - found.findings.len());
    }
    let verdict = if found.found == 0 {
        ink.good("✓ the log holds")
    } else {
        ink.bad(format!("✗ the log does not hold: {}", count(found.found, "finding")))
    };
    page += &format!(
        "{verdict}\n  entries      {}, of which pruned at the end of their retention: {}\n  \
         checkpoints  {} held; entries covered by them: {}\n  root         {}\n",
        found.size,
        found.pruned,
        found.checkpoints,
        found.covered,
        hex(&found.root),
    );
    if !is_key_held {
        page += &ink.faint(
            "  The key was the data folder's own: --key with one kept elsewhere proves more.\n",
        );
    }
    page
}
