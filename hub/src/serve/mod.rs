//! `luotsi serve`: puts the house together and runs it until it is told to stop.
//!
//! Everything is read and checked before any port is bound.

mod auth;
mod books;
mod data;
mod erase;
mod extract;
mod fhir;
mod health;
mod inbound;
mod intake;
mod listener;
mod ops;
mod problem;
mod reload;
mod sharing;
mod start;
mod state;
mod telemetry;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

pub(crate) use sharing::{KeptKey, kept_keys};

use crate::{
    command::Exit,
    settings::{Flags, RoleName, Settings},
};

/// What `luotsi serve` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: luotsi serve --region config/mallialue --data /var/lib/luotsi

SIGHUP puts the region's files as they are now in force, whole, or tells what is wrong with them and
goes on as before.

Other settings: see config/luotsi.toml, LUOTSI_… in the environment, or --settings FILE.
Traces and metrics go by OTLP when OTEL_EXPORTER_OTLP_ENDPOINT is set.")]
pub(crate) struct Args {
    /// The region's folder
    #[arg(long, value_name = "DIR", env = "LUOTSI_REGION")]
    region: PathBuf,
    /// The folder of what the hub keeps
    #[arg(long, value_name = "DIR", env = "LUOTSI_DATA")]
    data: Option<PathBuf>,
    /// Address of the intake listener
    #[arg(long, value_name = "ADDR")]
    intake: Option<SocketAddr>,
    /// Address of the ops listener
    #[arg(long, value_name = "ADDR")]
    ops: Option<SocketAddr>,
    /// What this hub is there for, of several on one journal; all of it without this
    #[arg(long = "role", value_name = "ROLE", value_enum, value_delimiter = ',')]
    roles: Vec<RoleName>,
    /// Put the region in force again whenever its files change, not only at SIGHUP
    #[arg(long, env = "LUOTSI_WATCH")]
    watch: bool,
    /// A file of settings over the embedded defaults
    #[arg(long, value_name = "FILE", env = "LUOTSI_SETTINGS")]
    settings: Option<PathBuf>,
}

/// What a reload reads again.
struct Again {
    settings: Option<PathBuf>,
    flags: Flags,
    /// Whether files are watched.
    watch: bool,
}

/// Runs the hub until SIGTERM or SIGINT.
pub(crate) fn run(args: Args) -> ExitCode {
    let Args { data, intake, ops, roles, .. } = args;
    let flags = Flags { data, intake, ops, roles };
    let again = Again { settings: args.settings, flags: flags.clone(), watch: args.watch };
    let settings = match Settings::read(again.settings.as_deref(), flags) {
        Ok(settings) => settings,
        Err(error) => return fail(&error),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let outcome = start::run(&runtime, &args.region, &settings, again);
    // Who still waits for a database that does not answer is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match outcome {
        Ok(last) => {
            last.close();
            Exit::Ok.into()
        }
        Err(error) => fail(&*error),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("luotsi: {error}");
    Exit::Usage.into()
}
