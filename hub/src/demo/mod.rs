//! `luotsi demo`: the hub at work on this machine.
//!
//! The hub is a child process, run as anybody would run it, over a copy of the embedded region
//! Mallialue. The systems around it are stand-ins in this process that speak real HTTP. What a
//! party got is read back from its stand-in, what was withheld and why from the hub's ops API;
//! nothing is told from what was sent.

mod failed;
mod hub;
mod papers;
mod people;
mod ports;
mod region;
mod stage;
mod standins;
mod story;
mod world;

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use crate::command::{Exit, Failure, Format};
use failed::Failed;
use stage::Stage;
use world::World;

/// What `luotsi demo` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
EXAMPLE
  luotsi demo
  luotsi demo --exit --format ndjson | jq '{step, title, ok}'

EXIT CODES
  0 every claim held · 1 one did not · 2 the demo could not be set up")]
pub(crate) struct Args {
    /// End when the story is told, instead of staying up to be looked at
    #[arg(long)]
    exit: bool,
}

/// Tells the story.
pub(crate) fn run(args: &Args, format: Format) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(Exit::Usage, "the demo cannot be run").why(error.to_string())
    });
    Exit::of(runtime.and_then(|runtime| runtime.block_on(show(args, format))), format)
}

async fn show(args: &Args, format: Format) -> Result<Exit, Failure> {
    tokio::select! {
        shown = perform(args, format) => shown,
        // Leaving the select drops the world: the hub is ended and its folder removed.
        () = interrupted() => Ok(Exit::Findings),
    }
}

async fn perform(args: &Args, format: Format) -> Result<Exit, Failure> {
    let mut stage = Stage::new(format);
    let mut world = World::set_up().await.map_err(|failed| {
        Failure::new(Exit::Usage, "the demo cannot be set up").why(failed.to_string())
    })?;
    stage.open(&world)?;
    let held = story::tell(&mut world, &mut stage).await?;
    stage.close(held)?;
    if !held {
        stage.log(&world)?;
        return Ok(Exit::Findings);
    }
    if !args.exit && stage.is_watched() {
        stage.stay(&world)?;
        interrupted().await;
    }
    Ok(Exit::Ok)
}

/// Until somebody ends the demo: by Ctrl-C, by a signal, or by closing its terminal.
async fn interrupted() {
    let (Ok(mut stop), Ok(mut gone)) =
        (signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        drop(tokio::signal::ctrl_c().await);
        return;
    };
    tokio::select! {
        _ = stop.recv() => {}
        _ = gone.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
