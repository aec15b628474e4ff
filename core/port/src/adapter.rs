//! A kind of adapter.

use std::{ops::Range, sync::Arc};

use serde::de::DeserializeOwned;

use crate::{Outbound, PlanStore};

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

/// One kind of adapter, as `adapter = "…"` of a connection names it.
pub trait Adapter: Sync {
    /// Its name.
    fn kind(&self) -> &'static str;

    /// Everything wrong with a connection's settings; reads no secret and opens nothing.
    fn check(&self, settings: &toml::Table) -> Vec<Problem>;

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
    let url = reqwest::Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
    let Some(url) = url else {
        return Err(Problem::new(
            format!("{key} is not an http or https address"),
            "write it whole, for example https://system.example/in",
        ));
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Problem::new(
            format!("{key} carries credentials"),
            "put the secret where `token` or `secret` can name it",
        ));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(Problem::new(
            format!("{key} would carry records in clear beyond this machine"),
            "use https, or a proxy on this machine that ends TLS",
        ));
    }
    Ok(())
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
    }
}
