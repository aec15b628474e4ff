//! Payloads are sealed where they lie, keys are rotated, and an erased key is gone.

use std::{collections::HashSet, fs, path::Path};

use futures::future::join_all;
use luotsi_journal::{
    Beside, Error, Journal, Key, KeyId, Opened, Phase, State,
    command::{Accept, Erase, Erased, Pends, PutPlan},
    masters_of,
    read::{self, Payload},
    verify::{Against, verify},
};
use luotsi_model::{ClientRef, MessageId};
use rusqlite::{Connection, types::Value};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    Place,
    sqlite::{File, Run},
    world::{
        AINO, EINO, TO_VERSION_4, accept, at, conclude, delivery, delivery_id, entry, masters,
        message, message_id, send,
    },
};

/// Occurs nowhere but in payloads.
const CANARY: &str = "kanarialintu";

fn canary(n: u8, client: &str, to: &[&str]) -> Accept {
    Accept {
        reference: Some(format!("{CANARY}-{n}")),
        record: record(n.into()),
        ..message(n, client, to)
    }
}

fn record(n: u128) -> Vec<u8> {
    format!(r#"{{"need":"{CANARY} {n}"}}"#).into_bytes()
}

fn plan(client: &str, version: u64) -> PutPlan {
    PutPlan {
        client: ClientRef::new(client),
        record: record(100 + u128::from(version)),
        replaces: version - 1,
        id: Uuid::from_u128(7),
        at: at(9),
    }
}

async fn put(journal: &Journal, client: &str, version: u64) {
    journal.write(plan(client, version)).await.unwrap().unwrap();
}

/// The file of every database and log in the folder.
fn files(file: &Path) -> Vec<u8> {
    let all = fs::read_dir(file.parent().unwrap()).unwrap();
    // The log goes when the last one closes, which may be just now.
    all.flat_map(|one| fs::read(one.unwrap().path()).unwrap_or_default()).collect()
}

/// Whether any of them is somewhere in `bytes`. They are all of one length.
fn occurs<N: AsRef<[u8]>>(needles: &[N], bytes: &[u8]) -> bool {
    let needles: HashSet<_> = needles.iter().map(AsRef::as_ref).collect();
    let length = needles.iter().map(|needle| needle.len()).next().unwrap();
    bytes.windows(length).any(|window| needles.contains(window))
}

/// Closes it, with everything that it wrote in the database itself.
fn close(journal: Journal, place: &File) {
    drop(journal);
    let beside = Connection::open(place.path()).unwrap();
    beside.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    let cut = "pragma wal_checkpoint(truncate)";
    assert!(!beside.query_row(cut, [], |row| row.get::<_, bool>(0)).unwrap(), "nobody reads");
}

fn payload(journal: &Journal, n: u8) -> Payload {
    journal.read_now(|c| read::message(c, message_id(n))).unwrap().unwrap().record
}

fn erase(journal: &Journal, client: &str) -> Erase {
    let of = delivery(journal, delivery_id(1, 0));
    let client = ClientRef::new(client);
    Erase {
        client: client.clone(),
        at: at(50),
        entry: luotsi_journal::Entry { client: Some(client), ..entry(&of, Phase::Use, 50) },
    }
}

/// Message 1 about Aino delivered, 2 about Eino, 3 about Aino, and Aino's plan.
async fn lived_in(place: &File) -> Journal {
    let journal = place.open();
    accept(&journal, canary(1, AINO, &["malli-ry"])).await;
    send(&journal, delivery_id(1, 0), 2).await;
    conclude(&journal, delivery_id(1, 0), State::Delivered, 3).await;
    accept(&journal, canary(2, EINO, &[])).await;
    accept(&journal, canary(3, AINO, &[])).await;
    put(&journal, AINO, 1).await;
    put(&journal, AINO, 2).await;
    journal
}

#[tokio::test]
async fn no_payload_stands_in_clear() {
    let place = File::make();
    let journal = lived_in(&place).await;
    let mut nobodys = canary(4, AINO, &[]);
    nobodys.envelope.subject = None;
    accept(&journal, nobodys).await;
    let found = journal.read_now(|c| read::message(c, message_id(1))).unwrap().unwrap();
    assert_eq!(
        (found.record, found.reference),
        (Payload::Open(record(1)), Some("kanarialintu-1".into()))
    );
    assert_eq!(payload(&journal, 4), Payload::Open(record(4)));
    let plan = journal.read_now(|c| read::plan_of(c, &ClientRef::new(AINO))).unwrap().unwrap();
    assert_eq!((plan.version, plan.record), (2, Payload::Open(record(102))));
    assert!(!occurs(&[CANARY], &files(&place.path())), "while it runs");
    close(journal, &place);
    assert!(!occurs(&[CANARY], &files(&place.path())), "and afterwards");
}

#[tokio::test]
async fn what_was_changed_or_moved_does_not_open() {
    let check = async |what: &str, sql: &'static str, of: u8| {
        let place = File::make();
        let journal = lived_in(&place).await;
        journal.write(Run(sql)).await.unwrap();
        assert_eq!(payload(&journal, of), Payload::Broken, "{what}");
        let untouched = if of == 2 { 1 } else { 2 };
        assert!(matches!(payload(&journal, untouched), Payload::Open(_)), "{what}: others do");
        accept(&journal, canary(5, AINO, &[])).await;
        assert_eq!(payload(&journal, 5), Payload::Open(record(5)), "{what}: what comes in does");
    };
    let from_3 =
        "update message set record = (select record from message where seq = 3) where seq = 1";
    check("another row's record", from_3, 1).await;
    check("a reference for a record", "update message set record = reference where seq = 1", 1)
        .await;
    let byte = "update message set record = cast(substr(record, 1, 30) || x'00' || substr(record, 32) as blob) where seq = 1";
    check("a byte", byte, 1).await;
    let clear = "update message set record = cast('{\"need\":\"x\"}' as blob) where seq = 1";
    check("a record in clear", clear, 1).await;
    let client =
        "update message set envelope = replace(envelope, 'c-eino', 'c-aino') where seq = 2";
    check("another client's", client, 2).await;
    let key = "update client_key set wrapped = (select wrapped from client_key where client = 'c-eino') where client = 'c-aino'";
    check("another client's key", key, 1).await;
    let zeros = "update client_key set wrapped = zeroblob(60) where client = 'c-aino'";
    check("a key erased by somebody else", zeros, 1).await;
}

#[tokio::test]
async fn an_earlier_version_of_a_plan_does_not_open() {
    let place = File::make();
    let journal = place.open();
    put(&journal, AINO, 1).await;
    journal.write(Run("create temp table kept as select record from plan")).await.unwrap();
    put(&journal, AINO, 2).await;
    journal.write(Run("update plan set record = (select record from kept)")).await.unwrap();
    let plan = journal.read_now(|c| read::plan_of(c, &ClientRef::new(AINO))).unwrap().unwrap();
    assert_eq!(plan.record, Payload::Broken);
}

#[tokio::test]
async fn a_missing_master_key_is_named_and_nothing_is_changed() {
    let place = File::make();
    close(lived_in(&place).await, &place);
    let before = fs::read(place.path()).unwrap();
    let named = KeyId::of(&Key::new([7; 32]));
    for given in [masters(&[8]), masters(&[8, 9])] {
        let refused = Journal::open(&place.path(), given).err();
        assert_eq!(refused, Some(Error::Master(named.to_string())));
    }
    let beside = Beside::open(&place.path(), masters(&[8])).err();
    assert_eq!(beside, Some(Error::Master(named.to_string())));
    assert_eq!(masters_of(&place.path()), Ok(vec![named]));
    assert!(fs::read(place.path()).unwrap() == before, "it is left as it is");
    assert_eq!(payload(&place.open(), 1), Payload::Open(record(1)));
}

const MANY: u128 = 1200;

fn nth(n: u128) -> Accept {
    let mut one = message(1, &format!("c-{n:04}"), &[]);
    one.envelope.id = MessageId(Uuid::from_u128(n));
    one.record = record(n);
    one
}

async fn crowded(place: &File) -> Journal {
    let journal = place.open();
    let all = join_all((1..=MANY).map(|n| journal.write(nth(n)))).await;
    assert!(all.iter().all(|one| matches!(one, Ok(Ok(_)))));
    journal
}

fn all_open(journal: &Journal) {
    for n in 1..=MANY {
        let id = MessageId(Uuid::from_u128(n));
        let found = journal.read_now(|c| read::message(c, id)).unwrap().unwrap();
        assert_eq!(found.record, Payload::Open(record(n)));
    }
}

fn sql(file: &Path, text: &str) {
    Connection::open(file).unwrap().execute_batch(text).unwrap();
}

fn column(file: &Path, sql: &str) -> Vec<Vec<u8>> {
    let connection = Connection::open(file).unwrap();
    let mut select = connection.prepare(sql).unwrap();
    let rows = select.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn a_rotation_is_taken_up_where_a_crash_left_it() {
    let place = File::make();
    close(crowded(&place).await, &place);
    let old = column(&place.path(), "select wrapped from client_key");
    // The disk fails in the second stretch: the first one is under the new key already.
    sql(
        &place.path(),
        "create trigger broken before update on client_key when old.seq = 700
         begin select raise(abort, 'broken'); end",
    );
    assert!(matches!(
        Journal::open(&place.path(), masters(&[8, 7])).err(),
        Some(Error::Storage(_))
    ));
    let names = [8, 7].map(|byte| KeyId::of(&Key::new([byte; 32])));
    let mut both = names.to_vec();
    both.sort_unstable();
    assert_eq!(masters_of(&place.path()), Ok(both), "some are under each");
    for alone in [8, 7] {
        let refused = Journal::open(&place.path(), masters(&[alone])).err();
        assert!(matches!(refused, Some(Error::Master(_))), "{alone}: {refused:?}");
    }
    sql(&place.path(), "drop trigger broken");
    let journal = Journal::open(&place.path(), masters(&[8, 7])).unwrap();
    let opened = journal.opened().clone();
    assert_eq!(opened, Opened { sealed: 0, rewrapped: MANY as u64 - 500, spare: vec![names[1]] });
    all_open(&journal);
    let bytes = files(&place.path());
    assert!(!occurs(&old, &bytes), "nothing is left under the old key");
    close(journal, &place);
    all_open(&Journal::open(&place.path(), masters(&[8])).unwrap());
}

#[tokio::test]
async fn what_was_kept_in_clear_is_sealed_once() {
    let place = File::make();
    let journal = crowded(&place).await;
    put(&journal, AINO, 1).await;
    close(journal, &place);
    let connection = Connection::open(place.path()).unwrap();
    connection.execute("update plan set record = ?1", [record(101)]).unwrap();
    for n in 1..=MANY {
        let with = [Value::Blob(record(n)), Value::Integer(n as i64)];
        let clear = "update message set record = ?1, reference = 'kanarialintu' where seq = ?2";
        // Accepted in one go, so place and number go together.
        assert_eq!(connection.execute(clear, with).unwrap(), 1);
    }
    connection.execute_batch(TO_VERSION_4).unwrap();
    drop(connection);
    assert!(occurs(&[CANARY], &files(&place.path())), "as an earlier hub kept it");
    let break_it = "create trigger broken before update on message when old.seq = 700
                    begin select raise(abort, 'broken'); end";
    sql(&place.path(), break_it);
    assert!(matches!(Journal::open(&place.path(), masters(&[7])).err(), Some(Error::Storage(_))));
    sql(&place.path(), "drop trigger broken");
    let journal = place.open();
    assert_eq!(journal.opened().sealed, MANY as u64 - 500, "it goes on where it was");
    all_open(&journal);
    let plan = journal.read_now(|c| read::plan_of(c, &ClientRef::new(AINO))).unwrap().unwrap();
    assert_eq!(plan.record, Payload::Open(record(101)));
    assert!(!occurs(&[CANARY], &files(&place.path())));
    close(journal, &place);
    assert_eq!(place.open().opened().sealed, 0, "once");
}

#[tokio::test]
async fn an_erased_client_is_read_by_nobody_and_the_log_verifies() {
    let place = File::make();
    let journal = lived_in(&place).await;
    let keys = "select wrapped from client_key where client = 'c-aino'";
    let wrapped = column(&place.path(), keys);
    assert!(occurs(&wrapped, &files(&place.path())));
    let done = journal.erase(erase(&journal, AINO)).await.unwrap();
    assert_eq!(done, Ok(Erased { keys: 1, plan: true, dead: 0 }));
    assert!(!occurs(&wrapped, &files(&place.path())), "neither in the file nor in its log");
    let gone = |journal: &Journal| {
        assert_eq!([1, 3].map(|n| payload(journal, n)), [Payload::Erased, Payload::Erased]);
        let plan = journal.read_now(|c| read::plan_of(c, &ClientRef::new(AINO)));
        assert_eq!((plan, payload(journal, 2)), (Ok(None), Payload::Open(record(2))));
        let found = journal.read_now(|c| read::message(c, message_id(1))).unwrap().unwrap();
        assert_eq!(found.reference, None);
    };
    gone(&journal);
    let again = journal.erase(erase(&journal, AINO)).await.unwrap();
    assert_eq!(again, Ok(Erased::default()), "a second time there is nothing to erase");
    let trail = journal.read_now(|c| read::of_client(c, &ClientRef::new(AINO), at(50), at(51)));
    assert_eq!(trail.unwrap().len(), 1, "the log tells of it once");

    accept(&journal, canary(6, AINO, &[])).await;
    assert_eq!(payload(&journal, 6), Payload::Open(record(6)), "who comes back is kept again");
    gone(&journal);
    close(journal, &place);
    let copy = TempDir::new().unwrap();
    let copy = copy.path().join("copy.db");
    fs::copy(place.path(), &copy).unwrap();
    let found = verify(&copy, &Against::default()).unwrap();
    assert_eq!((found.found, found.size), (0, 3), "no key is needed for it");
    gone(&place.open());
}

#[tokio::test]
async fn an_erasure_waits_for_what_pends_and_ends_dead_letters() {
    let place = File::make();
    let journal = place.open();
    accept(&journal, canary(1, AINO, &["malli-ry", "home-care"])).await;
    let refused = journal.erase(erase(&journal, AINO)).await.unwrap();
    assert_eq!((refused, payload(&journal, 1)), (Err(Pends(2)), Payload::Open(record(1))));
    for (index, end) in [(0, State::Delivered), (1, State::Dead)] {
        send(&journal, delivery_id(1, index), 2).await;
        conclude(&journal, delivery_id(1, index), end, 3).await;
    }
    journal.write(Run("update delivery set tell = 1 where seq = 1")).await.unwrap();
    let untold = journal.erase(erase(&journal, AINO)).await.unwrap();
    assert_eq!(untold, Err(Pends(1)), "a sender is still to be told");
    journal.write(Run("update delivery set told = randomblob(16) where seq = 1")).await.unwrap();
    let done = journal.erase(erase(&journal, AINO)).await.unwrap();
    assert_eq!(done, Ok(Erased { keys: 1, plan: false, dead: 1 }));
    let ended = delivery(&journal, delivery_id(1, 1));
    assert_eq!(
        (ended.state, ended.cause.as_deref()),
        (State::Refused, Some("its payload was erased"))
    );
}

/// Where many keys lie in the page, and whatever SQLite moves in it.
#[tokio::test]
async fn no_copy_of_an_erased_key_is_left_even_after_a_crash() {
    let place = File::make();
    let journal = crowded(&place).await;
    accept(&journal, canary(1, AINO, &["malli-ry"])).await;
    send(&journal, delivery_id(1, 0), 2).await;
    conclude(&journal, delivery_id(1, 0), State::Delivered, 3).await;
    let erased = ["c-0001", "c-0600", "c-1199"];
    let wrapped: Vec<_> = erased
        .iter()
        .map(|client| {
            let keys = format!("select wrapped from client_key where client = '{client}'");
            column(&place.path(), &keys).remove(0)
        })
        .collect();
    for client in erased {
        // Committed, and then the machine stops before the log is cut.
        assert!(journal.write(erase(&journal, client)).await.unwrap().is_ok());
    }
    let crashed = File::make();
    for file in ["journal.db", "journal.db-wal"] {
        let from = place.path().with_file_name(file);
        fs::copy(from, crashed.path().with_file_name(file)).unwrap();
    }
    assert!(wrapped.iter().all(|key| occurs(&[key], &files(&crashed.path()))), "still in the log");
    let journal = crashed.open();
    assert!(!occurs(&wrapped, &files(&crashed.path())));
    close(journal, &crashed);
    assert!(!occurs(&wrapped, &files(&crashed.path())));
}
