//! `luotsi recalls`: who is to stop processing what they received.

use std::process::ExitCode;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Exit, Failure, Format, Ink, layout, ops};

const ABOUT: &str = "\
Lists the recalls: each is something that somebody received on a directive which the client has taken
back since. Those that wait for a person come first. The recipient gets a notice to stop processing
it and acknowledges that; where the hub cannot bring that about, a person does, and settles it.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi recalls --open
  luotsi recalls settle 3f2a8f0e-8a5d-4c3e-9a34-0d7c3c1f5b11
  luotsi recalls again 3f2a8f0e-8a5d-4c3e-9a34-0d7c3c1f5b11

EXIT CODES
  0 none waits for a person · 1 some do, or it is too late for that · 2 usage · 3 no hub";

/// List who is to stop processing what they received, or settle it
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    #[command(subcommand)]
    deed: Option<Deed>,
    /// Only those that have not come to their end
    #[arg(long)]
    open: bool,
    /// At most so many of each state, oldest first
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    ops: ops::Args,
}

#[derive(clap::Subcommand, Debug)]
enum Deed {
    /// Say that you have seen to it: the recipient has stopped, or need not
    Settle(One),
    /// Have its notice made again, once the recipient can be told
    Again(One),
}

#[derive(clap::Args, Debug)]
struct One {
    /// The recall
    recall: Uuid,
    #[command(flatten)]
    ops: ops::Args,
}

/// One of them, as the ops API tells it.
#[derive(Deserialize, Serialize)]
struct Row {
    recall: String,
    recipient: String,
    purpose: String,
    kind: String,
    held: Option<String>,
    message: Option<String>,
    directive: String,
    version: u32,
    withdrawn: Timestamp,
    state: String,
    notice: Option<String>,
    deadline: Option<Timestamp>,
    cause: Option<String>,
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    match &args.deed {
        None => ops::run(format, list(args, format)),
        Some(Deed::Settle(one)) => ops::run(format, by_hand(one, "settled", format)),
        Some(Deed::Again(one)) => ops::run(format, by_hand(one, "again", format)),
    }
}

async fn list(args: &Args, format: Format) -> Result<Exit, Failure> {
    let ops = ops::Ops::open(&args.ops)?;
    let limit = args.limit.to_string();
    let query = [("limit", limit.as_str()), ("open", if args.open { "true" } else { "false" })];
    let rows: Vec<Row> = ops::read(&ops.get("/api/recalls", &query).await?)?;
    format.show(&rows, || page(&rows, Ink::stdout(), Timestamp::now()))?;
    let waits = rows.iter().any(|row| row.state == "for-a-person");
    Ok(if waits { Exit::Findings } else { Exit::Ok })
}

async fn by_hand(one: &One, deed: &str, format: Format) -> Result<Exit, Failure> {
    let ops = ops::Ops::open(&one.ops)?;
    let path = format!("/api/recalls/{}/{deed}", one.recall);
    let answer = ops.post(&path, &[], None).await?;
    let state = answer.get("state").and_then(serde_json::Value::as_str).unwrap_or_default();
    format.show(&[&answer], || format!("{} is {state}\n", one.recall))?;
    Ok(Exit::Ok)
}

fn page(rows: &[Row], ink: Ink, now: Timestamp) -> String {
    let mut page = String::new();
    if rows.is_empty() {
        return "nothing is recalled\n".to_owned();
    }
    for row in rows {
        let state = format!("{:<12}", row.state);
        let state = if row.state == "for-a-person" { ink.bad(state) } else { ink.faint(state) };
        let age = layout::span(now.duration_since(row.withdrawn));
        let held = row.held.as_deref().unwrap_or("not known which");
        page.push_str(&format!("{state} {:<12} {age:<12} {}\n", row.recipient, row.recall));
        let text = format!("{}, {} {held}", row.purpose, row.kind);
        layout::hang(&mut page, "             ", 13, &text);
        let text = format!("withdrawn: {} (version {})", row.directive, row.version);
        layout::hang(&mut page, "             ", 13, &text);
        let waits = row.state == "sent";
        if let Some(by) = row.deadline.filter(|_| waits) {
            layout::hang(&mut page, "             ", 13, &format!("to be acknowledged by {by:.0}"));
        }
        if let Some(cause) = &row.cause {
            layout::hang(&mut page, "             ", 13, cause);
        }
    }
    page
}
