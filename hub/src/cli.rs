//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{
    command::{self, Format},
    demo, serve,
};

/// Luotsi carries client records between the systems of a region, translates them, and lets out
/// only what the client's consent lets through.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    /// How results are written to standard output; everything else goes to standard error
    #[arg(long, global = true, value_enum, default_value = "human")]
    format: Format,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Exit codes: 0 ok, 1 findings, 2 usage or configuration, 3 unreachable, 4 refused by consent;
of plan: 10 changes, 11 widens.

Example: luotsi demo --exit";

#[derive(Debug, Subcommand)]
enum Command {
    /// Describe a region's systems on a bus as an AsyncAPI document
    Asyncapi(command::asyncapi::Args),
    /// Prove the disclosure log: verify it, show its checkpoint, show its key
    #[command(subcommand)]
    Audit(command::audit::Command),
    /// Check a region's files: everything wrong at once, each with its place and its mend
    Check(command::check::Args),
    /// List what is stuck: dead letters, waits, retries
    Deliveries(command::deliveries::Args),
    /// Show what a client has directed
    Directives(command::directives::Args),
    /// Make what is kept of a client unreadable, for good
    Erase(command::erase::Args),
    /// Ask the hub whether it is ready
    Health(command::health::Args),
    /// The master keys: list them, rotate them, take out what is not needed
    #[command(subcommand)]
    Keys(command::keys::Command),
    /// See the hub at work: a region, its systems and clients, all on this machine
    Demo(demo::Args),
    /// Take one document through one mapping: every value with its rule
    Map(command::map::Args),
    /// Bring the journal's database to this version's schema
    Migrate(command::migrate::Args),
    /// Explain a code of a finding, problem or fault
    Explain(command::explain::Args),
    /// Compare a changed region with today's: what it would disclose
    Plan(command::plan::Args),
    /// List who is to stop processing what they received, or settle it
    Recalls(command::recalls::Args),
    /// Let go what is held for a person to look at
    Release(command::release::Args),
    /// Send a message again, through the same gate
    Replay(command::replay::Args),
    /// Report what was disclosed
    #[command(subcommand)]
    Report(command::report::Command),
    /// Run the hub
    Serve(serve::Args),
    /// Run the cases of a region or of mapping packs
    Test(command::test::Args),
    /// Show the journey of a message
    Trace(command::trace::Args),
    /// Explain why a message may or may not go to a system
    Why(command::why::Args),
}

/// Runs the command and gives its exit code.
pub(crate) fn run(cli: Cli) -> ExitCode {
    let format = cli.format;
    if let Some(why) = unfit(format, &cli.command) {
        return command::Failure::new(command::Exit::Usage, why)
            .mend("use --format ndjson")
            .tell(format)
            .into();
    }
    match cli.command {
        Command::Asyncapi(args) => command::asyncapi::run(&args, format),
        Command::Audit(which) => command::audit::run(&which, format),
        Command::Check(args) => command::check::run(&args, format),
        Command::Deliveries(args) => command::deliveries::run(&args, format),
        Command::Directives(args) => command::directives::run(&args, format),
        Command::Erase(args) => command::erase::run(&args, format),
        Command::Health(args) => command::health::run(&args, format),
        Command::Keys(which) => command::keys::run(&which, format),
        Command::Map(args) => command::map::run(&args, format),
        Command::Migrate(args) => command::migrate::run(&args, format),
        Command::Explain(args) => command::explain::run(&args, format),
        Command::Demo(args) => demo::run(&args, format),
        Command::Plan(args) => command::plan::run(&args, format),
        Command::Recalls(args) => command::recalls::run(&args, format),
        Command::Release(args) => command::release::run(&args, format),
        Command::Replay(args) => command::replay::run(&args, format),
        Command::Report(which) => command::report::run(&which, format),
        Command::Serve(args) => serve::run(args),
        Command::Test(args) => command::test::run(&args, format),
        Command::Trace(args) => command::trace::run(&args, format),
        Command::Why(args) => command::why::run(&args, format),
    }
}

/// Formats that one or two commands have.
fn unfit(format: Format, command: &Command) -> Option<&'static str> {
    match format {
        Format::Fhir if !matches!(command, Command::Report(_)) => {
            Some("only reports are written as FHIR")
        }
        Format::Junit if !matches!(command, Command::Test(_)) => {
            Some("only tests are written as JUnit")
        }
        Format::Sarif if !matches!(command, Command::Check(_)) => Some("only check writes SARIF"),
        Format::Json
            if !matches!(
                command,
                Command::Asyncapi(_)
                    | Command::Check(_)
                    | Command::Explain(_)
                    | Command::Map(_)
                    | Command::Test(_)
            ) =>
        {
            Some("only asyncapi, check, explain, map and test write one JSON document")
        }
        _ => None,
    }
}
