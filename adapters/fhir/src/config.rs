//! The adapter's settings.

use luotsi_port::{Problem, Secret, settings};
use serde::Deserialize;

/// `[settings]` of a connection with `adapter = "fhir"`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The server's base, without a closing slash.
    pub(crate) base_url: String,
    /// Its bearer token, if it wants one.
    #[serde(default)]
    pub(crate) token: Option<Secret>,
}

impl Config {
    pub(crate) fn parse(table: &toml::Table) -> Result<Self, Problem> {
        let mut config: Self = settings(table)?;
        luotsi_port::check_url("base_url", &config.base_url)?;
        config.base_url.truncate(config.base_url.trim_end_matches('/').len());
        Ok(config)
    }
}
