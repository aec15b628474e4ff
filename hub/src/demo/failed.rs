//! Why the story could not go on.

use crate::command::Failure;

/// What was awaited and did not come, or what went wrong on the way.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Failed(String);

impl Failed {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self(failure.to_string())
    }
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<reqwest::Error> for Failed {
    fn from(error: reqwest::Error) -> Self {
        // Without the URL's query and body: only what went wrong.
        Self(format!("a request failed: {}", error.without_url()))
    }
}
