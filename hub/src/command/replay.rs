//! `luotsi replay`: sends a message again.

use std::process::ExitCode;

use luotsi_model::MessageId;
use serde_json::Value;

use super::{Exit, Failure, Format, Ink, layout, ops};

const ABOUT: &str = "\
Accepts a message anew from its stored record: today's routes take it, and the gate decides every
send by today's consents. A replay has no way around the gate. Consents and answers are not
replayed: they took effect when they were accepted.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi replay 01920000-0000-7000-8000-000000000001
  luotsi replay 01920000-0000-7000-8000-000000000001 --to malli-ry
  luotsi replay 01920000-0000-7000-8000-000000000001 | xargs luotsi trace

EXIT CODES
  0 accepted · 1 no such message, or one that is not replayed · 2 usage · 3 no hub";

/// Send a message again, through the same gate
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The message
    message: MessageId,
    /// Only to this system; without it to all of today's recipients
    #[arg(long, value_name = "SYSTEM")]
    to: Option<String>,
    #[command(flatten)]
    ops: ops::Args,
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    ops::run(format, replay(args, format))
}

async fn replay(args: &Args, format: Format) -> Result<Exit, Failure> {
    let ops = ops::Ops::open(&args.ops)?;
    let query: Vec<_> = args.to.as_deref().map(|to| ("to", to)).into_iter().collect();
    let path = format!("/api/messages/{}/replay", args.message);
    let receipt = ops.post(&path, &query, None).await?;
    let message = receipt.get("message").and_then(Value::as_str).unwrap_or_default();
    let deliveries = receipt.get("deliveries").and_then(Value::as_u64).unwrap_or_default();
    format.show(&[&receipt], || format!("{message}\n"))?;
    if format == Format::Human {
        let ink = Ink::stderr();
        let count = match deliveries {
            1 => "1 delivery".to_owned(),
            _ => format!("{deliveries} deliveries"),
        };
        let mut note = String::new();
        let text = format!("accepted as a new message with {count}; follow it with: luotsi trace");
        layout::hang(&mut note, "", 0, &text);
        eprint!("{}", ink.faint(note));
    }
    Ok(Exit::Ok)
}
