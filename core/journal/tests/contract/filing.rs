//! Taking the records of one file in: all of them, or none.

use std::fs;

use luotsi_journal::{
    Journal,
    command::{Accept, AcceptAll, Accepted, AllRejected, Digests, Effect, Rejected},
    read,
};
use luotsi_model::task::{Illegal, Status};

use crate::{
    Place,
    sqlite::File,
    world::{
        AINO, EINO, accept, consent, delivery, delivery_id, directing, everything, message,
        withdrawal,
    },
};

fn file(key: u8, body: u8, messages: Vec<Accept>) -> AcceptAll {
    AcceptAll { messages, idempotency: Digests { key: [key; 32], body: [body; 32] } }
}

fn rows(from: u8, count: u8) -> Vec<Accept> {
    (from..from + count).map(|n| message(n, AINO, &["malli-ry", "plan"])).collect()
}

fn answering(n: u8, to: Status) -> Accept {
    let effect = Effect::Answer { delivery: delivery_id(1, 0), to };
    Accept { effect, ..message(n, AINO, &["serena"]) }
}

async fn taken(journal: &Journal, file: AcceptAll) -> Vec<Accepted> {
    journal.write(file).await.expect("durable").expect("accepted")
}

pub(crate) async fn the_same_file_gives_the_same_receipts(place: &impl Place) {
    let journal = place.open();
    let mut messages = rows(1, 3);
    messages.push(directing(4, EINO, consent("S-1", EINO)));
    let first = taken(&journal, file(7, 1, messages)).await;
    let seqs: Vec<_> = first.iter().map(|one| one.seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4].map(Some), "in the order of the file");
    let before = everything(&journal);
    let again = taken(&journal, file(7, 1, rows(11, 2))).await;
    let told = |one: Accepted| Accepted { seq: None, deliveries: Vec::new(), ..one };
    assert_eq!(again, first.into_iter().map(told).collect::<Vec<_>>(), "the earlier ones");
    let other = journal.write(file(7, 2, rows(21, 2))).await.unwrap();
    assert_eq!(other, Err(AllRejected::KeyReused));
    let mut single = message(31, AINO, &["plan"]);
    single.idempotency = Some(Digests { key: [7; 32], body: [2; 32] });
    assert_eq!(journal.write(single).await.unwrap(), Err(Rejected::KeyReused));
    assert_eq!(everything(&journal), before);
}

/// Whatever of it was taken before the bad ones is undone; what others wrote stays.
pub(crate) async fn a_bad_record_of_many_leaves_none_and_all_bad_ones_are_named(
    place: &impl Place,
) {
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry"])).await;
    let before = everything(&journal);
    let mut messages = rows(2, 2);
    messages.push(answering(4, Status::Accepted));
    messages.push(directing(5, AINO, consent("S-1", AINO)));
    messages.push(answering(6, Status::Requested));
    messages.push(directing(7, AINO, withdrawal("S-9")));
    messages.extend(rows(8, 2));
    let refused = journal.write(file(7, 1, messages)).await.unwrap();
    let illegal = Illegal { from: Status::Accepted, to: Status::Requested };
    let bad = vec![(4, Rejected::Illegal(illegal)), (5, Rejected::UnknownDirective)];
    assert_eq!(refused, Err(AllRejected::Messages(bad)));
    assert_eq!(everything(&journal), before);
    assert_eq!(delivery(&journal, delivery_id(1, 0)).task, Status::Requested);
    // The key was not used up by what was refused.
    assert_eq!(taken(&journal, file(7, 2, rows(20, 2))).await.len(), 2);
    // Within a file a later record goes by what an earlier one changed.
    let steps = [Status::Accepted, Status::InProgress, Status::Completed];
    let steps = steps.into_iter().zip(30..).map(|(to, n)| answering(n, to)).collect();
    assert_eq!(taken(&journal, file(8, 1, steps)).await.len(), 3);
}

/// A power cut leaves the write-ahead log at any length.
#[tokio::test]
async fn a_log_cut_anywhere_holds_the_whole_file_or_nothing_of_it() {
    const COUNT: u8 = 40;
    let place = File::make();
    let journal = place.open();
    accept(&journal, message(200, EINO, &["plan"])).await;
    let path = place.path();
    let log_path = path.with_extension("db-wal");
    let earlier = fs::metadata(&log_path).unwrap().len();
    taken(&journal, file(7, 1, rows(1, COUNT))).await;
    let (whole, log) = (fs::read(&path).unwrap(), fs::read(&log_path).unwrap());
    let mut seen = Vec::new();
    for cut in (earlier as usize..=log.len()).step_by(1021).chain([log.len()]) {
        let crashed = File::make();
        fs::write(crashed.path(), &whole).unwrap();
        fs::write(crashed.path().with_extension("db-wal"), &log[..cut]).unwrap();
        let crashed = crashed.open();
        let messages = crashed.read_now(|c| read::messages_after(c, 0, 1000)).unwrap().len();
        let pending = crashed.read_now(read::pending_count).unwrap();
        assert!([(1, 1), (41, 81)].contains(&(messages, pending)), "{messages}, cut at {cut}");
        seen.push(messages);
    }
    assert!(seen.contains(&1) && seen.last() == Some(&41), "{seen:?}");
}
