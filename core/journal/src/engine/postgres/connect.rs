//! Makes a connection, and keeps its socket on a thread of its own.
//!
//! The writer's thread and the readers' wait for their answers, on threads that may be a runtime's.
//! So the socket is driven elsewhere: waiting for it then needs no runtime and holds up none.

use std::{path::Path, sync::mpsc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::runtime::Builder;
use tokio_postgres::{Client, Connection, NoTls, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    failed,
    server::{Server, Tls},
};
use crate::Error;

/// What every connection says first. A hub that hangs within a transaction, or is cut off, must not
/// hold up the others for longer than this; and *accepted* means flushed to disk.
const FIRST: &str = "set synchronous_commit = on; set lock_timeout = '10s'; \
                     set idle_in_transaction_session_timeout = '10s'";

/// Connects; the socket's thread ends when the client is dropped or the server goes away.
pub(super) fn connect(server: &Server) -> Result<Client, Error> {
    let client = match &server.tls {
        Tls::Plain => on_a_thread(server, NoTls),
        Tls::Verified(roots) => on_a_thread(server, checking(roots.as_deref())?),
    }?;
    futures::executor::block_on(client.batch_execute(FIRST)).map_err(|e| failed(&e))?;
    Ok(client)
}

fn on_a_thread<T>(server: &Server, tls: T) -> Result<Client, Error>
where
    T: MakeTlsConnect<tokio_postgres::Socket> + Send + 'static,
    T::TlsConnect: Send,
    T::Stream: Send,
    <T::TlsConnect as tokio_postgres::tls::TlsConnect<tokio_postgres::Socket>>::Future: Send,
{
    let (config, (tell, told)) = (server.config.clone(), mpsc::channel());
    let drive = move || {
        let runtime = match Builder::new_current_thread().enable_io().enable_time().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(tell.send(Err(Error::Storage(error.to_string())))),
        };
        runtime.block_on(async {
            match config.connect(tls).await {
                Ok((client, connection)) => {
                    let _ = tell.send(Ok(client));
                    drop(tell);
                    serve(connection).await;
                }
                Err(error) => drop(tell.send(Err(failed(&error)))),
            }
        });
    };
    std::thread::Builder::new()
        .name("journal-socket".into())
        .spawn(drive)
        .map_err(|e| Error::Storage(e.to_string()))?;
    told.recv().map_err(|_| Error::Stopped)?
}

async fn serve<S, T>(connection: Connection<S, T>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    // Whoever asks next is told; here it is only noted.
    if let Err(error) = connection.await {
        tracing::warn!(why = %failed(&error), "a connection to the database is lost");
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
