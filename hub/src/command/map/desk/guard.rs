//! Who gets an answer.

use std::{fmt::Write as _, net::SocketAddr, sync::Arc};

use aws_lc_rs::{constant_time::verify_slices_are_equal, rand};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::Desk;

/// What every answer says: nothing of another origin in the page, and the page in no other.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// The one address and the one word by which it answers.
pub(super) struct Guard {
    hosts: [String; 2],
    word: String,
}

impl Guard {
    /// For a bound address, with a new word.
    pub(super) fn new(address: SocketAddr) -> Result<Self, String> {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).map_err(|_| "the system gives no randomness".to_owned())?;
        let word = bytes.iter().fold(String::with_capacity(32), |mut word, byte| {
            // Writing into a String cannot fail.
            let _ = write!(word, "{byte:02x}");
            word
        });
        let hosts = [address.to_string(), format!("localhost:{}", address.port())];
        Ok(Self { hosts, word })
    }

    pub(super) fn word(&self) -> &str {
        &self.word
    }

    /// Whether a request was made for this address, by its word, and from its own pages. A page of
    /// another name that resolves to this machine has another `Host`; a page of another origin has
    /// another `Origin`.
    fn admits(&self, method: &Method, path: &str, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let is_own = |host: &str| self.hosts.iter().any(|own| own == host);
        let is_here = text(header::HOST).is_some_and(is_own);
        let origin = text(header::ORIGIN);
        let from = origin.and_then(|origin| origin.strip_prefix("http://"));
        // A form that was sent from its own page says so; what only looks needs not.
        let is_from_here = match (origin, method) {
            (Some(_), _) => from.is_some_and(is_own),
            (None, method) => *method == Method::GET || *method == Method::HEAD,
        };
        let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
        let is_same_site = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
        let word = path.split('/').nth(1).unwrap_or_default();
        let is_known = verify_slices_are_equal(word.as_bytes(), self.word.as_bytes()).is_ok();
        is_here && is_from_here && is_same_site && is_known
    }
}

/// Lets a request in, or answers as if there were nothing.
pub(super) async fn admit(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let is_admitted = desk.guard.admits(request.method(), request.uri().path(), request.headers());
    let mut response = match is_admitted {
        true => next.run(request).await,
        false => (StatusCode::NOT_FOUND, "there is nothing here\n").into_response(),
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_pages_are_answered() {
        let guard = Guard::new("127.0.0.1:7900".parse().unwrap()).unwrap();
        let path = format!("/{}/", guard.word());
        let check = |method: &str, path: &str, given: &[(&'static str, &str)], is_in: bool| {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.insert(*name, value.parse().unwrap());
            }
            let method = method.parse().unwrap();
            assert_eq!(guard.admits(&method, path, &headers), is_in, "{method} {path} {given:?}");
        };
        let host = ("host", "127.0.0.1:7900");
        let origin = ("origin", "http://127.0.0.1:7900");
        check("GET", &path, &[host], true);
        check("GET", &path, &[("host", "localhost:7900")], true);
        check("POST", &path, &[host, origin], true);
        check("POST", &path, &[host], false);
        check("GET", "/", &[host], false);
        let other = format!("/{}/", "0".repeat(32));
        check("GET", &other, &[host], false);
        check("GET", &path, &[("host", "evil.example:7900")], false);
        check("GET", &path, &[("host", "127.0.0.1:7901")], false);
        check("GET", &path, &[], false);
        check("POST", &path, &[host, ("origin", "http://evil.example")], false);
        check("POST", &path, &[host, ("origin", "https://127.0.0.1:7900")], false);
        check("POST", &path, &[host, ("origin", "null")], false);
        check("GET", &path, &[host, ("sec-fetch-site", "cross-site")], false);
        check("GET", &path, &[host, ("sec-fetch-site", "none")], true);
    }
}
