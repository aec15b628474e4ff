//! `luotsi deliveries`: what is stuck, and why.

use std::process::ExitCode;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Exit, Failure, Format, Ink, acting, layout, ops, trace::reason};

const ABOUT: &str = "\
Lists the deliveries that have not come to a good end: dead letters, which wait for a person, first;
then those held because their document had what no mapping rule knows; then those that wait for a legal basis, with their deadline and who is to act, those to be tried
again, and those being sent.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi deliveries
  luotsi deliveries --state dead-letter --to malli-ry
  luotsi --format ndjson deliveries --state dead-letter | jq -r .message | xargs -n1 luotsi replay

EXIT CODES
  0 none waits for a person · 1 some do · 2 usage · 3 no hub";

/// List what is stuck: dead letters, waits, retries
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Only these: dead-letter, held, waiting, ready or sending
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// Only those to this system
    #[arg(long, value_name = "SYSTEM")]
    to: Option<String>,
    /// At most so many of each state, oldest first
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    ops: ops::Args,
}

/// One of them, as the ops API tells it.
#[derive(Deserialize, Serialize)]
struct Row {
    message: String,
    delivery: String,
    destination: String,
    purpose: String,
    state: String,
    attempts: u32,
    accepted: Timestamp,
    due: Option<Timestamp>,
    wanted: Option<ops::Wanted>,
    cause: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unmapped: Vec<String>,
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    ops::run(format, list(args, format))
}

async fn list(args: &Args, format: Format) -> Result<Exit, Failure> {
    let ops = ops::Ops::open(&args.ops)?;
    let limit = args.limit.to_string();
    let mut query = vec![("limit", limit.as_str())];
    query.extend(args.state.as_deref().map(|state| ("state", state)));
    query.extend(args.to.as_deref().map(|to| ("to", to)));
    let rows: Vec<Row> = ops::read(&ops.get("/api/deliveries", &query).await?)?;
    format.show(&rows, || page(&rows, Ink::stdout(), Timestamp::now()))?;
    let waits = rows.iter().any(is_a_persons);
    Ok(if waits { Exit::Findings } else { Exit::Ok })
}

/// Whether it goes no further without a person.
fn is_a_persons(row: &Row) -> bool {
    matches!(&*row.state, "dead-letter" | "held")
}

fn page(rows: &[Row], ink: Ink, now: Timestamp) -> String {
    let mut page = String::new();
    if rows.is_empty() {
        return "nothing is stuck\n".to_owned();
    }
    for row in rows {
        let state = format!("{:<11}", row.state);
        let state = if is_a_persons(row) { ink.bad(state) } else { ink.faint(state) };
        let age = layout::span(now.duration_since(row.accepted));
        let head = format!(
            "{state} {:<12} {:<12} {}, {}",
            row.destination,
            age,
            row.purpose,
            layout::count(row.attempts as usize, "attempt"),
        );
        page.push_str(&head);
        page.push('\n');
        let cause = row.cause.as_deref().map_or("", reason);
        let text = if cause.is_empty() {
            row.message.clone()
        } else {
            format!("{}  {cause}", row.message)
        };
        layout::hang(&mut page, "            ", 12, &text);
        for place in &row.unmapped {
            layout::hang(&mut page, "            ", 12, &format!("no rule names {place}"));
        }
        if let Some(wanted) = &row.wanted {
            for line in acting::lines(wanted, now) {
                layout::hang(&mut page, "            ", 12, &line);
            }
        }
    }
    page
}
