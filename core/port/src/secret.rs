//! Secrets, named in files and kept elsewhere.

use std::path::PathBuf;

use luotsi_model::Sensitive;
use serde::Deserialize;

/// Where a secret is: `{ env = "NAME" }` or `{ file = "path" }`. Never the secret itself, so a
/// region's files can stand under version control.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Secret {
    /// In an environment variable.
    Env(String),
    /// In a file, without its last line break.
    File(PathBuf),
}

/// The secret is not where it is said to be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreadable {
    /// No such variable.
    #[error("the environment variable {0} is not set")]
    Env(String),
    /// No such file, or not readable.
    #[error("the secret's file {0} cannot be read: {1}")]
    File(String, std::io::ErrorKind),
}

impl Secret {
    /// The secret.
    ///
    /// # Errors
    /// When it is not there; names the place.
    pub fn read(&self) -> Result<Sensitive<String>, Unreadable> {
        match self {
            Self::Env(name) => {
                std::env::var(name).map(Sensitive::new).map_err(|_| Unreadable::Env(name.clone()))
            }
            Self::File(path) => std::fs::read_to_string(path)
                .map(|text| Sensitive::new(text.trim_end().to_owned()))
                .map_err(|e| Unreadable::File(path.display().to_string(), e.kind())),
        }
    }
}

impl From<Unreadable> for crate::Problem {
    fn from(error: Unreadable) -> Self {
        Self::new(error.to_string(), "set it, or name another place in the connection's settings")
    }
}
