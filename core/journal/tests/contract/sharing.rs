//! What holds on a server beside: several hubs on one journal, a server that dies, roles that may do
//! no more than they must.

use std::{collections::BTreeSet, path::PathBuf, process::Command};

use futures::future::join_all;
use luotsi_journal::{
    Connection, Database, Error, Journal, Phase, State,
    command::{Checkpoint, Lost},
    migrate, read,
    verify::{Against, Wrong, verify},
};
use luotsi_model::ClientRef;

use crate::{
    Place,
    postgres::Own,
    world::{
        AINO, EINO, accept, advance, at, consent, delivery, delivery_id, directing, everything,
        guard, masters, message, message_id,
    },
};

const ROLES: &str = include_str!("../../../../config/postgres/roles.sql");

#[tokio::test]
async fn two_hubs_write_one_log_and_one_of_them_moves_a_delivery() {
    let Some(place) = Own::new() else { return };
    let (one, other) = (place.open(), place.open());
    let hubs = [&one, &other];
    join_all((1..=60).map(|n| accept(hubs[usize::from(n % 2)], message(n, AINO, &["plan"])))).await;
    let moves = (1..=60).flat_map(|n| {
        let ready = delivery(&one, delivery_id(n, 0));
        hubs.map(|hub| hub.write(advance(&ready, State::Sending, Phase::Intent, 100)))
    });
    let moved = join_all(moves).await;
    for (n, pair) in moved.chunks(2).enumerate() {
        let won = pair.iter().filter(|answer| **answer == Ok(Ok(()))).count();
        let lost = pair.iter().filter(|answer| **answer == Ok(Err(Lost::Elsewhere))).count();
        assert_eq!((won, lost), (1, 1), "delivery {n}: {pair:?}");
    }
    let found = verify(&place.database, &Against::default()).unwrap();
    assert_eq!((found.size, found.findings), (60, Vec::new()));
    assert_eq!(everything(&one), everything(&other));
}

#[tokio::test]
async fn a_decision_of_one_hub_is_stale_after_a_change_at_another() {
    let Some(place) = Own::new() else { return };
    let (one, other) = (place.open(), place.open());
    accept(&one, message(1, AINO, &["malli-ry"])).await;
    let client = ClientRef::new(AINO);
    let epoch = one.read_now(|c| read::directives(c, &client)).unwrap().epoch;
    accept(&other, directing(2, AINO, consent("S-1", AINO))).await;
    let mut intent = advance(&delivery(&one, delivery_id(1, 0)), State::Sending, Phase::Intent, 3);
    intent.guard = guard(AINO, epoch);
    assert_eq!(one.write(intent).await.unwrap(), Err(Lost::Stale));
}

#[tokio::test]
async fn what_is_changed_on_the_server_is_found() {
    let Some(place) = Own::new() else { return };
    let journal = place.open();
    for n in 1..=3 {
        accept(&journal, message(n, EINO, &["plan"])).await;
        crate::world::send(&journal, delivery_id(n, 0), 10).await;
    }
    let beside = Connection::open(&place.database).unwrap();
    beside
        .batch("update disclosure set entry = replace(entry, 'care', 'cure') where seq = 2")
        .unwrap();
    let found = verify(&place.database, &Against::default()).unwrap();
    let told: Vec<_> = found.findings.iter().map(|f| (f.seq, f.what.clone())).collect();
    assert_eq!(told, [(2, Wrong::Changed)]);
    // The tree made anew over it is not the one that a hub at work knows.
    beside.batch("update tree set edge = sha256(edge)").unwrap();
    accept(&journal, message(4, EINO, &["plan"])).await;
    let ready = delivery(&journal, delivery_id(4, 0));
    let intent = journal.write(advance(&ready, State::Sending, Phase::Intent, 20)).await;
    assert!(matches!(intent, Err(Error::Log { .. } | Error::Row { .. })), "{intent:?}");
}

#[tokio::test]
async fn a_schema_of_another_version_is_not_served() {
    let Some(place) = Own::new() else { return };
    let beside = Connection::open(&place.database).unwrap();
    let refused = || Journal::open(&place.database, masters(&[7])).err();
    beside.batch("insert into schema_version values (99)").unwrap();
    assert!(matches!(refused(), Some(Error::Unmigrated { found: 99, .. })));
    assert!(matches!(migrate(&place.database), Err(Error::Schema { found: 99, .. })));
    beside.batch("delete from schema_version where version > 3").unwrap();
    let told = refused().unwrap().to_string();
    assert!(told.contains("luotsi migrate"), "{told}");
}

#[tokio::test]
async fn the_hubs_role_appends_to_the_log_and_changes_nothing_of_it() {
    let Some(place) = Own::new() else { return };
    let owner = Connection::open(&place.database).unwrap();
    owner.batch(ROLES).unwrap();
    owner.batch("alter role luotsi_hub password 'malli-hub'").unwrap();
    let as_hub = Database::of_url(&place.url_as("luotsi_hub", "malli-hub")).unwrap();
    let journal = Journal::open(&as_hub, masters(&[7])).unwrap();
    accept(&journal, directing(1, AINO, consent("S-1", AINO))).await;
    accept(&journal, message(2, AINO, &["malli-ry", "plan"])).await;
    crate::world::send(&journal, delivery_id(2, 0), 3).await;
    crate::world::conclude(&journal, delivery_id(2, 0), State::Delivered, 4).await;
    accept(&journal, directing(5, AINO, crate::world::withdrawal("S-1"))).await;
    let key = luotsi_audit::SigningKey::generate("luotsi/").unwrap();
    assert!(journal.write(Checkpoint { key: key.into() }).await.unwrap().is_some());
    assert_eq!(verify(&as_hub, &Against::default()).unwrap().found, 0);
    let hub = Connection::open(&as_hub).unwrap();
    for forbidden in [
        "update disclosure set entry = '{}'",
        "update leaf set hash = ''",
        "delete from leaf",
        "delete from message",
        "update message set record = ''",
        "drop table disclosure",
        "create table mine (seq bigint)",
    ] {
        let refused = hub.batch(forbidden).unwrap_err().to_string();
        assert!(refused.contains("42501"), "{forbidden}: {refused}");
    }
}

/// The server's certificate is for `localhost`, of a root of its own.
#[tokio::test]
async fn a_server_that_cannot_show_who_it_is_is_told_nothing() {
    let Some(place) = Own::new() else { return };
    let Ok(roots) = std::env::var("LUOTSI_TEST_POSTGRES_ROOTS") else {
        return eprintln!("skipped: no LUOTSI_TEST_POSTGRES_ROOTS");
    };
    let address = place.address();
    let (_, port) = address.split_once(':').unwrap();
    let named = place.url_at(&format!("localhost:{port}"));
    let reached = |url: &str, roots: &str| {
        let url = format!("{url}?sslmode=verify-full{roots}");
        Connection::open(&Database::of_url(&url).unwrap())
    };
    let own = format!("&sslrootcert={roots}");
    let by_tls = reached(&named, &own).unwrap();
    let ssl = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    assert_eq!(by_tls.one(ssl, &[], |row| row.get(0)), Ok(true));
    for (url, roots, why) in [
        (place.url_at(&address), own.as_str(), "another name"),
        (named, "", "a root that the system does not have"),
    ] {
        let refused = reached(&url, roots).err().map(|error| error.to_string());
        assert!(refused.is_some_and(|e| e.contains("certificate") || e.contains("TLS")), "{why}");
    }
}

/// A server of its own, to be killed.
struct Doomed(PathBuf);

impl Doomed {
    fn start(name: &str) -> (Self, String) {
        let server = Self(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name));
        let url = server.act("start");
        (server, url.trim().to_owned())
    }

    fn act(&self, act: &str) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/postgres");
        let done = Command::new(script).arg(act).arg(&self.0).output().expect("the script");
        assert!(done.status.success(), "{act}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }
}

impl Drop for Doomed {
    fn drop(&mut self) {
        let stop = || self.act("stop");
        drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(stop)));
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How often the server is killed.
const KILLS: u8 = 3;
/// Messages about each of two clients between two kills.
const BETWEEN: u8 = 20;

/// What was said to be durable is there, what was said to have failed is not, and nothing by halves,
/// whenever the server is killed.
#[test]
fn a_killed_server_loses_nothing_and_what_failed_was_not_done() {
    if std::env::var(crate::postgres::URL).is_err() {
        return;
    }
    let (server, url) = Doomed::start("doomed");
    let database = Database::of_url(&url).unwrap();
    migrate(&database).unwrap();
    let journal = Journal::open(&database, masters(&[7])).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (mut durable, mut failed) = (BTreeSet::new(), 0);
    for round in 0..KILLS {
        let numbers: Vec<u8> = (1..=2 * BETWEEN).map(|n| round * 2 * BETWEEN + n).collect();
        // About each client one after the other, as the hub does.
        let load = [0, 1].map(|client| {
            let of_client: Vec<_> = numbers.iter().copied().filter(|n| n % 2 == client).collect();
            let journal = journal.clone();
            runtime.spawn(async move {
                let mut done = Vec::new();
                for n in of_client {
                    done.push((n, travel(&journal, n).await));
                }
                done
            })
        });
        // Amid the load: once the first of it is durable.
        let first = numbers[0];
        wait(|| {
            journal.read_now(|c| read::message(c, message_id(first))).is_ok_and(|m| m.is_some())
        });
        server.act("kill");
        server.act("start");
        let done: Vec<_> =
            runtime.block_on(join_all(load)).into_iter().flat_map(Result::unwrap).collect();
        failed += done.iter().filter(|(_, said)| !said.accepted).count();
        wait(|| journal.read_now(read::pending_count).is_ok());
        for (n, said) in done {
            let kept = journal.read_now(|c| read::message(c, message_id(n))).unwrap();
            assert_eq!(kept.is_some(), said.accepted, "message {n}: {said:?}");
            if said.accepted {
                let stands = delivery(&journal, delivery_id(n, 0)).state;
                let wanted = if said.sending { State::Sending } else { State::Ready };
                assert_eq!(stands, wanted, "message {n}: {said:?}");
                durable.insert(n);
            }
        }
        let found = verify(&database, &Against::default()).unwrap();
        assert_eq!(found.findings, Vec::new());
    }
    let kept = journal.read_now(|c| read::messages_after(c, 0, 10_000)).unwrap();
    assert!(failed > 0, "the server was away amid the load");
    let numbers: Vec<_> = kept.iter().map(|m| (m.envelope.id.0.as_u128() >> 64) as u8).collect();
    for client in [0, 1] {
        assert!(numbers.iter().filter(|n| *n % 2 == client).is_sorted(), "{numbers:?}");
    }
    let numbers: BTreeSet<_> = numbers.into_iter().collect();
    assert_eq!((kept.len(), numbers), (durable.len(), durable), "each once");
    let again = runtime.block_on(accept(&journal, message(250, EINO, &["plan"])));
    assert!(again.seq.is_some(), "and it goes on");
}

/// What was said of one message's way.
#[derive(Debug)]
struct Said {
    accepted: bool,
    sending: bool,
}

async fn travel(journal: &Journal, n: u8) -> Said {
    let client = if n.is_multiple_of(2) { AINO } else { EINO };
    let accepted = journal.write(message(n, client, &["plan"])).await.is_ok_and(|a| a.is_ok());
    let id = delivery_id(n, 0);
    let found = journal.read(move |c| read::delivery(c, id)).await;
    let Ok(Some(ready)) = found else { return Said { accepted, sending: false } };
    let intent = advance(&ready, State::Sending, Phase::Intent, 200);
    Said { accepted, sending: journal.write(intent).await == Ok(Ok(())) }
}

fn wait(holds: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    while !holds() {
        assert!(started.elapsed().as_secs() < 60, "waited long enough since {}", at(0));
        std::thread::yield_now();
    }
}
