//! A connection to a broker, made from the settings, and what its failures are called.

use std::time::Duration;

use lapin::{
    Channel, Connection, ConnectionProperties, ErrorKind, ExchangeKind,
    options::ExchangeDeclareOptions,
    types::FieldTable,
    uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo},
};
use luotsi_port::Problem;

use crate::Config;

/// How long a connection may take to be there, TLS and login included, and its topology checked.
pub(crate) const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// A connection that is cut without a word is found out within twice this.
const HEARTBEAT_S: u16 = 10;

/// A broker, and who the hub is there. Not shown: it has the password.
#[derive(Clone)]
pub(crate) struct Broker {
    uri: AMQPUri,
}

/// The broker's address, without credentials.
///
/// # Errors
/// When it is no address, has credentials in it, or would carry records in clear to another machine.
pub(crate) fn uri(text: &str) -> Result<AMQPUri, Problem> {
    let url = luotsi_port::address("url", text, ["amqp", "amqps"])?;
    let vhost = url.path().trim_start_matches('/');
    let decoded = match vhost {
        "" => Some("/".to_owned()),
        "%2f" | "%2F" => Some("/".to_owned()),
        plain if !plain.contains(['%', '/']) => Some(plain.to_owned()),
        _ => None,
    };
    let vhost = decoded.filter(|_| url.query().is_none() && url.fragment().is_none());
    let vhost = vhost.ok_or_else(|| {
        Problem::new(
            "url holds more than a host, a port and a virtual host",
            "write it like amqps://bus.example/region; %2f or nothing is the virtual host /",
        )
    })?;
    let scheme = if url.scheme() == "amqps" { AMQPScheme::AMQPS } else { AMQPScheme::AMQP };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port().unwrap_or_else(|| scheme.default_port());
    let query = AMQPQueryString { heartbeat: Some(HEARTBEAT_S), ..AMQPQueryString::default() };
    let userinfo = AMQPUserInfo { username: String::new(), password: String::new() };
    Ok(AMQPUri { scheme, authority: AMQPAuthority { userinfo, host, port }, vhost, query })
}

impl Broker {
    pub(crate) fn new(config: &Config) -> Result<Self, Problem> {
        let mut uri = uri(&config.url)?;
        uri.authority.userinfo = AMQPUserInfo {
            username: config.username.clone(),
            password: config.password.read()?.into_revealed(),
        };
        Ok(Self { uri })
    }

    /// A connection that does not mend itself: with the library's own recovery a confirm that was
    /// outstanding when the broker died was awaited for ever, and repeats came.
    pub(crate) async fn connect(&self, name: &str) -> Result<Connection, String> {
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        Connection::connect_uri(self.uri.clone(), properties).await.map_err(|e| told(&e))
    }
}

/// Whether an exchange is there. The default one always is, and may not be asked for.
pub(crate) async fn look_for_exchange(channel: &Channel, exchange: &str) -> Result<(), String> {
    if exchange.is_empty() {
        return Ok(());
    }
    let passive = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
    let kind = ExchangeKind::default();
    let looked = channel.exchange_declare(exchange.into(), kind, passive, FieldTable::default());
    looked.await.map_err(|e| told(&e))
}

/// What went wrong, in words. The broker's own words name exchanges, queues and the login, and
/// never what a message holds.
pub(crate) fn told(error: &lapin::Error) -> String {
    match error.kind() {
        ErrorKind::ProtocolError(refusal) => format!("the broker refuses: {refusal}"),
        ErrorKind::IOError(cause) => format!("the broker cannot be reached: {cause}"),
        ErrorKind::MissingHeartbeatError => "the broker fell silent".into(),
        ErrorKind::InvalidChannelState(..) | ErrorKind::InvalidConnectionState(_) => {
            "the connection to the broker is gone".into()
        }
        _ => "the connection to the broker broke".into(),
    }
}
