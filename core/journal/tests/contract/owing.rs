//! What a refusal owes its sender.

use std::collections::BTreeMap;

use jiff::Timestamp;
use luotsi_journal::{
    Journal, Phase, State,
    command::{Accept, Effect, Refuse},
    read,
};
use luotsi_model::{ClientRef, task::Status};

use crate::{
    Place,
    world::{
        AINO, EINO, accept, advance, at, consent, delivery, delivery_id, directing, everything,
        message,
    },
};

async fn refuse(journal: &Journal, n: u8, tell: Option<Timestamp>) {
    let refused = delivery(journal, delivery_id(n, 0));
    let end = advance(&refused, State::Refused, Phase::Refusal, 50);
    journal.write(Refuse { end, tell }).await.unwrap().unwrap();
}

fn telling(n: u8, of: u8) -> Accept {
    let effect = Effect::Told { delivery: delivery_id(of, 0) };
    Accept { effect, ..message(n, AINO, &["serena"]) }
}

fn untold(journal: &Journal, second: i64) -> Vec<u128> {
    let owed = journal.read_now(|c| read::untold(c, at(second), 10)).unwrap();
    owed.iter().map(|delivery| delivery.id.0.as_u128() >> 64).collect()
}

pub(crate) async fn what_is_owed_is_found_by_its_time_and_settled_once(place: &impl Place) {
    let journal = place.open();
    for (n, client) in [(1, AINO), (2, EINO), (3, AINO), (4, AINO)] {
        accept(&journal, message(n, client, &["malli-ry"])).await;
    }
    refuse(&journal, 3, Some(at(100))).await;
    refuse(&journal, 1, Some(at(100))).await;
    refuse(&journal, 2, Some(at(90))).await;
    refuse(&journal, 4, None).await;
    assert_eq!(untold(&journal, 89), [0; 0]);
    assert_eq!(untold(&journal, 100), [2, 1, 3], "by their time, then as they were accepted");
    let of = |client| journal.read_now(move |c| read::untold_of(c, &ClientRef::new(client)));
    assert_eq!((of(AINO).unwrap().len(), of(EINO).unwrap().len()), (2, 1));
    let about = |journal: &Journal| {
        let all = journal.read_now(read::untold_refusals).unwrap();
        let all = all.into_iter().map(|one| (one.client.as_str().to_owned(), one.epoch));
        all.collect::<BTreeMap<_, _>>()
    };
    let epochs = |all: &[(&str, u64)]| all.iter().map(|(c, e)| ((*c).to_owned(), *e)).collect();
    assert_eq!(about(&journal), epochs(&[(AINO, 0), (EINO, 0)]));
    accept(&journal, directing(8, AINO, consent("S-1", AINO))).await;
    assert_eq!(about(&journal), epochs(&[(AINO, 1), (EINO, 0)]), "her directives have changed");
    let first = accept(&journal, telling(5, 2)).await;
    let before = everything(&journal);
    let again = accept(&journal, telling(6, 2)).await;
    assert_eq!((again.message, again.deliveries), (first.message, Vec::new()));
    assert_eq!(everything(&journal), before, "told again is not told");
    // What is owed and what is settled outlive the hub.
    drop(journal);
    let journal = place.open();
    assert_eq!(untold(&journal, 100), [1, 3]);
    assert_eq!(journal.read_now(read::next_untold), Ok(Some(at(100))));
    assert_eq!(delivery(&journal, delivery_id(2, 0)).told, Some(first.message));
}

/// The task ends with the delivery, unless the recipient has answered: then its word stands.
pub(crate) async fn a_refused_delivery_ends_its_task(place: &impl Place) {
    let journal = place.open();
    for n in [1, 2] {
        accept(&journal, message(n, AINO, &["malli-ry"])).await;
    }
    let answer = |n, of| Accept {
        effect: Effect::Answer { delivery: delivery_id(of, 0), to: Status::Accepted },
        ..message(n, AINO, &[])
    };
    accept(&journal, answer(3, 1)).await;
    refuse(&journal, 1, Some(at(100))).await;
    refuse(&journal, 2, Some(at(100))).await;
    let task = |n| {
        (delivery(&journal, delivery_id(n, 0)).task, delivery(&journal, delivery_id(n, 0)).tell)
    };
    assert_eq!(task(1), (Status::Accepted, None));
    assert_eq!(task(2), (Status::Rejected, Some(at(100))));
    assert!(journal.write(answer(4, 2)).await.unwrap().is_err(), "an answer comes too late");
}
