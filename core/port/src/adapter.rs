//! A kind of adapter.

use std::{ops::Range, sync::Arc};

use serde::de::DeserializeOwned;

use luotsi_model::SystemId;

use crate::{Channels, Inbound, Outbound, PlanStore};

/// What an adapter may use of the hub.
#[derive(Clone)]
pub struct Services {
    /// The shared HTTP client: connection pools and TLS in one place.
    pub http: reqwest::Client,
    /// The built-in plan store.
    pub plan: Arc<dyn PlanStore>,
}

/// What is wrong with an adapter's settings, for the person who wrote them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Byte range inside the settings' own text, where it is known.
    pub span: Option<Range<usize>>,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

impl Problem {
    /// A problem of the settings as a whole.
    pub fn new(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { span: None, what: what.into(), mend: mend.into() }
    }
}

/// Which parts a connection has beside its settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parts {
    /// `[intake]`: something comes in.
    pub intake: bool,
    /// A token in it, by which the system posts to the hub's own listener.
    pub token: bool,
    /// `[delivery]`: something goes out.
    pub delivery: bool,
}

/// One kind of adapter, as `adapter = "…"` of a connection names it.
pub trait Adapter: Sync {
    /// Its name.
    fn kind(&self) -> &'static str;

    /// Everything wrong with a connection's settings; reads no secret and opens nothing.
    fn check(&self, settings: &toml::Table) -> Vec<Problem>;

    /// Everything wrong between a connection's settings and its other parts. Unless an adapter
    /// fetches, what comes in is posted, and whoever posts needs a token.
    fn check_parts(&self, _settings: &toml::Table, parts: Parts) -> Vec<Problem> {
        let nobody_can_post = parts.intake && !parts.token;
        let problem = || {
            Problem::new(
                "[intake] has no token_sha256, so nobody can post to it",
                "give it the hash of a token: printf %s \"$TOKEN\" | sha256sum",
            )
        };
        nobody_can_post.then(problem).into_iter().collect()
    }

    /// What no other connection may use too, in words; no secret.
    fn claims(&self, _settings: &toml::Table) -> Vec<String> {
        Vec::new()
    }

    /// What the connection looks like on a bus, if it is on one.
    fn channels(&self, _settings: &toml::Table) -> Option<Channels> {
        None
    }

    /// Makes the way in of a connection, if its adapter fetches.
    ///
    /// # Errors
    /// When the settings do not hold or a secret cannot be read.
    fn inbound(
        &self,
        _system: &SystemId,
        _settings: &toml::Table,
    ) -> Result<Option<Arc<dyn Inbound>>, Problem> {
        Ok(None)
    }

    /// Makes the way out of a connection.
    ///
    /// # Errors
    /// When the settings do not hold or a secret cannot be read.
    fn outbound(
        &self,
        settings: &toml::Table,
        services: &Services,
    ) -> Result<Arc<dyn Outbound>, Problem>;
}

/// Parses settings into an adapter's own type, which refuses unknown keys.
///
/// # Errors
/// What `toml` finds wrong, as a problem.
pub fn settings<T: DeserializeOwned>(settings: &toml::Table) -> Result<T, Problem> {
    settings.clone().try_into().map_err(|e: toml::de::Error| Problem {
        span: e.span(),
        what: format!("the settings do not fit the adapter: {}", e.message()),
        mend: "compare with the adapter's page in docs/reference/connections.md".into(),
    })
}

/// Refuses what is no HTTP address, one with credentials in it (addresses are shown), and one that
/// would carry records in clear beyond this machine.
///
/// # Errors
/// A [`Problem`] that names the key.
pub fn check_url(key: &str, text: &str) -> Result<(), Problem> {
    address(key, text, ["http", "https"]).map(|_| ())
}

/// Reads an address of one of two schemes, the first in clear, the second by TLS. What
/// [`check_url`] refuses is refused.
///
/// # Errors
/// A [`Problem`] that names the key.
pub fn address(key: &str, text: &str, schemes: [&str; 2]) -> Result<reqwest::Url, Problem> {
    let [clear, secure] = schemes;
    let url = reqwest::Url::parse(text)
        .ok()
        .filter(|url| schemes.contains(&url.scheme()) && url.host().is_some());
    let Some(url) = url else {
        return Err(Problem::new(
            format!("{key} is not an {clear} or {secure} address"),
            format!("write it whole, for example {secure}://system.example/in"),
        ));
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Problem::new(
            format!("{key} carries credentials"),
            "put the secret where `token` or `secret` can name it",
        ));
    }
    if url.scheme() == clear && !is_loopback(&url) {
        return Err(Problem::new(
            format!("{key} would carry records in clear beyond this machine"),
            format!("use {secure}, or a proxy on this machine that ends TLS"),
        ));
    }
    Ok(url)
}

fn is_loopback(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |text, good| assert_eq!(check_url("url", text).is_ok(), good, "{text}");
        check("https://system.example/in", true);
        check("http://127.0.0.1:7910/in", true);
        check("http://[::1]:7910/in", true);
        check("http://localhost/in", true);
        check("http://system.example/in", false);
        check("http://127.0.0.1.example/in", false);
        check("https://user:word@system.example/in", false);
        check("ftp://system.example/in", false);
        check("system.example", false);
        let check = |text, good| {
            assert_eq!(address("url", text, ["amqp", "amqps"]).is_ok(), good, "{text}");
        };
        check("amqps://bus.example/region", true);
        check("amqp://127.0.0.1:5673/%2f", true);
        check("amqp://[::1]:5673", true);
        check("amqp://bus.example/region", false);
        check("amqps://user:word@bus.example/region", false);
        check("https://bus.example", false);
    }
}
