//! A line to the server that is cut at a commit, before it arrives or before its answer does; or on
//! which nothing is heard any more from there on, though it stands.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    thread,
};

use luotsi_journal::{Database, Error, Journal, Phase, State, read, verify};

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

/// What becomes of a line at its cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cut {
    Closed,
    /// Both sockets stay, and what is said is swallowed.
    HalfOpen,
}

/// Passes on what is said, until it is to cut.
struct Line {
    cut: Arc<AtomicU8>,
    port: u16,
}

impl Line {
    fn to(server: String, as_it: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicU8::new(WHOLE));
        let told = cut.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (server, cut) = (TcpStream::connect(&server).unwrap(), told.clone());
                let (from, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let (back, dead) = (cut.clone(), Arc::new(AtomicBool::new(false)));
                let dead_too = dead.clone();
                thread::spawn(move || pass(client, &server, as_it, &dead, |said| asks(&cut, said)));
                thread::spawn(move || pass(from, &to, as_it, &dead_too, |_| answers(&back)));
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

/// What was lost before it arrived is done again, what was done is told as done: once, either way.
async fn is_made_once_and_told_as_it_is(as_it: Cut, when: u8) {
    let Some(place) = Own::new() else { return };
    let line = Line::to(place.address(), as_it);
    let by_line = Database::of_url(&place.url_at(&format!("127.0.0.1:{}", line.port))).unwrap();
    let journal = Journal::open(&by_line, masters(&[7])).unwrap();
    accept(&journal, message(1, AINO, &["plan"])).await;
    let there = || delivery(&journal, delivery_id(1, 0));
    let next = advance(&there(), State::Sending, Phase::Intent, 2);
    line.cut.store(when, Ordering::SeqCst);
    assert_eq!(journal.write(next).await, Ok(Ok(())), "{as_it:?} {when}");
    assert_eq!(line.cut.load(Ordering::SeqCst), WHOLE, "it was cut");
    assert_eq!(there().state, State::Sending);
    let next = advance(&there(), State::Delivered, Phase::Outcome, 3);
    assert_eq!(journal.write(next).await, Ok(Ok(())));
    let phases: Vec<_> =
        journal.read_now(|c| read::trail(c, 1)).unwrap().iter().map(|entry| entry.phase).collect();
    assert_eq!(phases, [Phase::Intent, Phase::Outcome]);
    let found = verify::verify(&place.database, &verify::Against::default()).unwrap();
    assert_eq!((found.size, found.found), (2, 0));
}

async fn before_and_after(as_it: Cut) {
    let cases =
        [BEFORE, AFTER].map(|when| tokio::spawn(is_made_once_and_told_as_it_is(as_it, when)));
    for case in cases {
        case.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_was_lost_is_made_once_and_told_as_it_is() {
    before_and_after(Cut::Closed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_never_answered_is_given_up_and_told_as_it_is() {
    before_and_after(Cut::HalfOpen).await;
}

#[test]
fn a_server_that_never_greets_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = Database::of_url(&format!("postgres://hub@{address}/luotsi")).unwrap();
    let refused = Journal::open(&server, masters(&[7])).err();
    let is_told = |error: &Error| matches!(error, Error::Storage(why) if why.contains("answered"));
    assert!(refused.as_ref().is_some_and(is_told), "{refused:?}");
    // Its queue took the connection all the while.
    drop(listener);
}
