//! Where to send.

use std::net::{SocketAddr, ToSocketAddrs};

use hyper::Uri;

use crate::error::Error;

/// A plain-HTTP URL, resolved once so that no name is looked up under load.
#[derive(Clone, Debug)]
pub struct Target {
    /// The address to connect to.
    pub address: SocketAddr,
    /// The `Host` header: host and port as written.
    pub authority: String,
    /// Path and query, beginning with `/`.
    pub path: String,
}

impl Target {
    /// Reads `http://HOST[:PORT][/PATH]`.
    ///
    /// # Errors
    /// [`Error::Option`] when it is no such URL, [`Error::Io`] when the host has no address.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let refuse = |why: &str| Error::Option { option: "URL", why: format!("`{url}` {why}") };
        let uri: Uri = url.parse().map_err(|why| refuse(&format!("is no URL: {why}")))?;
        if uri.scheme_str() != Some("http") {
            return Err(refuse("is not http:// (TLS is not measured; end it before the hub)"));
        }
        let host = uri.host().ok_or_else(|| refuse("names no host"))?;
        let authority = format!("{host}:{}", uri.port_u16().unwrap_or(80));
        let address = resolve(&authority)?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { address, authority, path })
    }

    /// The same server at another path.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self.clone() }
    }
}

fn resolve(authority: &str) -> Result<SocketAddr, Error> {
    let found = authority.to_socket_addrs().and_then(|mut all| {
        all.next().ok_or_else(|| std::io::Error::other("the name has no address"))
    });
    found.map_err(|why| Error::io(format!("resolving {authority}"), why))
}
