//! What SQLite promises beside: crashes, full disks, groups, files of another make.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Mutex,
        mpsc::{Receiver, Sender, channel},
    },
};

use futures::{FutureExt, future::join_all};
use luotsi_journal::{
    Error, Journal, NodeId, Phase, Session, State,
    command::{Command, Probe},
    read,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{
    Place,
    world::{AINO, EINO, accept, advance, at, delivery, delivery_id, everything, masters, message},
};

/// A journal in a file.
pub(crate) struct File(TempDir);

impl File {
    pub(crate) fn make() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("journal.db")
    }
}

impl Place for File {
    fn new() -> Option<Self> {
        Some(Self::make())
    }

    fn open_for(&self, teller: Option<NodeId>) -> Journal {
        Journal::open_for(&self.path(), masters(&[7]), teller).expect("a journal")
    }
}

/// Keeps the writer busy until its other end is dropped, so that what is submitted meanwhile makes
/// one group.
struct Hold {
    started: Sender<()>,
    until: Mutex<Receiver<()>>,
}

impl Hold {
    fn new() -> (Self, Receiver<()>, Sender<()>) {
        let ((started, has_started), (release, until)) = (channel(), channel());
        (Self { started, until: Mutex::new(until) }, has_started, release)
    }
}

impl Command for Hold {
    type Reply = ();

    fn apply(&self, _: &Session) -> Result<(), Error> {
        let _ = self.started.send(());
        let _ = self.until.lock().expect("one writer").recv();
        Ok(())
    }
}

/// Runs some SQL in the writer's transaction.
pub(crate) struct Run(pub(crate) &'static str);

impl Command for Run {
    type Reply = ();

    fn apply(&self, connection: &Session) -> Result<(), Error> {
        connection.batch(self.0)
    }
}

#[tokio::test]
async fn an_acknowledged_message_survives_a_crash() {
    let place = File::make();
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry"])).await;
    // The files as a machine that stops now would leave them: nothing is closed or checkpointed.
    let crashed = File::make();
    for file in fs::read_dir(place.0.path()).unwrap() {
        let file = file.unwrap();
        if !file.file_name().to_string_lossy().ends_with("-shm") {
            fs::copy(file.path(), crashed.0.path().join(file.file_name())).unwrap();
        }
    }
    assert_eq!(everything(&crashed.open()), everything(&journal));
    assert_eq!(crashed.open().read_now(read::pending_count), Ok(1));
}

#[tokio::test]
async fn the_log_beside_the_file_stays_small_however_much_is_written() {
    const MIB: usize = 1 << 20;
    let place = File::make();
    let journal = place.open();
    let log = place.path().with_extension("db-wal");
    for n in 1..=120 {
        let mut large = message(n, AINO, &["plan"]);
        large.record = vec![b'x'; MIB];
        accept(&journal, large).await;
    }
    let beside = fs::metadata(&log).unwrap().len() as usize / MIB;
    assert!(beside <= 70, "{beside} MiB");
    let kept = everything(&journal);
    drop(journal);
    assert_eq!(everything(&place.open()), kept);
}

#[tokio::test]
async fn a_failing_command_spoils_only_itself() {
    let place = File::make();
    let journal = place.open();
    let (hold, has_started, release) = Hold::new();
    let held = tokio::spawn({
        let journal = journal.clone();
        async move { journal.write(hold).await }
    });
    tokio::task::spawn_blocking(move || has_started.recv()).await.unwrap().unwrap();
    let bad = "insert into counter values ('half', 1); insert into nowhere values (1)";
    let mut good = join_all((1..=3).map(|n| accept(&journal, message(n, AINO, &["plan"])))).boxed();
    let mut failing = Box::pin(journal.write(Run(bad)));
    let mut late = join_all((4..=6).map(|n| accept(&journal, message(n, EINO, &["plan"])))).boxed();
    // Polled once, each is in the writer's queue: the bad one in the middle of the group.
    assert!((&mut good).now_or_never().is_none());
    assert!((&mut failing).now_or_never().is_none());
    assert!((&mut late).now_or_never().is_none());
    drop(release);
    let (good, failed, late) = tokio::join!(good, failing, late);
    assert!(matches!(failed, Err(Error::Storage(_))), "{failed:?}");
    let seqs: Vec<_> = good.iter().chain(&late).map(|a| a.seq).collect();
    assert_eq!(seqs, (1..=6).map(Some).collect::<Vec<_>>(), "each once, in order");
    assert_eq!(journal.read_now(read::pending_count), Ok(6));
    let half = journal.read_now(|c| {
        c.one("select count(*) from counter where name = 'half'", &[], |row| row.get(0))
    });
    assert_eq!(half, Ok(0_i64), "nothing of the failed one is kept");
    held.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_the_writer_cannot_hold_is_turned_away_whole() {
    let place = File::make();
    let journal = place.open();
    let (hold, has_started, release) = Hold::new();
    let held = journal.write(hold);
    let flood = join_all((0..9000).map(|n| journal.write(Probe { at: at(n) })));
    let free = async {
        tokio::task::spawn_blocking(move || has_started.recv()).await.unwrap().unwrap();
        drop(release);
    };
    let (held, flood, ()) = tokio::join!(held, flood, free);
    assert_eq!(held, Ok(()));
    let taken = flood.iter().filter(|answer| answer.is_ok()).count();
    let turned_away = flood.iter().filter(|answer| **answer == Err(Error::Busy)).count();
    assert_eq!(taken + turned_away, 9000, "every asker gets one of two answers");
    assert!(taken >= 8191 && turned_away > 0, "{taken} taken");
    accept(&journal, message(1, AINO, &["plan"])).await;
}

#[tokio::test]
async fn a_full_disk_refuses_and_keeps_nothing_by_halves() {
    let place = File::make();
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry", "plan"])).await;
    journal.write(Run("pragma max_page_count = 1")).await.unwrap();
    let large = |n| {
        let mut large = message(n, AINO, &["malli-ry", "plan"]);
        large.record = vec![b'x'; 100_000];
        large
    };
    let before = everything(&journal);
    let refused = journal.write(large(2)).await;
    assert!(matches!(&refused, Err(Error::Storage(why)) if why.contains("full")), "{refused:?}");
    assert_eq!(everything(&journal), before);
    journal.write(Run("pragma max_page_count = 1000000")).await.unwrap();
    assert_eq!(accept(&journal, large(2)).await.seq, Some(2), "with room again it goes on");
    assert_eq!(journal.read_now(read::pending_count), Ok(4));
}

/// The tree must never lack a leaf of what the log has: neither is there without the other.
#[tokio::test]
async fn an_entry_without_its_leaf_is_not_written() {
    let place = File::make();
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry"])).await;
    let trigger = "create temp trigger leafless before insert on main.leaf
                   begin select raise(abort, 'no leaf'); end";
    journal.write(Run(trigger)).await.unwrap();
    let before = everything(&journal);
    let ready = delivery(&journal, delivery_id(1, 0));
    let intent = || advance(&ready, State::Sending, Phase::Intent, 2);
    assert!(matches!(journal.write(intent()).await, Err(Error::Storage(_))));
    assert_eq!(everything(&journal), before);
    journal.write(Run("drop trigger temp.leafless")).await.unwrap();
    assert_eq!(journal.write(intent()).await, Ok(Ok(())), "with a leaf again it goes on");
}

#[test]
fn a_file_of_another_make_is_refused() {
    let place = File::make();
    drop(place.open());
    let path = place.0.path().join("journal.db");
    let raise = Connection::open(&path).unwrap();
    raise.pragma_update(None, "user_version", 99).unwrap();
    let newer = Journal::open(&path, masters(&[7])).err();
    assert!(matches!(newer, Some(Error::Schema { found: 99, known: 1.. })), "{newer:?}");
    let kept: i64 = raise.query_row("pragma user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 99, "and left as it is");
    let text = place.0.path().join("notes.txt");
    fs::write(&text, "no database, but long enough to have a header of its own".repeat(20))
        .unwrap();
    for path in [text, place.0.path().join("missing/journal.db")] {
        assert!(
            matches!(Journal::open(&path, masters(&[7])).err(), Some(Error::Storage(_))),
            "{path:?}"
        );
    }
}
