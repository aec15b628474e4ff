//! The commands, one a file: what each takes, asks and shows.
//!
//! What must hold: data goes to standard output and everything else to standard error; the exit
//! code is one of [`Exit`]; a failure says what, why and how to mend it; no personal data is shown,
//! taken as an argument or kept.

mod acting;
pub(crate) mod asyncapi;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod deliveries;
pub(crate) mod directives;
pub(crate) mod erase;
mod exit;
pub(crate) mod explain;
mod failure;
mod format;
pub(crate) mod health;
mod ink;
pub(crate) mod keys;
pub(crate) mod layout;
pub(crate) mod map;
pub(crate) mod migrate;
pub(crate) mod ops;
pub(crate) mod plan;
pub(crate) mod recalls;
pub(crate) mod release;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod test;
pub(crate) mod trace;
pub(crate) mod why;

pub(crate) use exit::Exit;
pub(crate) use failure::Failure;
pub(crate) use format::{Format, put};
pub(crate) use ink::Ink;
