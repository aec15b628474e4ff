//! `luotsi-bench`: the measuring tool of the hub and its peers.

use std::process::ExitCode;

use clap::Parser;
use luotsi_bench::{
    bare,
    error::Error,
    fsync, load,
    options::{
        BareOptions, Cli, Command, Format, FsyncOptions, LoadOptions, RunOptions, SinkOptions,
    },
    sink,
    target::Target,
};

fn main() -> ExitCode {
    match dispatch(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("luotsi-bench: {error}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Load(options) => {
            let sink = options.sink.as_deref().map(Target::parse).transpose()?;
            measure(&options.load, sink)
        }
        Command::Sink(options) => serve(&options),
        Command::Run(options) => run(&options),
        Command::Fsync(options) => disk(&options),
        Command::Bare(options) => pieces(&options),
    }
}

fn run(options: &RunOptions) -> Result<ExitCode, Error> {
    let address = sink::start(&options.sink)?;
    measure(&options.load, Some(Target::parse(&format!("http://{address}"))?))
}

/// One thread for the load: the hub shares the machine and must find the other cores free.
fn measure(options: &LoadOptions, sink: Option<Target>) -> Result<ExitCode, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| Error::io("starting the runtime", why))?;
    let report = runtime.block_on(load::measure(options, sink))?;
    match options.format {
        Format::Human => print!("{report}"),
        Format::Json => println!("{}", report.to_json()),
    }
    Ok(if report.answers.acked == 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn serve(options: &SinkOptions) -> Result<ExitCode, Error> {
    let address = sink::start(options)?;
    eprintln!("luotsi-bench: sink listens on http://{address} (GET /stats, GET or DELETE /ids)");
    loop {
        std::thread::park();
    }
}

/// Threads for all cores, as a hub has them.
fn pieces(options: &BareOptions) -> Result<ExitCode, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|why| Error::io("starting the runtime", why))?;
    let done = runtime.block_on(bare::measure(options))?;
    match options.format {
        Format::Human => print!("{done}"),
        Format::Json => println!("{}", serde_json::json!(done)),
    }
    Ok(ExitCode::SUCCESS)
}

fn disk(options: &FsyncOptions) -> Result<ExitCode, Error> {
    let spread = fsync::measure(&options.dir)?;
    match options.format {
        Format::Human => println!("fsync       {spread}"),
        Format::Json => println!("{}", serde_json::json!({ "fsync": spread })),
    }
    Ok(ExitCode::SUCCESS)
}
