//! RabbitMQ behind a line that goes dead without a word.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use luotsi_bus::broker::{Condition, Heard};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    rabbitmq::{At, hear, hints, next_hints},
    soon,
};

/// Passes bytes on, until it is told to pass none on over the lines that there are.
#[derive(Clone, Default)]
struct Line {
    is_dead: Arc<Mutex<Arc<AtomicBool>>>,
}

impl Line {
    async fn start(to: String) -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (line, address) = (Self::default(), listener.local_addr().expect("an address"));
        let taking = line.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&to).await.expect("a broker");
                let is_dead = taking.is_dead.lock().expect("no panic").clone();
                let ((near_in, near_out), (far_in, far_out)) =
                    (near.into_split(), far.into_split());
                tokio::spawn(pass(near_in, far_out, is_dead.clone()));
                tokio::spawn(pass(far_in, near_out, is_dead));
            }
        });
        (line, address)
    }

    /// The lines that there are go dead, and stay open; new ones are well.
    fn die(&self) {
        let is_dead = std::mem::take(&mut *self.is_dead.lock().expect("no panic"));
        is_dead.store(true, Ordering::Release);
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    is_dead: Arc<AtomicBool>,
) -> io::Result<()> {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let n = from.read(&mut bytes).await?;
        if n == 0 {
            return to.shutdown().await;
        }
        if is_dead.load(Ordering::Acquire) {
            // Takes what comes, so that nobody notices.
            while from.read(&mut bytes).await? > 0 {}
            return Ok(());
        }
        to.write_all(&bytes[..n]).await?;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_goes_dead_without_a_word_holds_nobody_up() {
    let Some(at) = At::new() else { return };
    let (login, place) = at.url.split_once('@').expect("a login");
    let (address, vhost) = place.split_once('/').expect("a virtual host");
    let (line, near) = Line::start(address.to_owned()).await;
    let by_line = At { url: format!("{login}@{near}/{vhost}"), ..at.clone() };
    let bus = by_line.start(&["malli-a", "malli-b"]);
    let mut hearing = hear(&bus, "malli-a").await;

    // Whoever announces finds out.
    line.die();
    let announced = soon("an end", bus.broker.announce(hints("malli-a", &[1]))).await;
    assert!(announced.is_empty());
    bus.insist("malli-a", &[2]).await;
    assert!(matches!(soon("a new link", hearing.next()).await, Heard::Missed));
    next_hints(&mut hearing).await.1.taken().await;

    // Where nobody announces, the heartbeats do.
    line.die();
    bus.is("it is away", |condition| matches!(condition, Condition::Away { .. })).await;
    assert!(matches!(soon("a new link", hearing.next()).await, Heard::Missed));
    bus.insist("malli-a", &[3]).await;
    // What says that 2 is taken may have died with the line.
    while next_hints(&mut hearing).await.0.last() != Some(&3) {}
    drop(hearing);
    bus.stop().await;
    at.clear(&["malli-a", "malli-b"]).await;
}
