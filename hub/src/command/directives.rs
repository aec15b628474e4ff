//! `luotsi directives`: what a client has directed, version by version.

use std::{fmt::Write as _, process::ExitCode};

use luotsi_consent::{Directive, Effect, Instrument, Provision, Standing};
use luotsi_model::{Category, ClientRef, Kind, Purpose, ServiceTask};
use serde::Deserialize;

use super::{
    Exit, Failure, Format, Ink,
    layout::{hang, local},
    ops::{self, Ops},
};

const ABOUT: &str = "\
Shows what a client has directed: consents and prohibitions with their provisions, every version, the
latest first. The latest is what the gate decides by; a decision names the version it stood on. The
client is named by the hub's reference, which `luotsi trace` shows of a message.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi directives --client c-0123456789abcdef01234567

EXIT CODES
  0 shown, be it that there are none · 2 usage · 3 no hub";

/// Show what a client has directed
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The client, by the hub's reference
    #[arg(long, value_name = "REF", value_parser = reference)]
    client: ClientRef,
    #[command(flatten)]
    ops: ops::Args,
}

/// The ops API's answer.
#[derive(Deserialize)]
struct Directed {
    directives: Vec<History>,
}

/// One directive, the latest version first.
#[derive(Deserialize)]
struct History {
    consent: String,
    versions: Vec<Directive>,
}

/// A code in its place would stand in the shell's history and in a URL.
fn reference(text: &str) -> Result<ClientRef, String> {
    let hex = text.strip_prefix("c-").filter(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    let known = hex.filter(|rest| !rest.is_empty());
    known
        .map(|_| ClientRef::new(text))
        .ok_or_else(|| "it is a reference of the hub, as c-0123456789abcdef01234567".to_owned())
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    ops::run(format, show(args, format))
}

async fn show(args: &Args, format: Format) -> Result<Exit, Failure> {
    let ops = Ops::open(&args.ops)?;
    let answer = ops.get(&format!("/api/clients/{}/directives", args.client), &[]).await?;
    let directed: Directed = ops::read(&answer)?;
    format.show(&[&answer], || page(&directed, Ink::stdout()))?;
    Ok(Exit::Ok)
}

fn page(directed: &Directed, ink: Ink) -> String {
    if directed.directives.is_empty() {
        return "nothing is directed\n".to_owned();
    }
    let mut page = String::new();
    for history in &directed.directives {
        let Some(latest) = history.versions.first() else { continue };
        let _ = writeln!(page, "{}", ink.strong(&latest.id));
        let _ = writeln!(page, "{}", ink.faint(format!("  Consent/{}", history.consent)));
        history.versions.iter().for_each(|version| one(&mut page, version, ink));
    }
    page
}

fn one(page: &mut String, version: &Directive, ink: Ink) {
    let standing = match version.standing {
        Standing::Active => ink.good("active   "),
        Standing::Withdrawn => ink.warn("withdrawn"),
    };
    let given = local(version.given);
    let _ = writeln!(
        page,
        "  v{:<3} {standing}  given {given}, recorded by {}",
        version.version, version.recorder
    );
    if version.instrument != Instrument::Will {
        hang(page, "       ", 7, &format!("a document of sort {}", version.instrument.as_str()));
    }
    hang(page, "       ", 7, &said(&version.root));
    for exception in &version.exceptions {
        hang(page, "         but ", 13, &said(exception));
    }
}

/// A provision in a line.
fn said(provision: &Provision) -> String {
    let effect = if provision.effect == Effect::Permit { "permits" } else { "denies" };
    let categories: Vec<_> = provision.categories.iter().map(Category::as_str).collect();
    let what = if categories.is_empty() { "everything".to_owned() } else { categories.join(", ") };
    let mut text = format!("{effect} {what}");
    let mut list = |lead: &str, names: Vec<&str>| {
        if !names.is_empty() {
            let _ = write!(text, " {lead} {}", names.join(", "));
        }
    };
    list("to", provision.recipients.iter().map(String::as_str).collect());
    list("for", provision.purposes.iter().map(Purpose::as_str).collect());
    list("in", provision.kinds.iter().map(Kind::as_str).collect());
    list("of documents", provision.documents.iter().map(String::as_str).collect());
    list("of", provision.services.iter().map(ServiceTask::as_str).collect());
    let (start, end) = (provision.period.start.map(local), provision.period.end.map(local));
    list("from", start.iter().map(String::as_str).collect());
    list("until", end.iter().map(String::as_str).collect());
    text
}
