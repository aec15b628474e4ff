//! Makes a connection, and keeps its socket on a thread of its own.
//!
//! The writer's thread and the readers' wait for their answers, on threads that may be a runtime's.
//! So the socket is driven elsewhere: waiting for it then needs no runtime and holds up none.

use std::{future::pending, path::Path, sync::mpsc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::{runtime::Builder, sync::oneshot, time::timeout};
use tokio_postgres::{Client, Connection, NoTls, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    answer::{silent, wait},
    failed,
    server::{Server, Tls},
};
use crate::Error;

/// What every connection says first. A hub that hangs within a transaction, or is cut off, must not
/// hold up the others for longer than this, which is less than a lease; and *accepted* means flushed to
/// disk. Each question of a hub has an index. A server that looked at the size of a table just when little
/// was in it would not use it, and go on so until it looks again.
const FIRST: &str = "set synchronous_commit = on; set lock_timeout = '10s'; \
                     set idle_in_transaction_session_timeout = '3s'; set jit = off; \
                     set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off";

/// A connection: who asks, and the end of its socket's thread.
pub(super) struct Line {
    pub(super) client: Client,
    end: oneshot::Sender<()>,
}

impl Line {
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Closes the socket at once: dropped only, it would wait for the answers that do not come.
    pub(super) fn give_up(self) {
        let _ = self.end.send(());
    }
}

/// Connects; the socket's thread ends when the line is dropped or the server goes away.
pub(super) fn connect(server: &Server) -> Result<Line, Error> {
    let line = match &server.tls {
        Tls::Plain => on_a_thread(server, NoTls),
        Tls::Verified(roots) => on_a_thread(server, checking(roots.as_deref())?),
    }?;
    wait(Some(server.greeting_max()), line.client.batch_execute(FIRST))?;
    Ok(line)
}

fn on_a_thread<T>(server: &Server, tls: T) -> Result<Line, Error>
where
    T: MakeTlsConnect<tokio_postgres::Socket> + Send + 'static,
    T::TlsConnect: Send,
    T::Stream: Send,
    <T::TlsConnect as tokio_postgres::tls::TlsConnect<tokio_postgres::Socket>>::Future: Send,
{
    let (config, long) = (server.config.clone(), server.greeting_max());
    let (tell, told) = mpsc::channel();
    let drive = move || {
        let runtime = match Builder::new_current_thread().enable_io().enable_time().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(tell.send(Err(Error::Storage(error.to_string())))),
        };
        runtime.block_on(async {
            match timeout(long, config.connect(tls)).await {
                Ok(Ok((client, connection))) => {
                    let (end, ended) = oneshot::channel();
                    let _ = tell.send(Ok(Line { client, end }));
                    drop(tell);
                    serve(connection, ended).await;
                }
                Ok(Err(error)) => drop(tell.send(Err(failed(&error)))),
                Err(_) => drop(tell.send(Err(silent(long)))),
            }
        });
    };
    std::thread::Builder::new()
        .name("journal-socket".into())
        .spawn(drive)
        .map_err(|e| Error::Storage(e.to_string()))?;
    told.recv().map_err(|_| Error::Stopped)?
}

async fn serve<S, T>(connection: Connection<S, T>, ended: oneshot::Receiver<()>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let given_up = async {
        // Dropped in order, it first says goodbye.
        if ended.await.is_err() {
            pending::<()>().await;
        }
    };
    // Whoever asks next is told; here it is only noted.
    tokio::select! {
        ended = connection => if let Err(error) = ended {
            tracing::warn!(why = %failed(&error), "a connection to the database is lost");
        },
        () = given_up => tracing::warn!("a connection to the database is given up: no answer comes"),
    }
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
