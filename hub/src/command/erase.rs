//! `luotsi erase`: makes what the hub keeps of a client unreadable, for good.

use std::process::ExitCode;

use serde::Deserialize;

use super::{
    Exit, Failure, Format, Ink,
    layout::{count, hang},
    ops::{self, Ops},
    report::Whom,
};

const ABOUT: &str = "\
Erases the keys that a client's payloads are sealed under: every record about her, every reference
and her plan become unreadable in the database and in every copy of it that is made from now on. Her
directives stay in force and the disclosure log stays whole; the log tells who erased and when.
Refused while a delivery about her has not ended. It cannot be undone.

A copy made before holds the wrapped keys: it is readable for whoever has it and the master key, until
that master key is rotated and its line is destroyed.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi erase --client c-0123456789abcdef01234567 --yes
  luotsi erase --hetu-stdin --yes < /secure/hetu.txt

EXIT CODES
  0 erased, or nothing was left to erase · 1 something about her still pends · 2 usage · 3 no hub";

/// Make what is kept of a client unreadable, for good
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    #[command(flatten)]
    whom: Whom,
    /// Say that it may not be undone
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    ops: ops::Args,
}

/// The ops API's answer.
#[derive(Deserialize)]
struct Erased {
    client: String,
    keys: usize,
    plan: bool,
    dead_letters: usize,
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    ops::run(format, erase(args, format))
}

async fn erase(args: &Args, format: Format) -> Result<Exit, Failure> {
    if !args.yes {
        return Err(Failure::new(Exit::Usage, "nothing was erased")
            .why("an erasure cannot be undone")
            .mend("say that you mean it with --yes"));
    }
    let ops = Ops::open(&args.ops)?;
    let answer = ops.post("/api/erasures", &[], Some(&args.whom.question()?.into())).await?;
    let erased: Erased = ops::read(&answer)?;
    format.show(&[&answer], || page(&erased, Ink::stdout()))?;
    Ok(Exit::Ok)
}

fn page(erased: &Erased, ink: Ink) -> String {
    let client = ink.name(&erased.client);
    if erased.keys == 0 {
        return format!("nothing readable is kept of the client {client}\n");
    }
    let mut page = format!("{} the payloads of the client {client}\n", ink.good("✓ erased"));
    let plan = if erased.plan { ", her plan" } else { "" };
    let dead = match erased.dead_letters {
        0 => String::new(),
        some => format!(", {} ended", count(some, "dead letter")),
    };
    hang(&mut page, "  ", 2, &format!("{}{plan}{dead}", count(erased.keys, "key")));
    page
}
