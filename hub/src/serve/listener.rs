//! A bound port, with or without TLS.

use std::{fs, io, net::SocketAddr, os::unix::fs::PermissionsExt, path::Path};

use axum::Router;
use axum_server::{
    Handle,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};

use crate::settings::Listener;

/// A port that is bound, and not yet served.
pub(super) struct Bound {
    /// Where it is: the port that was free, where the settings ask for any.
    pub(super) address: SocketAddr,
    socket: std::net::TcpListener,
    tls: Option<RustlsConfig>,
    handle: Handle<SocketAddr>,
}

/// Why a port cannot be served.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the {name} listener cannot have {listen}: {source}; name a free one with --{name}")]
    Bind { name: &'static str, listen: SocketAddr, source: io::Error },
    #[error("the {name} listener's certificate or key cannot be used: {source}")]
    Tls { name: &'static str, source: io::Error },
    #[error("the {name} listener's key can be read by others; mend it with: chmod 600 {file}")]
    Readable { name: &'static str, file: String },
}

/// Binds a listener.
pub(super) async fn bind(name: &'static str, settings: &Listener) -> Result<Bound, Error> {
    let listen = settings.listen;
    let socket = std::net::TcpListener::bind(listen)
        .and_then(|socket| socket.set_nonblocking(true).map(|()| socket));
    let bound = socket.and_then(|socket| Ok((socket.local_addr()?, socket)));
    let (address, socket) = bound.map_err(|source| Error::Bind { name, listen, source })?;
    let tls = match &settings.tls {
        Some(tls) if is_readable_by_others(&tls.key_file) => {
            return Err(Error::Readable { name, file: tls.key_file.display().to_string() });
        }
        Some(tls) => Some(
            RustlsConfig::from_pem_file(&tls.cert_file, &tls.key_file)
                .await
                .map_err(|source| Error::Tls { name, source })?,
        ),
        None => None,
    };
    Ok(Bound { address, socket, tls, handle: Handle::new() })
}

/// A key that is not there is for the one who reads it to tell.
fn is_readable_by_others(key: &Path) -> bool {
    fs::metadata(key).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

impl Bound {
    /// By which it is told to stop.
    pub(super) fn handle(&self) -> Handle<SocketAddr> {
        self.handle.clone()
    }

    /// Serves until told to stop.
    pub(super) async fn serve(self, router: Router) {
        let service = router.into_make_service();
        // Bodies are small and answers awaited: nothing is gained by waiting for more to send.
        let served = match axum_server::from_tcp(self.socket) {
            Err(error) => Err(error),
            Ok(server) => match self.tls {
                Some(tls) => {
                    let acceptor = RustlsAcceptor::new(tls).acceptor(NoDelayAcceptor::new());
                    server.acceptor(acceptor).handle(self.handle).serve(service).await
                }
                None => {
                    server.acceptor(NoDelayAcceptor::new()).handle(self.handle).serve(service).await
                }
            },
        };
        if let Err(error) = served {
            tracing::error!(%error, "a listener ended");
        }
    }
}
