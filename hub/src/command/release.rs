//! `luotsi release`: lets go what was held for a person to look at.

use std::process::ExitCode;

use luotsi_model::MessageId;
use serde_json::Value;

use super::{Exit, Failure, Format, layout, ops};

const ABOUT: &str = "\
Lets the held deliveries of a message go. They are held where a connection says `unmapped = \"park\"`
and the document had elements that no mapping rule knows: `luotsi deliveries --state held` names
them. What is released is decided by the gate as any send is, on the consents of that moment; what
the mapping does not know is sent to nobody. Once the mapping is mended, `luotsi replay` instead
accepts the message anew, and settles what was held.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi deliveries --state held
  luotsi release 01920000-0000-7000-8000-000000000001
  luotsi release 01920000-0000-7000-8000-000000000001 --to malli-ry

EXIT CODES
  0 released · 1 no such message, or nothing of it is held · 2 usage · 3 no hub";

/// Let go what is held for a person to look at
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The message
    message: MessageId,
    /// Only to this system; without it to all that it is held for
    #[arg(long, value_name = "SYSTEM")]
    to: Option<String>,
    #[command(flatten)]
    ops: ops::Args,
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    ops::run(format, release(args, format))
}

async fn release(args: &Args, format: Format) -> Result<Exit, Failure> {
    let ops = ops::Ops::open(&args.ops)?;
    let query: Vec<_> = args.to.as_deref().map(|to| ("to", to)).into_iter().collect();
    let path = format!("/api/messages/{}/release", args.message);
    let answer = ops.post(&path, &query, None).await?;
    let released = answer.get("released").and_then(Value::as_u64).unwrap_or_default();
    let said = match released {
        0 => "nothing of it is held\n".to_owned(),
        1 => "1 delivery released\n".to_owned(),
        many => format!("{many} deliveries released\n"),
    };
    format.show(&[&answer], || {
        let mut page = said.clone();
        if released > 0 {
            let text = format!("follow it with: luotsi trace {}", args.message);
            layout::hang(&mut page, "", 0, &text);
        }
        page
    })?;
    Ok(if released == 0 { Exit::Findings } else { Exit::Ok })
}
