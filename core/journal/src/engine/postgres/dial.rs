//! To the server: by its addresses, in the order in which the URL names them.

use std::{
    io,
    net::{SocketAddr, TcpStream, ToSocketAddrs as _},
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::PathBuf,
    time::Duration,
};

use rustix::net::sockopt;
use tokio_postgres::{Config, config::Host};

/// PostgreSQL's port, where the URL names none.
const PORT: u16 = 5432;

/// A door to knock at.
pub(super) struct Door {
    /// What the certificate behind it must be of.
    pub(super) name: String,
    at: At,
}

enum At {
    Address(SocketAddr),
    File(PathBuf),
}

/// All doors that are named, each with what to call it, or why a name stands for none.
pub(super) fn doors(config: &Config) -> impl Iterator<Item = (String, io::Result<Door>)> {
    let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
    (0..hosts.len().max(addresses.len())).flat_map(move |nth| {
        let ports = config.get_ports();
        let port = ports.get(nth).or(ports.first()).copied().unwrap_or(PORT);
        let name = match hosts.get(nth) {
            Some(Host::Tcp(name)) => name.as_str(),
            _ => "",
        };
        let found = match (addresses.get(nth), hosts.get(nth)) {
            (Some(address), _) => Ok(vec![At::Address((*address, port).into())]),
            (None, Some(Host::Unix(folder))) => {
                Ok(vec![At::File(folder.join(format!(".s.PGSQL.{port}")))])
            }
            (None, _) => (name, port).to_socket_addrs().map(|all| all.map(At::Address).collect()),
        };
        let called = match (hosts.get(nth), addresses.get(nth)) {
            (Some(Host::Unix(folder)), _) => format!("port {port} in {}", folder.display()),
            (Some(Host::Tcp(name)), _) => format!("{name}:{port}"),
            (None, address) => {
                address.map_or_else(String::new, |ip| SocketAddr::from((*ip, port)).to_string())
            }
        };
        let door = |at| (called.clone(), Ok(Door { name: name.to_owned(), at }));
        match found {
            Ok(all) => all.into_iter().map(door).collect(),
            Err(error) => vec![(called, Err(error))],
        }
    })
}

/// A connected socket that does not block.
pub(super) fn knock(door: &Door, config: &Config) -> io::Result<OwnedFd> {
    match &door.at {
        At::Address(address) => {
            let long = config.get_connect_timeout().copied().unwrap_or(Duration::MAX);
            let stream = TcpStream::connect_timeout(address, long)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            stay_awake(&stream, config)?;
            Ok(stream.into())
        }
        At::File(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_nonblocking(true)?;
            Ok(stream.into())
        }
    }
}

/// So that TCP itself notices when nobody is there any more.
fn stay_awake(stream: &TcpStream, config: &Config) -> io::Result<()> {
    if let Some(long) = config.get_tcp_user_timeout() {
        let millis = u32::try_from(long.as_millis()).unwrap_or(u32::MAX);
        sockopt::set_tcp_user_timeout(stream, millis)?;
    }
    if config.get_keepalives() {
        sockopt::set_socket_keepalive(stream, true)?;
        sockopt::set_tcp_keepidle(stream, config.get_keepalives_idle())?;
        if let Some(interval) = config.get_keepalives_interval() {
            sockopt::set_tcp_keepintvl(stream, interval)?;
        }
        if let Some(count) = config.get_keepalives_retries() {
            sockopt::set_tcp_keepcnt(stream, count)?;
        }
    }
    Ok(())
}
