//! `luotsi migrate`: brings the journal's database to this version's schema.

use std::{path::PathBuf, process::ExitCode};

use luotsi_journal::migrate;
use serde_json::json;

use super::{Exit, Failure, Format};
use crate::settings::{Flags, Settings};

const ABOUT: &str = "\
Brings the journal's database to the schema of this version, each version in a transaction of its
own, and says which it found. On a PostgreSQL server it runs as the role that owns the tables, which
the hub's own role is not: `luotsi serve` changes no schema there, and does not start on another one
than its own. A journal in a file is migrated by `luotsi serve` itself.

It also takes away what is left of erased keys where only the owner may.";

const EXAMPLE: &str = "\
EXAMPLE
  LUOTSI_DATABASE__URL_FILE=/etc/luotsi/owner.url luotsi migrate

EXIT CODES
  0 the schema is this version's · 2 usage, or a database that cannot be brought there";

const MEND: &str = "see that the server runs, that database.url names it with the owner's login, and \
                    that no newer version of the hub has been here";

/// Bring the journal's database to this version's schema
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The hub's data folder
    #[arg(long, value_name = "DIR", env = "LUOTSI_DATA")]
    data: Option<PathBuf>,
    /// The hub's file of settings
    #[arg(long, value_name = "FILE", env = "LUOTSI_SETTINGS")]
    settings: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    Exit::of(brought(args, format), format)
}

fn brought(args: &Args, format: Format) -> Result<Exit, Failure> {
    let flags = Flags { data: args.data.clone(), ..Flags::default() };
    let failed = |error: &dyn std::error::Error, what: String| {
        Failure::new(Exit::Usage, what).why(error.to_string())
    };
    let settings = Settings::read(args.settings.as_deref(), flags)
        .map_err(|e| failed(&e, "the settings cannot be used".into()))?;
    let database =
        settings.journal().map_err(|e| failed(&e, "the settings cannot be used".into()))?;
    if !database.is_there() {
        return Err(Failure::new(Exit::Usage, format!("there is no journal {database}"))
            .mend("a journal in a file is made by `luotsi serve`; name its folder with --data"));
    }
    let (found, now) = migrate(&database).map_err(|e| {
        failed(&e, format!("{database} cannot be brought to this version")).mend(MEND)
    })?;
    format.show(&[json!({ "found": found, "schema": now })], || {
        if found == now {
            format!("{database} has schema version {now} already\n")
        } else {
            format!("{database}: schema version {found} -> {now}\n")
        }
    })?;
    Ok(Exit::Ok)
}
