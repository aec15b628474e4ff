//! Where the server is, and what must hold before anything is said to it.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr, time::Duration};

use tokio_postgres::{
    Config,
    config::{Host, LoadBalanceHosts, SslMode},
};

use crate::Error;

/// How long a server may take to answer a knock.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long the network may stay silent before the connection is given up.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// A PostgreSQL server and the database there. Shows no password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    pub(super) config: Box<Config>,
    pub(super) tls: Tls,
}

/// How what is said is kept from others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Tls {
    /// It is not: nothing leaves this machine.
    Plain,
    /// The server's certificate is checked against its name and these roots; none: the system's.
    Verified(Option<PathBuf>),
}

impl Server {
    /// Reads a `postgres://…` URL.
    ///
    /// # Errors
    /// [`Error::Url`] when it cannot be used; no part of the URL is told.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let (url, ours) = apart(url);
        let mut config = Config::from_str(&url).map_err(|_| Error::Url(FORM))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(Error::Url("it names no server: postgres://USER@HOST/DATABASE"));
        }
        are_paired(&config)?;
        let tls = tls(&config, &ours)?;
        config.ssl_mode(match tls {
            Tls::Plain => SslMode::Disable,
            Tls::Verified(_) => SslMode::Require,
        });
        config.application_name("luotsi");
        config.connect_timeout(CONNECT_MAX).tcp_user_timeout(SILENCE_MAX);
        config.keepalives_idle(SILENCE_MAX).keepalives_interval(SILENCE_MAX / 4);
        Ok(Self { config: Box::new(config), tls })
    }

    /// How long it may take to come to terms: each server named may be knocked at in vain first.
    pub(super) fn greeting_max(&self) -> Duration {
        let servers = self.config.get_hosts().len().max(self.config.get_hostaddrs().len());
        CONNECT_MAX * u32::try_from(servers).unwrap_or(1) + SILENCE_MAX
    }
}

/// Host and database; neither user nor password.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        for (at, host) in self.config.get_hosts().iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) => write!(f, "{comma}{name}")?,
                Host::Unix(folder) => write!(f, "{comma}{}", folder.display())?,
            }
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

const FORM: &str = "it is not of the form postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full";

/// The parameters that the hub itself understands.
#[derive(Default)]
struct Ours {
    mode: Option<String>,
    roots: Option<PathBuf>,
}

/// Takes the hub's own parameters out of a URL. `verify-full` is no word of the client library's.
fn apart(url: &str) -> (String, Ours) {
    let mut ours = Ours::default();
    let Some((place, query)) = url.split_once('?') else { return (url.to_owned(), ours) };
    let mut rest = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", mode)) => ours.mode = Some(mode.to_owned()),
            Some(("sslrootcert", file)) => ours.roots = Some(file.replace("%2F", "/").into()),
            _ => rest.push(pair),
        }
    }
    (format!("{place}?{}", rest.join("&")), ours)
}

/// Whether it can be said which address and port each server has, and in which order they are asked.
fn are_paired(config: &Config) -> Result<(), Error> {
    let (hosts, addresses) = (config.get_hosts().len(), config.get_hostaddrs().len());
    if hosts > 0 && addresses > 0 && hosts != addresses {
        return Err(Error::Url(
            "it names another number of hostaddr than of hosts; say one for each, or none",
        ));
    }
    if config.get_ports().len() > 1 && config.get_ports().len() != hosts.max(addresses) {
        return Err(Error::Url(
            "it names another number of ports than of hosts; say one for all, or one for each",
        ));
    }
    match config.get_load_balance_hosts() {
        LoadBalanceHosts::Disable => Ok(()),
        _ => Err(Error::Url(
            "its load_balance_hosts is not known here; leave it out: servers are asked in their order",
        )),
    }
}

fn tls(config: &Config, ours: &Ours) -> Result<Tls, Error> {
    let verified = || Ok(Tls::Verified(ours.roots.clone()));
    match ours.mode.as_deref() {
        None | Some("disable") if stays_here(config) => Ok(Tls::Plain),
        Some("disable") => Err(Error::Url(
            "it would speak in clear beyond this machine; say sslmode=verify-full, or connect to \
             127.0.0.1 or a Unix socket",
        )),
        None | Some("verify-full") => verified(),
        Some(_) => Err(Error::Url(
            "its sslmode does not check who the server is; say sslmode=verify-full, with \
             sslrootcert=FILE for roots of your own",
        )),
    }
}

/// Whether nothing of what is said leaves this machine.
fn stays_here(config: &Config) -> bool {
    let is_here = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
    };
    config.get_hosts().iter().all(is_here) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_speaks_in_clear_beyond_this_machine() {
        let plain = |url| Server::parse(url).map(|server| server.tls == Tls::Plain);
        for (url, wanted) in [
            ("postgres://hub@127.0.0.1:5433/luotsi", Some(true)),
            ("postgresql://hub@localhost/luotsi?sslmode=disable", Some(true)),
            ("postgres://hub@%2Frun%2Fpostgresql/luotsi", Some(true)),
            ("postgres://hub@db.example/luotsi", Some(false)),
            (
                "postgres://hub@db.example/luotsi?sslmode=verify-full&sslrootcert=/ca.pem",
                Some(false),
            ),
            ("postgres://hub@127.0.0.1/luotsi?sslmode=verify-full", Some(false)),
            ("postgres://hub@db.example/luotsi?sslmode=disable", None),
            ("postgres://hub@localhost,db.example/luotsi?sslmode=disable", None),
            ("postgres://hub@localhost/luotsi?hostaddr=192.0.2.1&sslmode=disable", None),
            ("postgres://hub@db.example/luotsi?sslmode=require", None),
            ("postgres://hub@db.example/luotsi?sslmode=prefer", None),
            ("postgres:///luotsi", None),
        ] {
            assert_eq!(plain(url).ok(), wanted, "{url}");
        }
    }

    #[test]
    fn each_server_has_an_address_a_port_and_a_place_in_the_order() {
        for (url, is_understood) in [
            ("postgres://hub@localhost:5432,127.0.0.1:5433,localhost:5434/luotsi", true),
            ("postgres://hub@localhost,localhost/luotsi?hostaddr=127.0.0.1,127.0.0.2", true),
            ("postgres://hub@localhost,127.0.0.1/luotsi?hostaddr=127.0.0.1", false),
            ("postgres://hub@localhost/luotsi?port=5432,5433", false),
            ("postgres://hub@localhost/luotsi?load_balance_hosts=random", false),
        ] {
            assert_eq!(Server::parse(url).is_ok(), is_understood, "{url}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let url = "postgres://hub:sala-sana@db.example/luotsi";
        let shown = format!("{:?}", Server::parse(url).expect("a server"));
        assert!(!shown.contains("sala-sana"), "{shown}");
        let wrong = Server::parse("postgres://hub:sala-sana@db.example:port/luotsi");
        assert!(!wrong.expect_err("no port").to_string().contains("sala-sana"));
    }
}
