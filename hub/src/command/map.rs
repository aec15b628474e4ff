//! `luotsi map`: one document through one mapping, every value with the rule that it came from.

mod desk;
mod ground;
mod page;
mod view;
mod watch;

use std::{
    fs,
    net::SocketAddr,
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
  luotsi map --serve --with serena/referral --region config/mallialue

EXIT CODES
  0 mapped · 1 refused, or leaves left unmapped · 2 usage, or the mapping has errors";

/// Take one document through one mapping
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The document; with --reverse a record in its stored form, as a case's record.json; with --serve
    /// samples, if any
    #[arg(value_name = "FILE", required_unless_present = "serve")]
    files: Vec<PathBuf>,
    /// The mapping: its file, or its pack and name
    #[arg(long, value_name = "MAPPING", required_unless_present = "serve")]
    with: Option<String>,
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
    /// Serve it as a page on this machine, with an editor
    #[arg(long, conflicts_with_all = ["watch", "reverse", "to", "lenient", "context"])]
    serve: bool,
    /// Where the page is served: an address of this machine
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", requires = "serve")]
    listen: SocketAddr,
}

/// One document and one mapping.
struct One<'a> {
    file: &'a Path,
    with: &'a str,
    args: &'a Args,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, text) = text.split_once('=').ok_or("write it like delivery=0192f3c4-…")?;
    Ok((name.to_owned(), text.to_owned()))
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    Exit::of(map(args, format), format)
}

fn map(args: &Args, format: Format) -> Result<Exit, Failure> {
    if args.serve {
        let file = args.files.first().map_or(Path::new("."), |file| file);
        let root = Ground::root(args.with.as_deref(), args.region.as_deref(), file)?;
        return desk::run(root, args.files.clone(), args.with.as_deref(), args.listen);
    }
    let ([file], Some(with)) = (&*args.files, &args.with) else {
        return Err(Failure::new(Exit::Usage, "one document at a time")
            .why("each has views of its own")
            .mend("name one, or serve several: luotsi map --serve FILE …"));
    };
    let one = One { file, with, args };
    if args.watch { watch::run(&one, format) } else { once(&one, format) }
}

fn once(one: &One<'_>, format: Format) -> Result<Exit, Failure> {
    let ground = Ground::load(one.root()?)?;
    let view = one.view(&ground)?;
    match format {
        Format::Json => put(&(serde_json::to_string_pretty(&view).unwrap_or_default() + "\n"))?,
        _ => format.show(&[&view], || page::render(&view, Ink::stdout()))?,
    }
    Ok(if view.is_whole() { Exit::Ok } else { Exit::Findings })
}

impl One<'_> {
    /// The folder of mappings.
    fn root(&self) -> Result<PathBuf, Failure> {
        Ground::root(Some(self.with), self.args.region.as_deref(), self.file)
    }

    fn view(&self, ground: &Ground) -> Result<View, Failure> {
        let Args { to, context, reverse, lenient, .. } = self.args;
        let bytes = read(self.file)?;
        let with = ground.mapping(self.with)?;
        let to = to.as_ref().map(|name| ground.mapping(name)).transpose()?;
        let context: Vec<_> = context.iter().map(|(name, text)| (&**name, &**text)).collect();
        Ok(match reverse {
            true => View::reverse(ground, with, &bytes, &context),
            false => View::forward(ground, with, to.unwrap_or(with), &bytes, *lenient, &context),
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| {
        Failure::new(Exit::Usage, format!("{} cannot be read", path.display()))
            .why(error.to_string())
            .mend("name a document that you may read")
    })
}

/// Shows a view again.
fn again(one: &One<'_>, format: Format) -> Result<(), Failure> {
    match once(one, format) {
        Ok(_) => Ok(()),
        // A file half written is whole at the next change.
        Err(failure) => {
            failure.tell(format);
            put("")
        }
    }
}
