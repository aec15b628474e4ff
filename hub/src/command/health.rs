//! `luotsi health`: whether the hub takes work in, for supervisors and containers.

use std::process::ExitCode;

use serde_json::Value;

use super::{Exit, Failure, Format, ops};

const ABOUT: &str = "\
Asks the hub whether it is ready: it can commit to its journal and read it back, and is not stopping.
The same as `/readyz` of the ops listener, for a supervisor that can run a command and has no HTTP
client, as in a container. It needs no token.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi health
  luotsi health --ops http://127.0.0.1:7801

EXIT CODES
  0 ready · 1 not ready, and why · 2 usage · 3 no hub";

/// Ask the hub whether it is ready
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    #[command(flatten)]
    ops: ops::Args,
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    ops::run(format, health(args, format))
}

async fn health(args: &Args, format: Format) -> Result<Exit, Failure> {
    let (status, answer) = ops::Ops::unnamed(&args.ops)?.asked("/readyz").await?;
    let words = |key| answer.get(key).and_then(Value::as_str).unwrap_or_default();
    if status != 200 {
        return Err(Failure::new(Exit::Findings, "the hub is not ready")
            .why(words("why"))
            .mend("see the hub's log"));
    }
    format.show(&[&answer], || format!("ready, region {}\n", words("generation")))?;
    Ok(Exit::Ok)
}
