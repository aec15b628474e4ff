//! `luotsi explain`: what a code means and how to mend it, from the reference pages.

mod pages;
mod render;

use std::process::ExitCode;

use serde::Serialize;

use super::{Exit, Failure, Format, Ink};
pub(crate) use pages::Section;

const ABOUT: &str = "\
Opens the section of the reference that a code of `luotsi check` (LU103) or of a problem or fault
(missing-field) has: what it means, an example, and how to mend it. Needs no region and no hub.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi explain LU103
  luotsi explain missing-field

EXIT CODES
  0 shown · 1 no such code · 2 usage";

/// Explain a code of a finding, problem or fault
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The code, as it was shown
    #[arg(value_name = "CODE")]
    code: String,
}

/// A section for a program.
#[derive(Serialize)]
struct Explained<'s> {
    code: &'s str,
    about: &'s str,
    text: &'s str,
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    Exit::of(explain(&args.code, format), format)
}

fn explain(code: &str, format: Format) -> Result<Exit, Failure> {
    let section = pages::find(code).ok_or_else(|| unknown(code))?;
    let Section { code, about, text } = section;
    let object = Explained { code, about, text };
    format.show(&[object], || render::page(&section, Ink::stdout()))?;
    Ok(Exit::Ok)
}

/// The section of a code that a finding has, as it stands in the reference.
pub(crate) fn section(code: &str) -> Option<Section> {
    pages::find(code)
}

fn unknown(code: &str) -> Failure {
    let failure = Failure::new(Exit::Findings, "there is no such code")
        .why("neither a finding nor a problem has it");
    match pages::nearest(code) {
        Some(near) => failure.mend(format!("luotsi explain {near}")),
        None => failure.mend("copy the code as it was shown: LU103, missing-field"),
    }
}
