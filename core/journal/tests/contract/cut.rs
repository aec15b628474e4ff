//! A line to the server that is cut at a commit, before it arrives or before its answer does.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
};

use luotsi_journal::{Database, Journal, Phase, State, read, verify};

use crate::{
    Place,
    postgres::Own,
    world::{AINO, accept, advance, delivery, delivery_id, masters, message},
};

/// A commit, as the journal asks for it.
const COMMIT: &[u8] = b"Q\0\0\0\x0bcommit\0";

const WHOLE: u8 = 0;
const BEFORE: u8 = 1;
const AFTER: u8 = 2;

/// Passes on what is said, until it is to cut.
struct Line {
    cut: Arc<AtomicU8>,
    port: u16,
}

impl Line {
    fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicU8::new(WHOLE));
        let told = cut.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (server, cut) = (TcpStream::connect(&server).unwrap(), told.clone());
                let (from, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let back = cut.clone();
                thread::spawn(move || pass(client, &server, |said| asks(&cut, said)));
                thread::spawn(move || pass(from, &to, |_| answers(&back)));
            }
        });
        Self { cut, port }
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

fn pass(mut from: TcpStream, mut to: &TcpStream, goes_on: impl Fn(&[u8]) -> bool) {
    let mut bytes = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if !goes_on(&bytes[..count]) || to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

/// What was lost before it arrived is done again, what was done is told as done: once, either way.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_was_lost_is_made_once_and_told_as_it_is() {
    let Some(place) = Own::new() else { return };
    let line = Line::to(place.address());
    let by_line = Database::of_url(&place.url_at(&format!("127.0.0.1:{}", line.port))).unwrap();
    let journal = Journal::open(&by_line, masters(&[7])).unwrap();
    accept(&journal, message(1, AINO, &["plan"])).await;
    let there = || delivery(&journal, delivery_id(1, 0));
    let moves =
        [(BEFORE, State::Sending, Phase::Intent), (AFTER, State::Delivered, Phase::Outcome)];
    for (second, (cut, to, phase)) in (2..).zip(moves) {
        let next = advance(&there(), to, phase, second);
        line.cut.store(cut, Ordering::SeqCst);
        assert_eq!(journal.write(next).await, Ok(Ok(())), "{to:?}");
        assert_eq!(line.cut.load(Ordering::SeqCst), WHOLE, "it was cut");
        assert_eq!(there().state, to);
    }
    let phases: Vec<_> =
        journal.read_now(|c| read::trail(c, 1)).unwrap().iter().map(|entry| entry.phase).collect();
    assert_eq!(phases, [Phase::Intent, Phase::Outcome]);
    let found = verify::verify(&place.database, &verify::Against::default()).unwrap();
    assert_eq!((found.size, found.found), (2, 0));
}
