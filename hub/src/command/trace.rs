//! `luotsi trace`: the journey of a message.

mod page;
mod timeline;
mod words;

use std::process::ExitCode;

use luotsi_model::MessageId;

use super::{
    Exit, Failure, Format, Ink,
    ops::{self, Journey, Ops},
};

pub(crate) use timeline::render;
pub(crate) use words::{ground, payload, reason};

const ABOUT: &str = "\
Shows what became of a message, from its acceptance to every recipient: what was mapped, which
routes took it, what the gate decided for each recipient and on what ground, and every attempt to
send. Names fields, never values.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi trace 01920000-0000-7000-8000-000000000001
  luotsi trace 01920000-0000-7000-8000-000000000001 --format ndjson | jq '.deliveries[].state'

EXIT CODES
  0 shown · 1 no such message · 2 usage · 3 no hub";

/// Show the journey of a message
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The message: the id in the sender's receipt
    message: MessageId,
    #[command(flatten)]
    ops: ops::Args,
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    ops::run(format, trace(args, format))
}

async fn trace(args: &Args, format: Format) -> Result<Exit, Failure> {
    let ops = Ops::open(&args.ops)?;
    let answer = ops.get(&format!("/api/messages/{}", args.message), &[]).await?;
    let journey: Journey = ops::read(&answer)?;
    format.show(&[&answer], || render(&journey, Ink::stdout()))?;
    Ok(Exit::Ok)
}
