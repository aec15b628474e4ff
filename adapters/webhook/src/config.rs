//! The adapter's settings.

use luotsi_port::{Problem, Secret, settings};
use serde::Deserialize;

/// `[settings]` of a connection with `adapter = "webhook"`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where the webhooks are posted.
    pub(crate) url: String,
    /// The shared secret: `whsec_` and the base64 of 24 to 64 bytes.
    pub(crate) secret: Secret,
}

impl Config {
    pub(crate) fn parse(table: &toml::Table) -> Result<Self, Problem> {
        let config: Self = settings(table)?;
        luotsi_port::check_url("url", &config.url)?;
        Ok(config)
    }
}
