//! Where the broker is, and what must hold before anything is said to it.

use std::{fmt, net::IpAddr};

use lapin::uri::{AMQPQueryString, AMQPScheme, AMQPUri};
use luotsi_model::Sensitive;

/// Leaves room for a lane's name in what a broker takes as one (255 bytes).
const PREFIX_LENGTH_MAX: usize = 64;
/// What a broker keeps for its own exchanges and queues.
const RESERVED: &str = "amq.";
/// A connection that is cut without a word is found out within twice this, here and at the broker,
/// which until then gives a lane's hints to nobody else.
const HEARTBEAT_S: u16 = 5;

/// How the hub's broker is reached, and what the names of its exchanges and queues begin with.
///
/// Shown, it is the address without login and password.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    uri: AMQPUri,
    prefix: String,
}

/// Settings that cannot be used. Holds nothing of the login.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unusable {
    /// The setting.
    pub what: &'static str,
    /// What is wrong with it.
    pub why: String,
    /// How to mend it.
    pub mend: String,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}; {}", self.what, self.why, self.mend)
    }
}

impl std::error::Error for Unusable {}

impl Settings {
    /// Reads an `amqps://USER:PASSWORD@HOST/VHOST` URL; `amqp://` where it stays on this machine.
    ///
    /// # Errors
    /// [`Unusable`]: no such URL, in clear to another machine, or a prefix that is no name.
    pub fn new(url: &Sensitive<String>, prefix: &str) -> Result<Self, Unusable> {
        let uri = uri(url.reveal()).map_err(|(why, mend)| Unusable {
            what: "bus.url",
            why: why.to_owned(),
            mend: mend.to_owned(),
        })?;
        if !is_name(prefix) {
            return Err(Unusable {
                what: "bus.prefix",
                why: "is no name, or begins with what the broker keeps for itself".to_owned(),
                mend: format!(
                    "write 1 to {PREFIX_LENGTH_MAX} of a to z, digits and . - _, not beginning \
                     with {RESERVED}; luotsi if you leave it out"
                ),
            });
        }
        Ok(Self { uri, prefix: prefix.to_owned() })
    }

    pub(super) const fn uri(&self) -> &AMQPUri {
        &self.uri
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }
}

const FORM: &str = "write it like amqps://USER:PASSWORD@bus.example/VHOST, special characters of user \
                    and password as %XX; %2f or nothing is the virtual host /";

fn uri(text: &str) -> Result<AMQPUri, (&'static str, &'static str)> {
    let mut uri: AMQPUri = text.parse().map_err(|_| ("is no amqp or amqps address", FORM))?;
    if text.contains(['?', '#']) {
        return Err(("says more than user, password, host, port and virtual host", FORM));
    }
    let authority = text.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split('/').next().unwrap_or_default();
    let Some((_, host)) = authority.rsplit_once('@') else {
        return Err(("names no user", FORM));
    };
    // The library takes an address of IPv6 for none.
    if let Some((host, _)) = host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        host.clone_into(&mut uri.authority.host);
    }
    if host.is_empty() || host.starts_with(':') {
        return Err(("names no host", FORM));
    }
    if uri.scheme == AMQPScheme::AMQP && !is_loopback(&uri.authority.host) {
        return Err((
            "would speak in clear beyond this machine",
            "use amqps, or a proxy on this machine that ends TLS",
        ));
    }
    if uri.vhost.is_empty() {
        "/".clone_into(&mut uri.vhost);
    }
    uri.query = AMQPQueryString { heartbeat: Some(HEARTBEAT_S), ..AMQPQueryString::default() };
    Ok(uri)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

fn is_name(text: &str) -> bool {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    (1..=PREFIX_LENGTH_MAX).contains(&text.len())
        && text.chars().all(is_fit)
        && !text.starts_with(RESERVED)
}

/// Host, port and virtual host; neither user nor password.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AMQPUri { scheme, authority, vhost, .. } = &self.uri;
        write!(f, "{scheme}://{}:{} {vhost}", authority.host, authority.port)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str, prefix: &str) -> Result<String, Unusable> {
        Settings::new(&Sensitive::new(url.to_owned()), prefix).map(|settings| settings.to_string())
    }

    #[test]
    fn nothing_speaks_in_clear_beyond_this_machine() {
        let check = |url: &str, wanted: Option<&str>| {
            assert_eq!(read(url, "luotsi").ok().as_deref(), wanted, "{url}");
        };
        check("amqps://hub:word@bus.example/region", Some("amqps://bus.example:5671 region"));
        check("amqp://hub:word@127.0.0.1:5673/%2f", Some("amqp://127.0.0.1:5673 /"));
        check("amqp://hub:word@[::1]:5673", Some("amqp://::1:5673 /"));
        check("amqp://hub:word@localhost/", Some("amqp://localhost:5672 /"));
        check("amqp://hub:word@bus.example/region", None);
        check("amqp://hub:word@127.0.0.1.example/region", None);
        check("amqp://hub:word@[2001:db8::1]/region", None);
        check("amqp://localhost@bus.example/region", None);
        check("https://hub:word@bus.example", None);
        check("amqps://bus.example/region", None);
        check("amqps://hub:word@bus.example/region?heartbeat=0", None);
        check("amqps://hub:word@/region", None);
        check("bus.example", None);
    }

    #[test]
    fn neither_login_nor_password_is_shown() {
        let (user, password) = ("roihuvuori", "sala-sana");
        for place in ["bus.example/region", "127.0.0.1:5672", "@", ":x", "/?", ""] {
            for scheme in ["amqp", "amqps", "amq"] {
                let url = format!("{scheme}://{user}:{password}@{place}");
                let told = Settings::new(&Sensitive::new(url), "luotsi");
                let told = match told {
                    Ok(settings) => format!("{settings} {settings:?}"),
                    Err(unusable) => format!("{unusable} {unusable:?}"),
                };
                assert!(!told.contains(user) && !told.contains(password), "{told}");
            }
        }
    }

    #[test]
    fn a_prefix_is_a_name() {
        let check = |prefix: &str, good| {
            assert_eq!(read("amqps://hub:word@bus.example", prefix).is_ok(), good, "{prefix}");
        };
        check("luotsi", true);
        check("luotsi.malli-1", true);
        check("", false);
        check("amq.luotsi", false);
        check("luotsi lanes", false);
        check("ä", false);
        check(&"a".repeat(65), false);
    }
}
