//! What sealing costs: acceptances in groups, and messages read back, against the same in clear.
//!
//! `cargo bench -p luotsi-journal --bench seal`: the time of a group of 500, of 2 KB each, about 100
//! clients. *In clear* are the same statements without a key.

#![expect(clippy::unwrap_used, reason = "a benchmark stops where its ground gives way")]

use divan::{Bencher, counter::ItemsCount};
use jiff::Timestamp;
use luotsi_journal::{
    Accounting, Connection, Database, Journal, Key, Masters,
    command::{Accept, Effect},
    migrate, read,
};
use luotsi_model::{ClientRef, Envelope, GenerationId, Kind, MessageId, OrganisationId, SystemId};
use rusqlite::params;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

const GROUP: u128 = 500;
const CLIENTS: u128 = 100;

fn main() {
    divan::main();
}

fn record() -> Vec<u8> {
    format!("{{\"need\":\"{}\"}}", "x".repeat(2000)).into_bytes()
}

fn message(n: u128) -> Accept {
    let envelope = Envelope {
        id: MessageId(Uuid::from_u128(n)),
        kind: Kind::new("referral"),
        source: SystemId::new("guidance"),
        controller: OrganisationId::new("mallikunta"),
        subject: Some(ClientRef::new(format!("c-{:024x}", n % CLIENTS))),
        service: None,
        answers: None,
        replays: None,
        received: Timestamp::UNIX_EPOCH,
        generation: GenerationId::new("2026-11-21-0123456789ab"),
        traceparent: None,
    };
    Accept {
        envelope,
        reference: Some("L-1".into()),
        record: record(),
        accounting: Accounting::default(),
        deliveries: Vec::new(),
        idempotency: None,
        effect: Effect::None,
    }
}

fn journal(folder: &TempDir) -> (Journal, Runtime) {
    let masters = Masters::new(&Key::new([7; 32]), &[]).unwrap();
    let journal = Journal::open(&folder.path().join("bench.db"), masters).unwrap();
    (journal, Builder::new_current_thread().build().unwrap())
}

fn accept(journal: &Journal, runtime: &Runtime, from: u128) {
    let writes = (from..from + GROUP).map(|n| journal.write(message(n)));
    let done = runtime.block_on(futures::future::join_all(writes));
    assert!(done.iter().all(|one| matches!(one, Ok(Ok(_)))));
}

/// The commit's fsync is in it.
#[divan::bench]
fn accept_a_group(bencher: Bencher<'_, '_>) {
    let folder = TempDir::new().unwrap();
    let (journal, runtime) = journal(&folder);
    let mut next = 1;
    bencher.counter(ItemsCount::new(GROUP as usize)).bench_local(|| {
        accept(&journal, &runtime, next);
        next += GROUP;
    });
}

/// The same on the server of `LUOTSI_TEST_POSTGRES`, where one is named.
#[divan::bench]
fn accept_a_group_on_a_server(bencher: Bencher<'_, '_>) {
    let Ok(url) = std::env::var("LUOTSI_TEST_POSTGRES") else { return };
    let server = Database::of_url(&url).unwrap();
    let admin = Connection::open(&server).unwrap();
    admin.batch("drop database if exists bench_seal with (force)").unwrap();
    admin.batch("create database bench_seal").unwrap();
    let (place, _) = url.rsplit_once('/').unwrap();
    let database = Database::of_url(&format!("{place}/bench_seal")).unwrap();
    migrate(&database).unwrap();
    let masters = Masters::new(&Key::new([7; 32]), &[]).unwrap();
    let journal = Journal::open(&database, masters).unwrap();
    let runtime = Builder::new_current_thread().build().unwrap();
    let mut next = 1;
    bencher.counter(ItemsCount::new(GROUP as usize)).bench_local(|| {
        accept(&journal, &runtime, next);
        next += GROUP;
    });
}

#[divan::bench]
fn read_a_group(bencher: Bencher<'_, '_>) {
    let folder = TempDir::new().unwrap();
    let (journal, runtime) = journal(&folder);
    accept(&journal, &runtime, 1);
    bencher.counter(ItemsCount::new(GROUP as usize)).bench_local(|| {
        let found = journal.read_now(|c| read::messages_after(c, 0, GROUP as usize)).unwrap();
        assert_eq!(found[0].record.bytes(), Ok(&*record()));
    });
}

/// The same rows, kept in clear: what reading costs without a key.
#[divan::bench]
fn read_a_group_in_clear(bencher: Bencher<'_, '_>) {
    let folder = TempDir::new().unwrap();
    let (journal, runtime) = journal(&folder);
    accept(&journal, &runtime, 1);
    let connection = rusqlite::Connection::open(folder.path().join("bench.db")).unwrap();
    connection.execute("update message set record = ?1", params![record()]).unwrap();
    bencher.counter(ItemsCount::new(GROUP as usize)).bench_local(|| {
        let mut select = connection
            .prepare_cached("select seq, envelope, reference, record, accounting from message")
            .unwrap();
        let rows = select.query_map([], |row| {
            let envelope: Envelope = serde_json::from_str(row.get_ref(1)?.as_str()?).unwrap();
            let accounting: Accounting = serde_json::from_str(row.get_ref(4)?.as_str()?).unwrap();
            Ok((row.get::<_, i64>(0)?, envelope, row.get::<_, Vec<u8>>(3)?, accounting))
        });
        let found: Vec<_> = rows.unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(found[0].2, record());
    });
}
