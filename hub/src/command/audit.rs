//! `luotsi audit`: the disclosure log proves itself, without a hub.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use luotsi_audit::VerifyingKey;
use luotsi_journal::{
    Error,
    verify::{Against, Verified, latest, verify},
};
use serde_json::{Value, json};

use super::{Exit, Failure, Format, Ink, layout::count};

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
    #[arg(long, value_name = "DIR", env = "LUOTSI_DATA", default_value = "luotsi-data")]
    data: PathBuf,
    /// A copy of its database instead
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
}

impl Place {
    fn database(&self) -> PathBuf {
        self.db.clone().unwrap_or_else(|| self.data.join("luotsi.db"))
    }

    /// The key beside the database; a copy may lie there without.
    fn key(&self) -> Result<Option<VerifyingKey>, Failure> {
        let file = self.database().with_file_name("log.pub");
        if file.exists() { key_in(&file).map(Some) } else { Ok(None) }
    }
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
    let key = held.map_or_else(|| args.place.key(), |key| Ok(Some(key)))?;
    let notes = args.checkpoint.iter().map(|file| Ok((file.display().to_string(), text(file)?)));
    let against = Against { key, notes: notes.collect::<Result<_, _>>()? };
    let database = args.place.database();
    let found = verify(&database, &against).map_err(|error| unreadable(&database, &error))?;
    format.show(&[told(&found)], || page(&found, is_held, Ink::stdout()))?;
    Ok(if found.found == 0 { Exit::Ok } else { Exit::Findings })
}

fn checkpoint(place: &Place, format: Format) -> Result<Exit, Failure> {
    let database = place.database();
    let note = latest(&database).map_err(|error| unreadable(&database, &error))?;
    let Some(note) = note else {
        return Err(Failure::new(Exit::Findings, "there is no checkpoint yet")
            .why("the hub signs one when the log has grown, and when it stops"));
    };
    format.show(&[json!({ "checkpoint": note })], || note)?;
    Ok(Exit::Ok)
}

fn key(place: &Place, format: Format) -> Result<Exit, Failure> {
    let key = place.key()?.ok_or_else(|| {
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

fn unreadable(database: &Path, error: &Error) -> Failure {
    let what = format!("{} cannot be checked", database.display());
    // A database that SQLite itself finds broken is a finding, not a matter of usage.
    let broken = matches!(error, Error::Storage(why) if why.contains("malformed"));
    let exit = if broken { Exit::Findings } else { Exit::Usage };
    Failure::new(exit, what)
        .why(error.to_string())
        .mend("name the data folder with --data, or a copy of its luotsi.db with --db")
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
