//! Ports that stay the demo's while nobody listens there for a moment.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::atomic::{AtomicU16, Ordering},
};

/// Below those that the kernel hands out for outgoing connections (from 32768 on): a port of that
/// range may be taken by anybody's connection while the hub is dead or a stand-in is down.
const FIRST: u16 = 12_000;
const COUNT: u16 = 20_000;

/// A port that nobody has, and that this process has not given out before. Each process starts at
/// another place.
pub(super) fn free() -> io::Result<SocketAddr> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % u32::from(COUNT)) as u16;
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = FIRST + (start.wrapping_mul(37) % COUNT + step) % COUNT;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "no loopback port is free"))
}
