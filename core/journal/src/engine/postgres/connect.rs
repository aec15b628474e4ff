//! Makes a connection, which is driven by whoever waits for an answer.

use std::{
    cell::RefCell,
    path::Path,
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use futures::{FutureExt as _, future::BoxFuture};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres::{Client, NoTls, config::TargetSessionAttrs, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    answer::{Failure, silent},
    dial::{Door, doors, knock},
    failed, last_value,
    server::{Server, Tls},
    socket::{Socket, Watch, halves},
};
use crate::Error;

/// What every connection says first. A hub that hangs within a transaction, or is cut off, must not
/// hold up the others for longer than this, which is less than a lease; and *accepted* means flushed to
/// disk. Each question of a hub has an index, and one plan. A server that looked at the size of a table just
/// when little was in it would not use it, and go on so until it looks again.
const FIRST: &str = "set synchronous_commit = on; set lock_timeout = '10s'; \
                     set idle_in_transaction_session_timeout = '3s'; set jit = off; \
                     set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; \
                     set plan_cache_mode = force_generic_plan; \
                     show transaction_read_only";

/// A connection: who asks, and what carries it. Dropped in this order, it first says goodbye.
pub(super) struct Line {
    pub(super) client: Client,
    carrier: Carrier,
}

struct Carrier {
    watch: Watch,
    /// None: it is lost.
    connection: RefCell<Option<BoxFuture<'static, Result<(), tokio_postgres::Error>>>>,
}

impl Line {
    /// Waits for an answer on this thread, without a bound where there is none.
    pub(super) fn wait<T>(
        &self,
        bound: Option<Duration>,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Failure> {
        let mut answer = pin!(answer);
        let answered = self.carrier.watch.run(bound, |context| {
            let answered = answer.as_mut().poll(context);
            if answered.is_pending() {
                self.carrier.go_on(context);
            }
            answered
        });
        let silent = || Failure::Silent(bound.unwrap_or_default());
        answered.ok_or_else(silent)?.map_err(Failure::Told)
    }

    /// Sends what was asked and hears what was said, without waiting.
    pub(super) fn look(&self) {
        self.carrier.watch.once(|context| self.carrier.go_on(context));
    }

    /// Whether it was lost, as far as was looked.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }
}

impl Carrier {
    /// Writes what was asked and reads what came.
    fn go_on(&self, context: &mut Context<'_>) {
        let mut connection = self.connection.borrow_mut();
        let ended = match connection.as_mut().map(|all| all.poll_unpin(context)) {
            Some(Poll::Ready(ended)) => ended,
            Some(Poll::Pending) | None => return,
        };
        // With it goes what was to be answered: whoever waits is told.
        *connection = None;
        if let Err(error) = ended {
            tracing::warn!(why = %failed(&error), "a connection to the database is lost");
        }
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.watch.once(|context| self.go_on(context));
    }
}

/// Connects to the first server named that answers, and is what the URL wants.
pub(super) fn connect(server: &Server) -> Result<Line, Error> {
    match &server.tls {
        Tls::Plain => to_one(server, NoTls),
        Tls::Verified(roots) => to_one(server, checking(roots.as_deref())?),
    }
}

fn to_one<T>(server: &Server, mut tls: T) -> Result<Line, Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let mut refused = Vec::new();
    for (name, door) in doors(&server.config) {
        let line = door.map_err(unreachable).and_then(|door| to(server, &door, &mut tls));
        match line {
            Ok(line) => return Ok(line),
            Err(why) => refused.push((name, why)),
        }
    }
    Err(all_told(refused))
}

/// Of several servers each reason, with whose it is: any of them may be the one to mend.
fn all_told(mut refused: Vec<(String, Error)>) -> Error {
    // The addresses of one name mostly refuse alike.
    refused.dedup();
    if refused.len() < 2 {
        let none = || Error::Storage("no server is named".into());
        return refused.pop().map_or_else(none, |(_, why)| why);
    }
    let told = refused.into_iter().map(|(name, why)| match why {
        Error::Storage(why) => format!("{name}: {why}"),
        other => format!("{name}: {other}"),
    });
    Error::Storage(told.collect::<Vec<_>>().join("; "))
}

fn to<T>(server: &Server, door: &Door, tls: &mut T) -> Result<Line, Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let long = server.greeting_max();
    let tls = tls
        .make_tls_connect(&door.name)
        .map_err(|_| Error::Url("its host is no name that a certificate can be of"))?;
    let (socket, watch) = halves(knock(door, &server.config).map_err(unreachable)?);
    let mut greeting = pin!(server.config.connect_raw(socket, tls));
    let greeted = watch.run(Some(long), |context| greeting.as_mut().poll(context));
    let (client, connection) =
        greeted.ok_or_else(|| silent(long))?.map_err(|error| failed(&error))?;
    let connection = RefCell::new(Some(connection.boxed()));
    let line = Line { client, carrier: Carrier { watch, connection } };
    let first = line.wait(Some(long), line.client.simple_query(FIRST))?;
    is_wanted(server, last_value(&first).as_deref())?;
    Ok(line)
}

fn is_wanted(server: &Server, read_only: Option<&str>) -> Result<(), Error> {
    let wanted = match server.config.get_target_session_attrs() {
        TargetSessionAttrs::ReadWrite => "off",
        TargetSessionAttrs::ReadOnly => "on",
        _ => return Ok(()),
    };
    match read_only {
        Some(found) if found == wanted => Ok(()),
        _ => Err(Error::Storage("the server is not of the target_session_attrs wanted".into())),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` wants it")]
fn unreachable(error: std::io::Error) -> Error {
    Error::Storage(format!("error connecting to server: {error}"))
}

/// Checks the server's certificate against its name.
fn checking(roots: Option<&Path>) -> Result<MakeRustlsConnect, Error> {
    let Some(file) = roots else {
        let (tls, _) = MakeRustlsConnect::with_native_certs()
            .map_err(|_| Error::Url("the system has no root certificates; say sslrootcert=FILE"))?;
        return Ok(tls);
    };
    const UNREADABLE: Error =
        Error::Url("its sslrootcert cannot be read; name a file of PEM certificates");
    let mut store = RootCertStore::empty();
    for one in CertificateDer::pem_file_iter(file).map_err(|_| UNREADABLE)? {
        store.add(one.map_err(|_| UNREADABLE)?).map_err(|_| UNREADABLE)?;
    }
    let config = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Storage(error.to_string()))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody listens on these ports.
    #[test]
    fn of_several_servers_each_is_told_why_it_is_not_reached() {
        let cases = [
            ("127.0.0.1:1", &[][..]),
            ("127.0.0.1:1,127.0.0.1:2", &["127.0.0.1:1: ", "; 127.0.0.1:2: "]),
        ];
        for (hosts, named) in cases {
            let url = format!("postgres://hub:sala-sana@{hosts}/luotsi?sslmode=disable");
            let server = Server::parse(&url).unwrap();
            let why = connect(&server).map(drop).unwrap_err().to_string();
            assert!(named.iter().all(|name| why.contains(name)), "{why}");
            assert_eq!(why.matches("error connecting").count(), named.len().max(1), "{why}");
            assert!(!why.contains("sala-sana") && !why.contains("hub"), "{why}");
        }
    }
}
