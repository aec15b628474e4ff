//! `luotsi map`: one document through one mapping, every value with the rule that it came from.

mod ground;
mod page;
mod view;
mod watch;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::{Exit, Failure, Format, Ink, put};
use ground::Ground;
use view::View;

const ABOUT: &str = "\
Takes one document through one mapping and shows three views: the document leaf by leaf, the record
field by field, and what the record is written as. For each value it tells the rule that it came from,
by file and line; leaves that the mapping ignores or does not know are listed. Shows the document's
values, so it is for documents that you may see; nothing is kept or sent.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi map sample.xml --with mappings/serena/referral.toml
  luotsi map sample.xml --with serena/referral --to malli-ry/referral --region config/mallialue
  luotsi map record.json --with malli-ry/referral --region config/mallialue --reverse
  luotsi map sample.xml --with mappings/serena/referral.toml --watch

EXIT CODES
  0 mapped · 1 refused, or leaves left unmapped · 2 usage, or the mapping has errors";

/// Take one document through one mapping
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The document; with --reverse a record in its stored form, as a case's record.json
    file: PathBuf,
    /// The mapping: its file, or its pack and name
    #[arg(long, value_name = "MAPPING")]
    with: String,
    /// The mapping that writes the result; without it the same, where it writes
    #[arg(long, value_name = "MAPPING")]
    to: Option<String>,
    /// Write the record as a document
    #[arg(long, conflicts_with = "to")]
    reverse: bool,
    /// Take personal identity codes whose check character is wrong
    #[arg(long)]
    lenient: bool,
    /// What the sender knows besides the record, as in NAME=TEXT; may be repeated
    #[arg(long, value_name = "NAME=TEXT", value_parser = pair)]
    context: Vec<(String, String)>,
    /// The region whose mappings are meant
    #[arg(long, value_name = "DIR", env = "LUOTSI_REGION")]
    region: Option<PathBuf>,
    /// Show it again whenever the document or a mapping file changes
    #[arg(long)]
    watch: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, text) = text.split_once('=').ok_or("write it like delivery=0192f3c4-…")?;
    Ok((name.to_owned(), text.to_owned()))
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    let outcome = if args.watch { watch::run(args, format) } else { once(args, format) };
    Exit::of(outcome, format)
}

fn once(args: &Args, format: Format) -> Result<Exit, Failure> {
    let ground = Ground::find(&args.with, args.region.as_deref(), &args.file)?;
    let view = map(args, &ground)?;
    match format {
        Format::Json => put(&(serde_json::to_string_pretty(&view).unwrap_or_default() + "\n"))?,
        _ => format.show(&[&view], || page::render(&view, Ink::stdout()))?,
    }
    Ok(if view.is_whole() { Exit::Ok } else { Exit::Findings })
}

fn map(args: &Args, ground: &Ground) -> Result<View, Failure> {
    let bytes = read(&args.file)?;
    let with = ground.mapping(&args.with)?;
    let to = args.to.as_ref().map(|name| ground.mapping(name)).transpose()?;
    let context: Vec<_> = args.context.iter().map(|(name, text)| (&**name, &**text)).collect();
    Ok(if args.reverse {
        View::reverse(ground, with, &bytes, &context)
    } else {
        View::forward(ground, with, to.unwrap_or(with), &bytes, args.lenient, &context)
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| {
        Failure::new(Exit::Usage, format!("{} cannot be read", path.display()))
            .why(error.to_string())
            .mend("name a document that you may read")
    })
}

/// Shows a view again.
fn again(args: &Args, format: Format) -> Result<(), Failure> {
    match once(args, format) {
        Ok(_) => Ok(()),
        // A file half written is whole at the next change.
        Err(failure) => {
            failure.tell(format);
            put("")
        }
    }
}
