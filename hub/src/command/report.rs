//! `luotsi report`: what the law wants told.

mod disclosures;
mod fhir;
mod lang;

use std::{
    io::{self, BufRead, IsTerminal},
    process::ExitCode,
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use luotsi_model::{Hetu, hetu::Strictness};
use serde_json::{Map, Value};

use super::{
    Exit, Failure, Format, Ink,
    ops::{self, Ops, Report},
};

pub(crate) use lang::Lang;

use disclosures::render;

const ABOUT: &str = "\
Tells a client what was disclosed about her: when, by whom, to whom, for which purpose, which
fields and on what legal ground; and what was asked for and not given. The client is named by the
hub's own reference (as `luotsi trace` shows it), or by her henkilötunnus on standard input. It is
never an argument: arguments are seen by every user of the machine and stay in the shell's history.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi report disclosures --client c-0123456789abcdef
  luotsi report disclosures --hetu-stdin --from 2026-01-01 < /secure/hetu.txt
  luotsi report disclosures --client c-0123456789abcdef --lang fi
  luotsi report disclosures --client c-0123456789abcdef --format ndjson | jq .disclosures
  luotsi report disclosures --client c-0123456789abcdef --format fhir > audit-events.json

EXIT CODES
  0 shown, be it empty · 1 no such client · 2 usage · 3 no hub";

/// The reports there are.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Everything disclosed about a client, and everything refused
    #[command(long_about = ABOUT, after_help = EXAMPLE)]
    Disclosures(Disclosures),
}

#[derive(clap::Args, Debug)]
pub(crate) struct Disclosures {
    #[command(flatten)]
    whom: Whom,
    /// From this day or moment on (2026-11-01, or 2026-11-01T08:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<Timestamp>,
    /// Up to this day or moment, without it
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<Timestamp>,
    /// The language for a person: Finnish, Swedish or English
    #[arg(long, value_enum, default_value = "en")]
    lang: Lang,
    #[command(flatten)]
    ops: ops::Args,
}

#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Whom {
    /// The client's reference
    #[arg(long, value_name = "REF")]
    client: Option<String>,
    /// Read the client's henkilötunnus from standard input
    #[arg(long)]
    hetu_stdin: bool,
}

impl Whom {
    /// The client, as the body of a request names her.
    pub(crate) fn question(&self) -> Result<Map<String, Value>, Failure> {
        let named = match &self.client {
            Some(client) => ("client".to_owned(), client.as_str().into()),
            None => ("hetu".to_owned(), hetu()?.as_str().into()),
        };
        Ok(Map::from_iter([named]))
    }
}

pub(crate) fn run(which: &Command, format: Format) -> ExitCode {
    let Command::Disclosures(args) = which;
    ops::run(format, disclosures(args, format))
}

async fn disclosures(args: &Disclosures, format: Format) -> Result<Exit, Failure> {
    let ops = Ops::open(&args.ops)?;
    let answer = ops.post("/api/reports/disclosures", &[], Some(&question(args)?)).await?;
    let report: Report = ops::read(&answer)?;
    match format {
        Format::Fhir => {
            format.show(&[fhir::bundle(&report, args.lang, Timestamp::now())], String::new)
        }
        _ => format.show(&[&answer], || render(&report, args.lang, Ink::stdout())),
    }?;
    Ok(Exit::Ok)
}

fn question(args: &Disclosures) -> Result<Value, Failure> {
    let mut question = args.whom.question()?;
    for (name, time) in [("from", args.from), ("to", args.to)] {
        if let Some(time) = time {
            question.insert(name.into(), time.to_string().into());
        }
    }
    Ok(Value::Object(question))
}

/// Reads the code from standard input. It goes to the hub in a request's body and nowhere else.
fn hetu() -> Result<Hetu, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        eprint!("henkilötunnus: ");
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line).map_err(|error| {
        Failure::new(Exit::Usage, "standard input cannot be read").why(error.kind().to_string())
    })?;
    Hetu::parse(line.trim(), Strictness::Lenient).map_err(|error| {
        Failure::new(Exit::Usage, "there is no henkilötunnus on standard input")
            .why(error.to_string())
            .mend("give it alone on the first line")
    })
}

/// A moment, or the start of a day here.
fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(day) = text.parse::<Date>()
        && text.len() == 10
    {
        return Ok(day.to_zoned(TimeZone::system()).map_err(|e| e.to_string())?.timestamp());
    }
    text.parse().map_err(|_| "write a day, 2026-11-01, or a moment, 2026-11-01T08:00:00Z".into())
}
