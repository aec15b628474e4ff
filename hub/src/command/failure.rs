//! What a command tells when it cannot do what it was asked.

use std::fmt;

use serde::Serialize;

use super::{Exit, Format, Ink, layout};

/// What went wrong, why, and how to mend it. Holds no personal data.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Failure {
    #[serde(skip)]
    exit: Exit,
    what: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    mend: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if self.why.is_empty() { Ok(()) } else { write!(f, ": {}", self.why) }
    }
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), why: String::new(), mend: String::new() }
    }

    #[must_use]
    pub(crate) fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    #[must_use]
    pub(crate) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = mend.into();
        self
    }

    /// Writes it to standard error and gives the exit code that goes with it.
    pub(crate) fn tell(&self, format: Format) -> Exit {
        match format {
            Format::Human => eprint!("{}", self.render(Ink::stderr())),
            Format::Ndjson | Format::Json | Format::Sarif | Format::Fhir | Format::Junit => {
                eprintln!("{}", serde_json::json!({ "failure": self }));
            }
        }
        self.exit
    }

    fn render(&self, ink: Ink) -> String {
        let mut text = format!("{} {}\n", ink.bad("✗"), ink.strong(&self.what));
        for (label, part) in [("why", &self.why), ("mend", &self.mend)] {
            if !part.is_empty() {
                let label = ink.faint(format!("  {label:<6}"));
                layout::hang(&mut text, &label, 8, part);
            }
        }
        text
    }
}
