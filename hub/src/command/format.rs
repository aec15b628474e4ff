//! In which form data goes to standard output.

use std::io::{self, Write};

use super::{Exit, Failure};

/// For a person, or for a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// For a person.
    #[default]
    Human,
    /// One JSON object a line.
    Ndjson,
    /// One JSON document, of check, explain and test.
    Json,
    /// SARIF 2.1.0, of check.
    Sarif,
    /// FHIR R4, for reports.
    Fhir,
    /// JUnit XML, for tests.
    Junit,
}

impl Format {
    /// Writes data to standard output: `human` as it stands, or each object on a line.
    ///
    /// # Errors
    /// When standard output cannot be written. A reader that has gone (`| head`) is no error.
    pub(crate) fn show<T: serde::Serialize>(
        self,
        objects: &[T],
        human: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let text = match self {
            Self::Human => human(),
            Self::Json => {
                let text = serde_json::to_string_pretty(objects);
                text.map(|text| text + "\n").map_err(|error| unwritable(&error.to_string()))?
            }
            Self::Ndjson | Self::Sarif | Self::Fhir | Self::Junit => {
                objects.iter().map(line).collect::<Result<_, _>>()?
            }
        };
        put(&text)
    }
}

fn line(object: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string(object);
    text.map(|text| text + "\n").map_err(|error| unwritable(&error.to_string()))
}

/// Writes text to standard output.
///
/// # Errors
/// As for [`Format::show`].
pub(crate) fn put(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(unwritable(&error.to_string()))
        }
        _ => Ok(()),
    }
}

fn unwritable(why: &str) -> Failure {
    Failure::new(Exit::Usage, "the result cannot be written")
        .why(why)
        .mend("see what standard output goes to")
}
