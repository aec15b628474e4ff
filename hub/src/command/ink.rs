//! Colour, where a person looks on.

use std::{
    fmt::Display,
    io::{self, IsTerminal},
};

/// Colours text, or leaves it as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ink(bool);

impl Ink {
    /// For standard output.
    pub(crate) fn stdout() -> Self {
        Self(io::stdout().is_terminal() && is_wanted())
    }

    /// For standard error.
    pub(crate) fn stderr() -> Self {
        Self(io::stderr().is_terminal() && is_wanted())
    }

    /// Whether it colours.
    pub(crate) const fn is_on(self) -> bool {
        self.0
    }

    pub(crate) fn strong(self, text: impl Display) -> String {
        self.paint("1", text)
    }

    pub(crate) fn faint(self, text: impl Display) -> String {
        self.paint("2", text)
    }

    pub(crate) fn good(self, text: impl Display) -> String {
        self.paint("32", text)
    }

    pub(crate) fn bad(self, text: impl Display) -> String {
        self.paint("31", text)
    }

    pub(crate) fn warn(self, text: impl Display) -> String {
        self.paint("33", text)
    }

    /// A system, a message: what the eye looks for.
    pub(crate) fn name(self, text: impl Display) -> String {
        self.paint("36", text)
    }

    fn paint(self, code: &str, text: impl Display) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}

/// <https://no-color.org>: any value but an empty one turns colour off.
fn is_wanted() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
