//! `luotsi asyncapi`: what a region's systems find of the hub on their bus.

mod document;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use luotsi_region::{Folder, Region, load};

use super::{Exit, Failure, Format, check, put};

const ABOUT: &str = "\
Writes an AsyncAPI 3.0 document of the region's connections to a bus: servers, channels, and for each
record kind its message with headers and media type, as the hub sends and receives it. Holds no
secret. Opens no connection.";

const EXAMPLE: &str = "\
EXAMPLE
  luotsi asyncapi --region config/mallialue > asyncapi.json

EXIT CODES
  0 written · 1 no connection of the region is on a bus · 2 usage, or the region has errors";

/// Describe a region's systems on a bus as an AsyncAPI document
#[derive(clap::Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The region's folder
    #[arg(long, value_name = "DIR", env = "LUOTSI_REGION")]
    region: PathBuf,
}

pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    Exit::of(asyncapi(&args.region, format), format)
}

fn asyncapi(folder: &Path, format: Format) -> Result<Exit, Failure> {
    let region = region(folder)?;
    let on_bus: Vec<_> = region
        .connections
        .values()
        .filter_map(|connection| {
            let adapter = crate::adapters::find(&connection.adapter)?;
            Some((connection, adapter.channels(&connection.settings)?))
        })
        .collect();
    let document = document::of(&region, &on_bus);
    let text = match format {
        Format::Ndjson => serde_json::to_string(&document),
        _ => serde_json::to_string_pretty(&document),
    };
    // A document of our own making has string keys only.
    put(&(text.unwrap_or_default() + "\n"))?;
    if on_bus.is_empty() && format == Format::Human {
        eprintln!("no connection of this region is on a bus: adapter = \"amqp\" puts one there");
    }
    Ok(if on_bus.is_empty() { Exit::Findings } else { Exit::Ok })
}

fn region(folder: &Path) -> Result<Region, Failure> {
    let shown = folder.display();
    if !folder.is_dir() {
        return Err(Failure::new(Exit::Usage, "there is no such region")
            .why(format!("{shown} is not a folder"))
            .mend("name the folder that holds region.toml with --region"));
    }
    let mut loaded = load(&Folder::new(folder), &crate::adapters::kinds());
    let findings = check::findings(&loaded);
    loaded.region.take().filter(|_| !check::has_errors(&findings)).ok_or_else(|| {
        check::show_below(folder, &findings, &loaded.sources);
        Failure::new(Exit::Usage, format!("the region in {shown} has errors"))
            .why("what it does on a bus cannot be told while it cannot be served")
            .mend(format!("mend what is shown above, or see: luotsi check --region {shown}"))
    })
}
