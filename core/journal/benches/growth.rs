//! What a message costs as the journal grows, and how long a write waits while retention prunes.
//!
//! ```text
//! cargo bench -p luotsi-journal --bench growth                          to 10^6 messages, in a file
//! LUOTSI_BENCH_DATABASE=postgres://… cargo bench -p luotsi-journal --bench growth
//! LUOTSI_BENCH_TO=100000 cargo bench …                                  not so far
//! LUOTSI_BENCH_FILE=journal.db cargo bench …                            in this file, which stays
//! ```
//!
//! A message is accepted with one delivery, which is sent: three commands and two entries of the log,
//! 256 messages under way at once. The tables are made where the database has none.

#![expect(clippy::unwrap_used, reason = "a benchmark stops where its ground gives way")]

use std::{
    fs,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use luotsi_journal::{
    Accounting, Connection, Database, Entry, GroundEntry, Journal, Key, Log, Masters, Phase, State,
    command::{Accept, Advance, Effect, NewDelivery, Prune},
    migrate,
};
use luotsi_model::{
    Categories, Category, ClientRef, DeliveryId, Envelope, GenerationId, Kind, MessageId,
    OrganisationId, Purpose, SystemId,
};
use uuid::Uuid;

const UNDER_WAY: usize = 256;
/// Messages measured at each size.
const MEASURED: u64 = 10_000;
/// As the hub prunes.
const PRUNED_AT_ONCE: usize = 250;
/// The longest that it is looked at: what load there is meanwhile stays. As long without it: what a disk
/// does once in some seconds shows in both.
const PRUNED_FOR: Duration = Duration::from_secs(30);

fn main() {
    let to: u64 = std::env::var("LUOTSI_BENCH_TO").map_or(1_000_000, |to| to.parse().unwrap());
    let folder = tempfile::TempDir::new_in(".").unwrap();
    let database = match std::env::var("LUOTSI_BENCH_DATABASE") {
        Ok(url) => Database::of_url(&url).unwrap(),
        Err(_) => match std::env::var("LUOTSI_BENCH_FILE") {
            Ok(path) => std::path::Path::new(&path).into(),
            Err(_) => folder.path().join("journal.db").as_path().into(),
        },
    };
    if matches!(database, Database::Server(_)) {
        migrate(&database).unwrap();
    }
    let journal = Journal::open(database.clone(), Masters::new(&Key::new([7; 32]), &[]).unwrap());
    let journal = journal.unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        // What is there already is gone on from: two journals can so be measured by turns.
        let found = Connection::open(&database).unwrap();
        let last = "select coalesce(max(seq), 0) from message";
        let mut there = found.one(last, &[], |row| row.get(0)).unwrap();
        drop(found);
        if there > 0 {
            measure(&journal, &database, there, there + MEASURED).await;
            return;
        }
        for size in [10_000, 100_000, 1_000_000].into_iter().filter(|size| *size <= to) {
            // On the way it has whatever a server does behind its users' backs.
            measure(&journal, &database, there, size - MEASURED).await;
            measure(&journal, &database, size - MEASURED, size).await;
            there = size;
        }
        prune(&journal, there).await;
    });
}

async fn measure(journal: &Journal, database: &Database, from: u64, to: u64) {
    if from == to {
        return;
    }
    let (begun, before) = (Instant::now(), cpu(database));
    let waits = fill(journal, from, to).await;
    let (seconds, after) = (begun.elapsed().as_secs_f64(), cpu(database));
    let each = |cpu: f64| cpu * 1e6 / (to - from) as f64;
    println!(
        "{from:>8} to {to:>8} messages: {:.0}/s, CPU a message {:.0} µs here, {:.0} µs at the server, a write waits {}",
        (to - from) as f64 / seconds,
        each(after.0 - before.0),
        each(after.1 - before.1),
        spread(waits),
    );
}

/// Entries of twelve years ago go, a bite after the other as the hub takes them, while messages come.
async fn prune(journal: &Journal, there: u64) {
    let (begun, mut quiet, mut there) = (Instant::now(), Vec::new(), there);
    while begun.elapsed() < PRUNED_FOR {
        quiet.extend(fill(journal, there, there + 1000).await);
        there += 1000;
    }
    let quiet = spread(quiet);
    let (log, before, at) = (Log::Disclosure, now(there), now(there));
    let mut alone = Vec::new();
    for _ in 0..20 {
        let bite = Instant::now();
        journal.write(Prune { log, before, at, most: PRUNED_AT_ONCE }).await.unwrap();
        alone.push(bite.elapsed());
    }
    println!("a bite of {PRUNED_AT_ONCE} entries without other load {}", spread(alone));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let load = async {
        let mut waits = Vec::new();
        let mut next = there;
        while !*stopped.borrow() {
            waits.extend(fill(journal, next, next + 1000).await);
            next += 1000;
        }
        waits
    };
    let pruning = async {
        let (begun, mut bites, mut entries) = (Instant::now(), Vec::new(), 0);
        loop {
            let bite = Instant::now();
            let prune = Prune { log, before, at, most: PRUNED_AT_ONCE };
            let pruned = journal.write(prune).await.unwrap();
            bites.push(bite.elapsed());
            entries += pruned.entries;
            if !pruned.more || begun.elapsed() > PRUNED_FOR {
                break;
            }
            tokio::time::sleep(bite.elapsed()).await;
        }
        stop.send(true).unwrap();
        (begun.elapsed(), bites, entries)
    };
    let (waits, (took, bites, entries)) = tokio::join!(load, pruning);
    println!("pruned {entries} entries in {:.1} s, a bite {}", took.as_secs_f64(), spread(bites));
    println!("meanwhile a write waits {}; without pruning {quiet}", spread(waits));
}

fn spread(mut waits: Vec<Duration>) -> String {
    waits.sort_unstable();
    let at = |percent: usize| waits[(waits.len() * percent / 100).min(waits.len() - 1)];
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    format!("p50 {:.1} p99 {:.1} max {:.1} ms", ms(at(50)), ms(at(99)), ms(at(100)))
}

/// User and system time so far, in s: of this process, and of a server on this machine.
fn cpu(database: &Database) -> (f64, f64) {
    let server = matches!(database, Database::Server(_)).then(|| {
        let connection = Connection::open(database).unwrap();
        let sql = "select pg_backend_pid()";
        let backend: i64 = connection.one(sql, &[], |row| row.get(0)).unwrap();
        let postmaster = stat(&backend.to_string()).unwrap()[1];
        let all = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let stat = stat(entry.ok()?.file_name().to_str()?)?;
            (stat[1] == postmaster).then(|| ticks(&stat[11..13]))
        });
        // Those that have ended are counted with their parent.
        let ended = stat(&postmaster.to_string()).unwrap();
        all.sum::<f64>() + ticks(&ended[13..15])
    });
    (ticks(&stat("self").unwrap()[11..13]), server.unwrap_or(0.0))
}

/// The numbers of `/proc/<pid>/stat` from the state on.
fn stat(pid: &str) -> Option<Vec<u64>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect())
}

fn ticks(fields: &[u64]) -> f64 {
    fields.iter().sum::<u64>() as f64 / 100.0
}

/// Takes messages `from..to` to their ends; how long each write waited.
async fn fill(journal: &Journal, from: u64, to: u64) -> Vec<Duration> {
    let each = stream::iter(from..to).map(|n| one(journal, n)).buffer_unordered(UNDER_WAY);
    each.fold(Vec::new(), |mut waits, own| async move {
        waits.extend(own);
        waits
    })
    .await
}

async fn one(journal: &Journal, n: u64) -> [Duration; 3] {
    let begun = Instant::now();
    let accepted = journal.write(message(n)).await.unwrap().unwrap();
    let taken = begun.elapsed();
    let place = accepted.deliveries[0];
    let begun = Instant::now();
    journal.write(advance(n, place, State::Sending, intent(n))).await.unwrap().unwrap();
    let decided = begun.elapsed();
    let begun = Instant::now();
    let outcome = intent(n).outcome(now(n), "delivered");
    journal.write(advance(n, place, State::Delivered, outcome)).await.unwrap().unwrap();
    [taken, decided, begun.elapsed()]
}

/// A millisecond a message, so that all of them are older than the last.
fn now(n: u64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_millis(n as i64)
}

/// As a hub makes them: of the time of day, so that they lie beside each other.
fn id(n: u64, which: u64) -> Uuid {
    Uuid::from_u128(u128::from(n) << 64 | 0x7000_8000 << 32 | u128::from(which))
}

fn client(n: u64) -> ClientRef {
    ClientRef::new(format!("c-{:024x}", n % 1000))
}

fn message(n: u64) -> Accept {
    Accept {
        envelope: Envelope {
            id: MessageId(id(n, 0)),
            kind: Kind::new("referral"),
            source: SystemId::new("serena"),
            controller: OrganisationId::new("mallikunta"),
            subject: Some(client(n)),
            service: None,
            answers: None,
            replays: None,
            received: now(n),
            generation: GenerationId::new("2026-11-21-0123456789ab"),
            traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        },
        reference: Some(format!("L-{n:08}")),
        record: vec![b'x'; 1700],
        accounting: Accounting { mapped: 30, routes: vec!["care".into()], ..Accounting::default() },
        deliveries: vec![NewDelivery {
            id: DeliveryId(id(n, 1)),
            destination: SystemId::new("malli-ry"),
            purpose: Purpose::new("peer-support"),
            deadline: now(n) + SignedDuration::from_hours(24 * 14),
        }],
        idempotency: None,
        effect: Effect::None,
    }
}

fn advance(n: u64, place: i64, to: State, entry: Entry) -> Advance {
    Advance {
        delivery: Some(place),
        to,
        due: now(n),
        attempts: 0,
        cause: None,
        entry: Some(entry),
        guard: None,
        fence: None,
    }
}

fn intent(n: u64) -> Entry {
    let fields = |from, to| (from..to).map(|n| format!("client.field_{n}")).collect();
    let categories = Categories::NONE.with(Category::Need).with(Category::Identity);
    Entry {
        phase: Phase::Intent,
        at: now(n),
        client: Some(client(n)),
        message: Some(MessageId(id(n, 0))),
        delivery: Some(DeliveryId(id(n, 1))),
        source: SystemId::new("serena"),
        recipient: SystemId::new("malli-ry"),
        purpose: Purpose::new("peer-support"),
        kind: Kind::new("referral"),
        generation: GenerationId::new("2026-11-21-0123456789ab"),
        attempt: 1,
        shown: None,
        fields: fields(0, 20),
        withheld: fields(20, 30),
        lossy: Vec::new(),
        categories,
        grounds: vec![GroundEntry {
            basis: "consent".into(),
            rule: "third sector by consent".into(),
            directive: Some("S-1".into()),
            version: Some(2),
            reason: None,
            categories,
        }],
        result: None,
    }
}
