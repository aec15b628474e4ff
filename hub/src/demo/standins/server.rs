//! An HTTP server of a stand-in.

use std::{io, net::SocketAddr};

use axum::Router;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::demo::ports;

/// Serves until it is stopped or dropped.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// On a free port.
    pub(super) async fn start(router: Router) -> io::Result<Self> {
        Self::start_at(ports::free()?, router).await
    }

    /// On that address.
    pub(super) async fn start_at(address: SocketAddr, router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = axum::serve(listener, router).with_graceful_shutdown(async {
            // Told to stop, or dropped: both end it.
            drop(stopped.await);
        });
        let task = tokio::spawn(async {
            if let Err(error) = serve.await {
                eprintln!("a stand-in has failed: {error}");
            }
        });
        Ok(Self { address, stop, task })
    }

    /// Closes the port and every connection; returns when they are closed.
    pub(super) async fn stop(self) {
        drop(self.stop);
        drop(self.task.await);
    }
}
