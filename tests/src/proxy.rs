//! A line between two programs that does as it is told: it passes on, is late, breaks, or stands and
//! says nothing. It does nothing by chance.

use std::{
    future::pending,
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::watch,
    time::timeout,
};

/// How connections are met that are made from now on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Manner {
    Pass,
    Refuse,
    Swallow,
}

/// What is to be done. Connections are numbered as they come.
#[derive(Clone, Debug)]
struct Orders {
    to: SocketAddr,
    manner: Manner,
    delay: Duration,
    next: u64,
    /// Below it connections are broken.
    broken_below: u64,
    /// Below it connections stand and carry nothing.
    dead_below: u64,
}

/// A listener on loopback that leads to another address. It ends with the value.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    orders: watch::Sender<Orders>,
    _runtime: Runtime,
}

impl Proxy {
    /// One that passes everything on.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn to(to: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("a bound port has an address");
        let (manner, delay) = (Manner::Pass, Duration::ZERO);
        let orders = Orders { to, manner, delay, next: 0, broken_below: 0, dead_below: 0 };
        let (orders, _) = watch::channel(orders);
        runtime.spawn(accept(listener, orders.clone()));
        Self { address, orders, _runtime: runtime }
    }

    /// Breaks every connection (RST to both sides). New ones pass.
    pub fn cut(&self) {
        self.orders.send_modify(|orders| {
            orders.manner = Manner::Pass;
            orders.broken_below = orders.next;
        });
    }

    /// Breaks every connection, and each new one at once.
    pub fn refuse(&self) {
        self.orders.send_modify(|orders| {
            orders.manner = Manner::Refuse;
            orders.broken_below = orders.next;
        });
    }

    /// Carries nothing more on any connection, and keeps their sockets; new ones are taken, and
    /// carry nothing either.
    pub fn half_open(&self) {
        self.orders.send_modify(|orders| {
            orders.manner = Manner::Swallow;
            orders.dead_below = orders.next;
        });
    }

    /// Is late with everything by so much.
    pub fn delay(&self, by: Duration) {
        self.orders.send_modify(|orders| orders.delay = by);
    }

    /// Lets new connections pass, without delay. What stands half open goes on standing so: what was
    /// swallowed is gone, and its two ends have to find out.
    pub fn heal(&self) {
        self.orders.send_modify(|orders| {
            orders.manner = Manner::Pass;
            orders.delay = Duration::ZERO;
        });
    }

    /// Leads new connections elsewhere.
    pub fn lead_to(&self, to: SocketAddr) {
        self.orders.send_modify(|orders| orders.to = to);
    }
}

async fn accept(listener: TcpListener, orders: watch::Sender<Orders>) {
    while let Ok((client, _)) = listener.accept().await {
        let mut id = 0;
        orders.send_modify(|orders| {
            id = orders.next;
            orders.next += 1;
            if orders.manner == Manner::Swallow {
                orders.dead_below = orders.next;
            }
        });
        let orders = orders.subscribe();
        let (manner, to) = (orders.borrow().manner, orders.borrow().to);
        match manner {
            Manner::Refuse => drop(client.set_zero_linger()),
            Manner::Swallow => drop(tokio::spawn(swallow(client, id, orders))),
            Manner::Pass => drop(tokio::spawn(carry(client, to, id, orders))),
        }
    }
}

/// Reads what comes, until the connection is to break.
async fn swallow(mut client: TcpStream, id: u64, mut orders: watch::Receiver<Orders>) {
    let (mut from, _) = client.split();
    let mut bytes = vec![0; 64 * 1024];
    let swallowing = async {
        while let Ok(1..) = from.read(&mut bytes).await {}
        pending::<()>().await;
    };
    tokio::select! {
        () = swallowing => {}
        _ = orders.wait_for(|orders| id < orders.broken_below) => {}
    }
    let _ = client.set_zero_linger();
}

async fn carry(mut client: TcpStream, to: SocketAddr, id: u64, orders: watch::Receiver<Orders>) {
    let Ok(mut server) = TcpStream::connect(to).await else {
        return drop(client.set_zero_linger());
    };
    let mut broken = orders.clone();
    let is_broken = {
        let ((asked, mut answer), (answers, mut ask)) = (client.split(), server.split());
        tokio::select! {
            _ = pass(asked, &mut ask, id, &orders) => false,
            _ = pass(answers, &mut answer, id, &orders) => false,
            _ = broken.wait_for(|orders| id < orders.broken_below) => true,
        }
    };
    if is_broken {
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
}

/// Passes on what one side says until it has said all; of a dead connection nobody hears the end.
async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    to: &mut (impl AsyncWriteExt + Unpin),
    id: u64,
    orders: &watch::Receiver<Orders>,
) -> io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    let is_dead = || id < orders.borrow().dead_below;
    loop {
        let read = from.read(&mut bytes).await;
        let delay = orders.borrow().delay;
        if !delay.is_zero() {
            let _ = timeout(delay, pending::<()>()).await;
        }
        match read {
            Ok(1..) if is_dead() => {}
            Ok(count @ 1..) => to.write_all(&bytes[..count]).await?,
            _ if is_dead() => pending().await,
            ended => return ended.map(|_| ()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{ErrorKind, Read, Write},
        net,
    };

    use super::*;

    /// Says back what it hears.
    fn echo() -> SocketAddr {
        let listener = net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut again = stream.try_clone().expect("a handle");
                    io::copy(&mut stream, &mut again)
                });
            }
        });
        address
    }

    fn line(proxy: &Proxy) -> net::TcpStream {
        let line = net::TcpStream::connect(proxy.address).expect("a connection");
        line.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
        line
    }

    fn heard(mut line: &net::TcpStream) -> Result<u8, ErrorKind> {
        let mut byte = [0];
        line.write_all(b"x").map_err(|e| e.kind())?;
        match line.read(&mut byte) {
            Ok(1..) => Ok(byte[0]),
            Ok(0) => Err(ErrorKind::UnexpectedEof),
            Err(error) => Err(error.kind()),
        }
    }

    #[test]
    fn it_does_as_it_is_told() {
        let proxy = Proxy::to(echo());
        let first = line(&proxy);
        assert_eq!(heard(&first), Ok(b'x'));
        proxy.half_open();
        assert_eq!(heard(&first), Err(ErrorKind::WouldBlock), "it stands, and says nothing");
        let second = line(&proxy);
        assert_eq!(heard(&second), Err(ErrorKind::WouldBlock));
        proxy.heal();
        assert_eq!(heard(&line(&proxy)), Ok(b'x'), "a new one passes");
        assert_eq!(heard(&first), Err(ErrorKind::WouldBlock), "an old one stays dead");
        assert_eq!(heard(&second), Err(ErrorKind::WouldBlock));
        proxy.cut();
        let mut byte = [0];
        for mut line in [&first, &second] {
            assert_eq!(line.read(&mut byte).map_err(|e| e.kind()), Err(ErrorKind::ConnectionReset));
        }
        assert_eq!(heard(&line(&proxy)), Ok(b'x'));
        proxy.refuse();
        assert!(heard(&line(&proxy)).is_err());
    }
}
