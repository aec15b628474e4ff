//! Taking messages in.

use luotsi_journal::{
    Journal,
    command::{Accept, Accepted, Digests, Effect, PutPlan, Rejected, Stale},
    read,
};
use luotsi_model::{
    ClientRef,
    task::{Illegal, Status},
};

use crate::{
    Place,
    world::{
        AINO, accept, at, consent, delivery, delivery_id, directing, everything, message,
        withdrawal,
    },
};

fn keyed(message: Accept, key: u8, body: u8) -> Accept {
    Accept { idempotency: Some(Digests { key: [key; 32], body: [body; 32] }), ..message }
}

fn answering(n: u8, to: Status) -> Accept {
    let effect = Effect::Answer { delivery: delivery_id(1, 0), to };
    Accept { effect, ..message(n, AINO, &["serena"]) }
}

fn planning(n: u8, replaces: u64) -> Accept {
    let put = PutPlan {
        client: ClientRef::new(AINO),
        record: b"{}".to_vec(),
        replaces,
        id: uuid::Uuid::from_u128(7),
        at: at(i64::from(n)),
    };
    Accept { effect: Effect::Plan(put), ..message(n, AINO, &[]) }
}

pub(crate) async fn what_is_accepted_outlives_the_hub(place: &impl Place) {
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry", "home-care"])).await;
    accept(&journal, directing(2, AINO, consent("S-1", AINO))).await;
    accept(&journal, planning(3, 0)).await;
    accept(&journal, answering(4, Status::Accepted)).await;
    let before = everything(&journal);
    drop(journal);
    let after = everything(&place.open());
    assert_eq!(before, after);
    assert!(after["deliveries 00000000-0000-0001-0000-000000000000"].contains("home-care"));
    assert!(after["directives c-aino"].contains("S-1"));
}

pub(crate) async fn the_same_key_gives_the_same_receipt(place: &impl Place) {
    let journal = place.open();
    let first = accept(&journal, keyed(message(1, AINO, &["malli-ry", "plan"]), 7, 1)).await;
    assert_eq!(first.deliveries.len(), 2);
    let before = everything(&journal);
    let again = accept(&journal, keyed(message(2, AINO, &["malli-ry"]), 7, 1)).await;
    let expected = Accepted { seq: None, deliveries: Vec::new(), ..first.clone() };
    assert_eq!(again, expected, "the earlier message, and no work from it");
    let other = journal.write(keyed(message(3, AINO, &[]), 7, 2)).await.unwrap();
    assert_eq!(other, Err(Rejected::KeyReused));
    assert_eq!(everything(&journal), before);
    let mut elsewhere = keyed(message(4, AINO, &[]), 7, 2);
    elsewhere.envelope.source = "home-care".into();
    assert!(accept(&journal, elsewhere).await.seq.is_some(), "a key is its sender's own");
}

pub(crate) async fn one_key_at_the_same_moment_is_one_message(place: &impl Place) {
    let journal = place.open();
    let attempts = (1..=20).map(|n| accept(&journal, keyed(message(n, AINO, &["plan"]), 7, 1)));
    let receipts = futures::future::join_all(attempts).await;
    assert!(receipts.iter().all(|r| r.message == receipts[0].message));
    assert_eq!(receipts.iter().filter(|r| r.seq.is_some()).count(), 1);
    assert_eq!(journal.read_now(read::pending_count), Ok(1));
}

pub(crate) async fn a_rejection_writes_nothing(place: &impl Place) {
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry"])).await;
    accept(&journal, directing(2, AINO, consent("S-1", AINO))).await;
    accept(&journal, planning(3, 0)).await;
    let illegal = Illegal { from: Status::Requested, to: Status::Completed };
    let mut nobodys = directing(9, AINO, consent("S-9", AINO));
    nobodys.envelope.subject = None;
    let cases = [
        (answering(9, Status::Completed), Rejected::Illegal(illegal)),
        (directing(9, AINO, withdrawal("S-2")), Rejected::UnknownDirective),
        (nobodys, Rejected::UnknownDirective),
        (planning(9, 0), Rejected::PlanVersion(Stale { version: 1 })),
        (planning(9, 2), Rejected::PlanVersion(Stale { version: 1 })),
    ];
    for (message, rejected) in cases {
        check_rejected(&journal, message, &rejected).await;
    }
}

async fn check_rejected(journal: &Journal, message: Accept, rejected: &Rejected) {
    let before = everything(journal);
    let answer = journal.write(keyed(message, 9, 9)).await.unwrap();
    assert_eq!(answer.as_ref(), Err(rejected));
    assert_eq!(everything(journal), before, "{rejected:?}");
}

pub(crate) async fn a_task_moves_by_its_legal_steps(place: &impl Place) {
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry"])).await;
    let steps = [Status::Accepted, Status::InProgress, Status::OnHold, Status::Completed];
    for (n, to) in (2..).zip(steps) {
        accept(&journal, answering(n, to)).await;
        assert_eq!(delivery(&journal, delivery_id(1, 0)).task, to);
    }
    let after_the_end = journal.write(answering(9, Status::InProgress)).await.unwrap();
    assert!(matches!(after_the_end, Err(Rejected::Illegal(_))));
}
