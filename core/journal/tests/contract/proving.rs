//! The disclosure log proves itself: what is done to it behind the hub's back is found, and the
//! first entry that it was done to is named.

use std::{path::PathBuf, sync::Arc};

use luotsi_audit::{SigningKey, VerifyingKey};
use luotsi_journal::{
    Error, Journal, Log, Phase, Session, State,
    command::{Checkpoint, Probe, Prune, Pruned, Used},
    read,
    verify::{Against, Verified, verify},
};
use luotsi_model::ClientRef;
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{
    Place,
    sqlite::File,
    world::{
        AINO, EINO, TO_VERSION_1, accept, at, conclude, delivery, delivery_id, entry, masters,
        message, send,
    },
};

/// A journal at rest, to do things to.
struct Kept {
    folder: TempDir,
    key: Arc<SigningKey>,
    /// The checkpoint of 12 entries, as an auditor kept it.
    early: String,
}

impl Kept {
    fn path(&self) -> PathBuf {
        self.folder.path().join("copy.db")
    }

    fn sql(&self, sql: &str) -> &Self {
        Connection::open(self.path()).unwrap().execute_batch(sql).unwrap();
        self
    }

    fn verified(&self) -> Verified {
        verify(&self.path(), &Against::default()).unwrap()
    }

    /// The first finding, told short.
    fn first(&self, against: &Against) -> Option<(u64, &'static str)> {
        let found = verify(&self.path(), against).unwrap();
        found.findings.first().map(|finding| (finding.seq, finding.what.as_str()))
    }

    fn early(&self) -> Against {
        let notes = vec![("the auditor's".to_owned(), self.early.clone())];
        Against { key: Some(self.key.verifying().clone()), notes }
    }
}

async fn checkpoint(journal: &Journal, key: &Arc<SigningKey>) -> String {
    journal.write(Checkpoint { key: key.clone() }).await.unwrap().expect("the log has entries")
}

/// Ten sends with their outcomes, about two clients by turns: 20 entries, of which 12 and 20 were
/// signed for.
async fn kept() -> Kept {
    let place = File::make();
    let journal = place.open();
    let key = Arc::new(SigningKey::generate("luotsi/").unwrap());
    let mut early = String::new();
    for n in 1..=10 {
        let second = i64::from(n);
        accept(&journal, message(n, if n % 2 == 1 { AINO } else { EINO }, &["malli-ry"])).await;
        send(&journal, delivery_id(n, 0), second).await;
        conclude(&journal, delivery_id(n, 0), State::Delivered, second + 1).await;
        if n == 6 {
            early = checkpoint(&journal, &key).await;
        }
    }
    checkpoint(&journal, &key).await;
    copy(&place, key, early)
}

/// A copy made by SQLite itself: whole, whatever the hub is doing.
fn copy(place: &File, key: Arc<SigningKey>, early: String) -> Kept {
    let kept = Kept { folder: TempDir::new().unwrap(), key, early };
    let into = format!("vacuum into '{}'", kept.path().display());
    Connection::open(place.path()).unwrap().execute_batch(&into).unwrap();
    kept
}

#[tokio::test]
async fn a_log_that_nobody_touched_verifies() {
    let kept = kept().await;
    let found = verify(&kept.path(), &kept.early()).unwrap();
    assert_eq!(found.findings, []);
    assert_eq!((found.size, found.pruned, found.checkpoints, found.covered), (20, 0, 3, 20));
    assert_eq!(found, verify(&kept.path(), &kept.early()).unwrap(), "it is only read");
}

#[tokio::test]
async fn what_was_done_to_it_is_found_at_the_first_entry() {
    let whole = kept().await;
    let cases = [
        // One column of one entry.
        ("update disclosure set entry = replace(entry, 'care', 'cure') where seq = 7", 7, "entry-changed"),
        ("update disclosure set entry = '' where seq = 20", 20, "entry-changed"),
        ("update disclosure set entry = 5 where seq = 2", 2, "entry-changed"),
        ("update disclosure set at = at + 1 where seq = 3", 3, "column-changed"),
        ("update disclosure set at = 'x' where seq = 3", 3, "column-changed"),
        ("update disclosure set client = 'c-other' where seq = 5", 5, "column-changed"),
        ("update disclosure set client = null where seq = 5", 5, "column-changed"),
        ("update disclosure set client = 'c-aino' where seq = 6", 6, "column-changed"),
        ("update disclosure set message = message + 1 where seq = 9", 9, "column-changed"),
        ("update disclosure set message = 99 where seq = 9", 9, "column-changed"),
        ("update disclosure set message = null where seq = 9", 9, "column-changed"),
        ("update disclosure set seq = 99 where seq = 8", 8, "entry-missing"),
        // Entries taken out, put in, put elsewhere, cut off.
        ("delete from disclosure where seq = 11", 11, "entry-missing"),
        ("delete from disclosure where seq between 11 and 13", 11, "entry-missing"),
        ("delete from disclosure", 1, "entry-missing"),
        ("delete from disclosure where seq > 17", 18, "entry-missing"),
        ("delete from disclosure where seq > 17; delete from leaf where seq > 17", 18, "entry-missing"),
        ("insert into disclosure (at, entry) values (1, '{}')", 21, "entry-extra"),
        ("insert into disclosure (seq, at, entry) values (0, 1, '{}')", 0, "entry-extra"),
        ("insert into disclosure (seq, at, entry) values (9000000000000000000, 1, '{}')", 9_000_000_000_000_000_000, "entry-extra"),
        ("update disclosure set seq = -1 where seq = 4; update disclosure set seq = 4 where seq = 15;
          update disclosure set seq = 15 where seq = -1", 4, "entry-changed"),
        // The tree's own tables.
        ("update leaf set hash = zeroblob(32) where seq = 6", 6, "leaf-changed"),
        ("update leaf set hash = 'short' where seq = 6", 6, "leaf-missing"),
        ("delete from leaf where seq = 6", 6, "leaf-missing"),
        ("insert into leaf values (21, zeroblob(32))", 21, "entry-extra"),
        ("update tree set size = 18", 13, "tree-changed"),
        ("update tree set size = 19", 20, "tree-changed"),
        ("update tree set size = 24", 21, "entry-missing"),
        ("update tree set edge = zeroblob(64)", 20, "tree-changed"),
        ("update tree set edge = x'00'", 20, "tree-changed"),
        ("delete from tree", 20, "tree-changed"),
        // Checkpoints.
        ("update checkpoint set size = 13 where size = 12", 13, "checkpoint"),
        ("update checkpoint set note = replace(note, '12', '11') where size = 12", 12, "checkpoint"),
        ("update checkpoint set note = 7 where size = 12", 12, "checkpoint"),
        ("update checkpoint set key = '' where size = 12", 12, "checkpoint"),
    ];
    for (sql, seq, what) in cases {
        let touched = Kept {
            folder: TempDir::new().unwrap(),
            key: whole.key.clone(),
            early: whole.early.clone(),
        };
        std::fs::copy(whole.path(), touched.path()).unwrap();
        touched.sql(sql);
        assert_eq!(touched.first(&Against::default()), Some((seq, what)), "{sql}");
    }
}

/// The row is put back as it was while SQLite does not know of the index, which then lacks it.
#[tokio::test]
async fn an_index_that_hides_an_entry_is_found() {
    let kept = kept().await;
    kept.sql(
        "create temp table kept as select * from sqlite_schema where name = 'disclosure_client';
         update disclosure set client = null where seq = 5;
         pragma writable_schema = on;
         delete from sqlite_schema where name = 'disclosure_client';
         pragma writable_schema = reset;
         update disclosure set client = 'c-aino' where seq = 5;
         pragma writable_schema = on;
         insert into sqlite_schema select * from kept;
         pragma writable_schema = reset",
    );
    assert_eq!(kept.first(&Against::default()), Some((5, "index-changed")));
}

/// Who can write the whole file can write a whole other log; only what is kept elsewhere tells.
#[tokio::test]
async fn a_log_written_anew_is_betrayed_by_a_checkpoint_kept_elsewhere() {
    let kept = kept().await;
    kept.sql("update disclosure set entry = replace(entry, 'care', 'cure') where seq = 7");
    kept.sql(TO_VERSION_1);
    drop(Journal::open(&kept.path(), masters(&[7])).unwrap());
    assert_eq!(kept.first(&Against::default()), None);
    assert_eq!(kept.first(&kept.early()), Some((1, "rewritten")));
}

#[tokio::test]
async fn a_log_cut_with_its_tree_is_betrayed_by_its_checkpoints() {
    let whole = kept().await;
    // As the file was at the early checkpoint, with the later one brought in.
    let place = File::make();
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry"])).await;
    send(&journal, delivery_id(1, 0), 1).await;
    let cut = copy(&place, whole.key.clone(), whole.early.clone());
    assert_eq!(cut.first(&cut.early()), Some((2, "cut")));
}

#[tokio::test]
async fn a_note_of_another_key_is_not_trusted() {
    let kept = kept().await;
    let other = SigningKey::generate("luotsi/").unwrap();
    let against = Against { key: Some(other.verifying().clone()), notes: Vec::new() };
    assert_eq!(kept.first(&against), Some((12, "checkpoint")));
    let reparsed: VerifyingKey = kept.key.verifying().to_string().parse().unwrap();
    assert_eq!(kept.first(&Against { key: Some(reparsed), notes: Vec::new() }), None);
}

#[tokio::test]
async fn the_tree_grows_with_what_is_committed_and_nothing_else() {
    let place = File::make();
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry"])).await;
    journal.write(Probe { at: at(1) }).await.unwrap();
    send(&journal, delivery_id(1, 0), 2).await;
    let failed = journal.write(crate::sqlite::Run(
        "insert into disclosure (at, entry) values (1, 'half'); insert into nowhere values (1)",
    ));
    assert!(failed.await.is_err());
    drop(journal);
    let journal = place.open();
    conclude(&journal, delivery_id(1, 0), State::Delivered, 3).await;
    let key = Arc::new(SigningKey::generate("luotsi/").unwrap());
    let note = checkpoint(&journal, &key).await;
    assert_eq!(checkpoint(&journal, &key).await, note, "no new one before the log grows");
    assert_eq!(journal.read_now(|c| read::checkpoint(c)), Ok(Some(note.clone())));
    let found = copy(&place, key, note).verified();
    assert_eq!((found.size, found.checkpoints, found.findings), (2, 1, Vec::new()));
}

#[tokio::test]
async fn a_log_without_a_tree_gets_one() {
    let kept = kept().await;
    let before = kept.verified().root;
    kept.sql(TO_VERSION_1);
    drop(Journal::open(&kept.path(), masters(&[7])).unwrap());
    let found = kept.verified();
    assert_eq!((found.root, found.size, found.findings), (before, 20, Vec::new()));
}

/// What a start and every append see without reading the whole log.
#[tokio::test]
async fn a_hub_does_not_go_on_with_a_log_that_ends_otherwise() {
    let cases = [
        ("delete from disclosure where seq = 20", 20),
        ("insert into disclosure (at, entry) values (1, '{}')", 21),
        ("update disclosure set entry = replace(entry, 'care', 'cure') where seq = 19", 19),
        ("update leaf set hash = zeroblob(32) where seq = 19", 19),
        ("update tree set edge = zeroblob(64)", 1),
    ];
    let whole = kept().await;
    for (sql, expected) in cases {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("copy.db");
        std::fs::copy(whole.path(), &path).unwrap();
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let refused = Journal::open(&path, masters(&[7])).err();
        assert!(
            matches!(refused, Some(Error::Log { seq, .. }) if seq == expected),
            "{sql}: {refused:?}"
        );
    }
    let running = Journal::open(&whole.path(), masters(&[7])).unwrap();
    whole.sql("insert into disclosure (at, entry) values (1, '{}')");
    // Nothing can be disclosed, since nothing can be logged; but what comes in is taken in.
    let accepted = accept(&running, message(11, AINO, &["malli-ry"])).await;
    let intent = entry(&delivery(&running, delivery_id(11, 0)), Phase::Intent, 50);
    let refused = running.write(Used(intent)).await;
    assert!(matches!(refused, Err(Error::Log { seq: 21, .. })), "{refused:?}");
    assert_eq!(running.read_now(read::log_ends), Err(refused.unwrap_err()));
    assert_eq!(accepted.count, 1);
}

async fn prune(journal: &Journal, log: Log, before: i64, most: usize) -> Pruned {
    journal.write(Prune { log, before: at(before), at: at(1000), most }).await.unwrap()
}

#[tokio::test]
async fn what_is_pruned_is_accounted_for() {
    let place = File::make();
    let journal = place.open();
    for n in 1..=6 {
        accept(&journal, message(n, AINO, &["malli-ry"])).await;
        send(&journal, delivery_id(n, 0), i64::from(n)).await;
        let used = entry(&delivery(&journal, delivery_id(n, 0)), Phase::Use, i64::from(n));
        journal.write(Used(used)).await.unwrap();
    }
    // Of twelve entries every other one is a use. Those of the first four seconds are due.
    let first = prune(&journal, Log::Disclosure, 5, 6).await;
    assert_eq!(first, Pruned { entries: 3, more: true });
    assert_eq!(prune(&journal, Log::Disclosure, 5, 6).await, Pruned { entries: 1, more: false });
    assert_eq!(prune(&journal, Log::Disclosure, 5, 6).await, Pruned::default());
    let told = || {
        let all = |c: &Session| {
            let client = ClientRef::new(AINO);
            read::of_client(c, &client, at(0), at(99))
        };
        let all = journal.read_now(all).unwrap();
        all.iter().map(|entry| entry.phase).collect::<Vec<_>>()
    };
    let uses = |all: &[Phase]| all.iter().filter(|phase| **phase == Phase::Use).count();
    assert_eq!((told().len(), uses(&told())), (8, 6), "the uses stay");
    prune(&journal, Log::Use, 3, 100).await;
    assert_eq!((told().len(), uses(&told())), (6, 4));
    let key = Arc::new(SigningKey::generate("luotsi/").unwrap());
    let note = checkpoint(&journal, &key).await;
    drop(journal);
    drop(place.open());
    let kept = copy(&place, key, note);
    let found = kept.verified();
    assert_eq!((found.size, found.pruned, found.findings), (15, 6, Vec::new()));
    kept.sql("delete from disclosure where seq = 6");
    assert_eq!(
        kept.first(&Against::default()),
        Some((6, "entry-missing")),
        "one more is one too many"
    );
}

#[tokio::test]
async fn pruning_never_takes_the_last_entry() {
    let place = File::make();
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry"])).await;
    send(&journal, delivery_id(1, 0), 1).await;
    assert_eq!(prune(&journal, Log::Disclosure, 500, 10).await.entries, 0);
    conclude(&journal, delivery_id(1, 0), State::Delivered, 3).await;
    assert_eq!(prune(&journal, Log::Disclosure, 500, 10).await.entries, 1);
    accept(&journal, message(2, AINO, &["malli-ry"])).await;
    send(&journal, delivery_id(2, 0), 4).await;
    let key = Arc::new(SigningKey::generate("luotsi/").unwrap());
    let note = checkpoint(&journal, &key).await;
    let found = copy(&place, key, note).verified();
    assert_eq!((found.size, found.pruned, found.findings), (4, 1, Vec::new()));
}

/// One byte of one column of one entry, whichever.
#[test]
fn no_byte_can_be_flipped_unseen() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let whole = runtime.block_on(kept());
    let bytes = std::fs::read(whole.path()).unwrap();
    let columns = prop::sample::select(vec!["seq", "at", "client", "message", "entry"]);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let runner = &mut proptest::test_runner::TestRunner::new(config);
    let case = (1_u64..=20, columns, any::<prop::sample::Index>(), 1_u8..);
    let checked = runner.run(&case, |(seq, column, place, flip)| {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("copy.db");
        std::fs::write(&path, &bytes).unwrap();
        let changed = flip_one(&Connection::open(&path).unwrap(), seq, column, place, flip);
        prop_assume!(changed);
        let found = verify(&path, &Against::default()).unwrap();
        let places: Vec<_> = found.findings.iter().map(|finding| finding.seq).collect();
        // An entry with another place is two findings, of which its new place may be the first.
        let named = if column == "seq" { places.contains(&seq) } else { places[..1] == [seq] };
        prop_assert!(named, "{:?}", found.findings);
        Ok(())
    });
    checked.unwrap();
}

/// Flips bits of one byte of a column; false where there is no such byte (a null).
fn flip_one(
    connection: &Connection,
    seq: u64,
    column: &str,
    place: prop::sample::Index,
    flip: u8,
) -> bool {
    use rusqlite::types::Value;
    let select = format!("select {column} from disclosure where seq = ?1");
    let value: Value = connection.query_row(&select, [seq], |row| row.get(0)).unwrap();
    let flipped = match value {
        Value::Integer(number) => {
            let mut bytes = number.to_be_bytes();
            bytes[place.index(8)] ^= flip;
            Value::Integer(i64::from_be_bytes(bytes))
        }
        Value::Text(text) => {
            let mut bytes = text.into_bytes();
            let at = place.index(bytes.len());
            bytes[at] ^= flip;
            Value::Blob(bytes)
        }
        _ => return false,
    };
    let update = format!("update disclosure set {column} = ?2 where seq = ?1");
    // A flipped place may be another entry's, which SQLite refuses.
    connection.execute(&update, rusqlite::params![seq, flipped]).is_ok()
}
