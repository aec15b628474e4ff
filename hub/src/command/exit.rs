//! How a command ends, for scripts.

use std::process::ExitCode;

use super::{Failure, Format};

/// The exit codes, the same for every command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// Done, and nothing to say against it.
    Ok = 0,
    /// Done, and something was found: errors in a region, no such message.
    Findings = 1,
    /// Called or configured wrongly.
    Usage = 2,
    /// The hub does not answer.
    Unreachable = 3,
    /// The gate lets nothing through.
    Refused = 4,
    /// A changed region discloses something otherwise, and nothing more.
    Changes = 10,
    /// A changed region discloses more.
    Widens = 11,
}

impl Exit {
    /// Ends a command: a failure is told on standard error.
    pub(crate) fn of(outcome: Result<Self, Failure>, format: Format) -> ExitCode {
        outcome.unwrap_or_else(|failure| failure.tell(format)).into()
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
