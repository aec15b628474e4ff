//! The adapter's settings.

use luotsi_port::{Problem, Secret, settings};
use serde::Deserialize;

/// `[settings]` of a connection with `adapter = "serena"`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where its documents are posted.
    pub(crate) url: String,
    /// Its bearer token, if it wants one.
    #[serde(default)]
    pub(crate) token: Option<Secret>,
}

impl Config {
    pub(crate) fn parse(table: &toml::Table) -> Result<Self, Problem> {
        let config: Self = settings(table)?;
        luotsi_port::check_url("url", &config.url)?;
        Ok(config)
    }
}
