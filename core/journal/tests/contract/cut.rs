//! A commit whose answer is lost: it did not arrive, or its answer did not; or nothing is heard any more
//! on a line that stands; or its server was killed, and gives the transaction's number to another.

use std::{net::TcpListener, sync::atomic::Ordering};

use luotsi_journal::{Connection, Database, Error, Journal, Phase, State, read, verify};

use crate::{
    Place,
    line::{AFTER, BEFORE, Cut, Line, WHOLE},
    postgres::{Own, Server},
    world::{AINO, accept, advance, delivery, delivery_id, masters, message},
};

/// What was lost before it arrived is done again, what was done is told as done: once, either way.
async fn is_made_once_and_told_as_it_is(as_it: Cut, when: u8) {
    let Some(place) = Own::new() else { return };
    let line = Line::to(place.address(), as_it);
    let journal = Journal::open(line.way_to(&place), masters(&[7])).unwrap();
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

/// A number that the server says.
fn number(server: &Connection, which: &str) -> u64 {
    let said = server.one(&format!("select {which}::text"), &[], |row| row.get::<String>(0));
    said.unwrap().parse().unwrap()
}

/// A server forgets the numbers that it gave to what it had not written yet, and gives them again.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_lost_with_its_server_is_not_taken_for_one_of_the_same_number() {
    let Some(server) = Server::start() else { return };
    let place = Own::at(server.url());
    let line = Line::to(place.address(), Cut::Unnoticed);
    let journal = Journal::open(line.way_to(&place), masters(&[7])).unwrap();
    accept(&journal, message(1, AINO, &["plan"])).await;
    let there = || delivery(&journal, delivery_id(1, 0));
    let next = advance(&there(), State::Sending, Phase::Intent, 2);
    let direct = Connection::open(&place.database).unwrap();
    // What is not committed stays unwritten for so long.
    direct.batch("alter system set wal_writer_delay = '10s'").unwrap();
    direct.one("select pg_reload_conf()", &[], |_| Ok(())).unwrap();
    line.shut.store(true, Ordering::SeqCst);
    line.cut.store(BEFORE, Ordering::SeqCst);
    let asker = journal.clone();
    let asked = tokio::spawn(async move { asker.write(next).await });
    while line.cut.load(Ordering::SeqCst) != WHOLE {
        tokio::task::yield_now().await;
    }
    let lost = number(&direct, "pg_snapshot_xmin(pg_current_snapshot())");
    server.kill();
    server.again();
    let others = Connection::open(&place.database).unwrap();
    let mut given = (0..).map(|_| number(&others, "pg_current_xact_id()"));
    assert!(given.next() <= Some(lost), "it was written, so nobody else gets its number");
    given.find(|given| *given >= lost);
    line.shut.store(false, Ordering::SeqCst);
    assert_eq!(asked.await.unwrap(), Ok(Ok(())));
    assert_eq!(there().state, State::Sending, "what was told as done is done");
}
