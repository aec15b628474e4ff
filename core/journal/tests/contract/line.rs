//! A line to a server that is cut at a commit.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    thread,
};

use luotsi_journal::Database;

use crate::postgres::Own;

/// A commit, as the journal asks for it.
const COMMIT: &[u8] = b"Q\0\0\0\x0bcommit\0";

pub(crate) const WHOLE: u8 = 0;
pub(crate) const BEFORE: u8 = 1;
pub(crate) const AFTER: u8 = 2;

/// What becomes of a line at its cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cut {
    Closed,
    /// Both sockets stay, and what is said is swallowed.
    HalfOpen,
    /// The server has yet to notice that it is closed.
    Unnoticed,
}

/// Passes on what is said, until it is to cut.
pub(crate) struct Line {
    pub(crate) cut: Arc<AtomicU8>,
    /// Whether it is closed to whoever comes anew.
    pub(crate) shut: Arc<AtomicBool>,
    port: u16,
}

impl Line {
    pub(crate) fn to(server: String, as_it: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicU8::new(WHOLE));
        let shut = Arc::new(AtomicBool::new(false));
        let (told, closed) = (cut.clone(), shut.clone());
        thread::spawn(move || {
            let comes = listener.incoming().flatten();
            for client in comes.filter(|_| !closed.load(Ordering::SeqCst)) {
                let (server, cut) = (TcpStream::connect(&server).unwrap(), told.clone());
                let (from, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let (back, dead) = (cut.clone(), Arc::new(AtomicBool::new(false)));
                let dead_too = dead.clone();
                thread::spawn(move || pass(client, &server, as_it, &dead, |said| asks(&cut, said)));
                thread::spawn(move || pass(from, &to, as_it, &dead_too, |_| answers(&back)));
            }
        });
        Self { cut, shut, port }
    }

    /// A database by way of it.
    pub(crate) fn way_to(&self, place: &Own) -> Database {
        let url = place.url_at(&format!("127.0.0.1:{}", self.port));
        Database::of_url(&url).expect("a database")
    }
}

/// Whether to go on, before what was said is passed on.
fn asks(cut: &AtomicU8, said: &[u8]) -> bool {
    let is_commit = said.windows(COMMIT.len()).any(|part| part == COMMIT);
    if is_commit && cut.load(Ordering::SeqCst) == AFTER {
        // The next answer is this one's.
        cut.store(AFTER + 1, Ordering::SeqCst);
    }
    !(is_commit && cut.compare_exchange(BEFORE, WHOLE, Ordering::SeqCst, Ordering::SeqCst).is_ok())
}

fn answers(cut: &AtomicU8) -> bool {
    cut.compare_exchange(AFTER + 1, WHOLE, Ordering::SeqCst, Ordering::SeqCst).is_err()
}

fn pass(
    mut from: TcpStream,
    mut to: &TcpStream,
    as_it: Cut,
    dead: &AtomicBool,
    goes_on: impl Fn(&[u8]) -> bool,
) {
    let mut bytes = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if dead.load(Ordering::SeqCst) {
            continue;
        }
        if !goes_on(&bytes[..count]) {
            match as_it {
                Cut::Closed => break,
                Cut::Unnoticed => {
                    dead.store(true, Ordering::SeqCst);
                    let _ = from.shutdown(Shutdown::Both);
                }
                Cut::HalfOpen => dead.store(true, Ordering::SeqCst),
            }
        } else if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    if !dead.load(Ordering::SeqCst) {
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
}
