//! What provability costs: an append to the log with and without the tree, and a verification.
//!
//! `cargo bench -p luotsi-journal`: the time of a group of 500 appends in one transaction, and that
//! of verifying a log of 200,000 entries.

#![expect(clippy::unwrap_used, reason = "a benchmark stops where its ground gives way")]

use std::sync::OnceLock;

use divan::{Bencher, counter::ItemsCount};
use jiff::Timestamp;
use luotsi_audit::{Tree, leaf};
use luotsi_journal::{
    Entry, GroundEntry, Journal, Key, Masters, Phase,
    command::Used,
    verify::{Against, verify},
};
use luotsi_model::{Categories, Category, ClientRef, GenerationId, Kind, Purpose, SystemId};
use rusqlite::{Connection, params};
use tempfile::TempDir;

const GROUP: usize = 500;
const LOG: usize = 200_000;

fn main() {
    divan::main();
}

fn masters() -> Masters {
    Masters::new(&Key::new([7; 32]), &[]).unwrap()
}

/// An entry of the usual size: 20 fields, one ground.
fn entry(n: usize) -> Entry {
    let fields = |from, to| (from..to).map(|n| format!("client.field_{n}")).collect();
    Entry {
        phase: Phase::Intent,
        at: Timestamp::from_microsecond(1_700_000_000_000_000 + n as i64).unwrap(),
        client: Some(ClientRef::new(format!("c-{:024x}", n % 1000))),
        message: None,
        delivery: None,
        source: SystemId::new("guidance"),
        recipient: SystemId::new("malli-ry"),
        purpose: Purpose::new("peer-support"),
        kind: Kind::new("referral"),
        generation: GenerationId::new("2026-11-21-0123456789ab"),
        attempt: 1,
        shown: None,
        fields: fields(0, 20),
        withheld: fields(20, 30),
        lossy: Vec::new(),
        categories: Categories::NONE.with(Category::Need).with(Category::Identity),
        grounds: vec![GroundEntry {
            basis: "consent".into(),
            rule: "third sector by consent".into(),
            directive: Some("S-1".into()),
            version: Some(2),
            reason: None,
            categories: Categories::NONE.with(Category::Need).with(Category::Identity),
        }],
        result: None,
    }
}

/// The rows alone, as before there was a tree.
#[divan::bench]
fn group_without_tree(bencher: Bencher<'_, '_>) {
    group(bencher, false);
}

/// The rows, their leaves and the edge.
#[divan::bench]
fn group_with_tree(bencher: Bencher<'_, '_>) {
    group(bencher, true);
}

fn group(bencher: Bencher<'_, '_>, with_tree: bool) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bench.db");
    drop(Journal::open(&path, masters()).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("pragma synchronous = off").unwrap();
    let text = serde_json::to_string(&entry(1)).unwrap();
    let mut tree = Tree::default();
    bencher.counter(ItemsCount::new(GROUP)).bench_local(|| {
        connection.execute_batch("begin immediate").unwrap();
        append(&connection, &text);
        if with_tree {
            seal(&connection, &mut tree);
        }
        connection.execute_batch("commit").unwrap();
    });
}

fn append(connection: &Connection, text: &str) {
    let sql = "insert into disclosure (at, client, entry) values (1, 'c-0', ?1)";
    let mut insert = connection.prepare_cached(sql).unwrap();
    (0..GROUP).for_each(|_| {
        insert.execute([text]).unwrap();
    });
}

/// The statements of the journal's keeper.
fn seal(connection: &Connection, tree: &mut Tree) {
    let mut select = connection
        .prepare_cached("select seq, entry from disclosure where seq > ?1 order by seq")
        .unwrap();
    let mut insert = connection.prepare_cached("insert into leaf values (?1, ?2)").unwrap();
    let mut rows = select.query([tree.size()]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let hash = leaf(row.get_ref(1).unwrap().as_bytes().unwrap());
        insert.execute(params![row.get::<_, u64>(0).unwrap(), hash]).unwrap();
        tree.push(hash);
    }
    let sql = "update tree set size = ?1, edge = ?2 where id = 1";
    connection.prepare_cached(sql).unwrap().execute(params![tree.size(), tree.edge()]).unwrap();
}

fn log() -> &'static TempDir {
    static LOG_OF: OnceLock<TempDir> = OnceLock::new();
    LOG_OF.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let journal = Journal::open(&folder.path().join("bench.db"), masters()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for stretch in (0..LOG).step_by(4000) {
            let writes = (stretch..stretch + 4000).map(|n| journal.write(Used(entry(n))));
            let written = runtime.block_on(futures::future::join_all(writes));
            assert!(written.iter().all(Result::is_ok));
        }
        folder
    })
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn verify_a_log(bencher: Bencher<'_, '_>) {
    let path = log().path().join("bench.db");
    bencher.counter(ItemsCount::new(LOG)).bench_local(|| {
        let found = verify(&path, &Against::default()).unwrap();
        assert_eq!((found.size, found.found), (LOG as u64, 0));
    });
}
