//! `luotsi`, the hub: the command line, the listeners, and the only place that names adapters.

mod adapters;
mod cli;
mod command;
mod demo;
mod embedded;
mod keys;
mod secret;
mod serve;
mod settings;

use std::process::ExitCode;

use clap::Parser;

/// The hub allocates and frees a few kilobytes a message on two cores; this keeps the memory flat.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // One TLS provider for the whole process, chosen before anything could choose another.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("luotsi: the TLS provider was already chosen: this is a defect");
        return command::Exit::Usage.into();
    }
    cli::run(cli::Cli::parse())
}
