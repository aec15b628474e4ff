//! Moving deliveries to their ends.

use futures::future::join_all;
use luotsi_journal::{
    Journal, Phase, State,
    command::{Advance, Bury, Lost, Recover},
    read,
};
use luotsi_model::DeliveryId;

use crate::{
    Place,
    world::{
        AINO, accept, advance, at, conclude, consent, delivery, delivery_id, directing, everything,
        guard, message, send,
    },
};

pub(crate) async fn a_move_decided_on_old_directives_is_not_made(place: &impl Place) {
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry"])).await;
    accept(&journal, directing(2, AINO, consent("S-1", AINO))).await;
    let moved = |to, phase, epoch| Advance {
        guard: guard(AINO, epoch),
        ..advance(&delivery(&journal, delivery_id(1, 0)), to, phase, 3)
    };
    let before = everything(&journal);
    let cases = [
        (State::Sending, Phase::Intent, 0),
        (State::Sending, Phase::Intent, 2),
        (State::Refused, Phase::Refusal, 0),
        (State::Waiting, Phase::Wait, 0),
    ];
    for (to, phase, epoch) in cases {
        let lost = journal.write(moved(to, phase, epoch)).await.unwrap();
        assert_eq!(lost, Err(Lost::Stale), "{to:?} at epoch {epoch}");
    }
    assert_eq!(everything(&journal), before);
    assert_eq!(journal.write(moved(State::Sending, Phase::Intent, 1)).await, Ok(Ok(())));
    assert_eq!(delivery(&journal, delivery_id(1, 0)).state, State::Sending);
}

pub(crate) async fn a_move_starts_where_the_delivery_is(place: &impl Place) {
    use Phase::{Intent, Outcome, Refusal, Wait};
    use State::{Dead, Delivered, Ready, Refused, Replayed, Sending, Settled, Waiting};
    let all = [
        (Sending, Intent),
        (Waiting, Wait),
        (Refused, Refusal),
        (Delivered, Outcome),
        (Ready, Outcome),
        (Dead, Outcome),
    ];
    let reach: [(State, &[(State, Phase)]); 6] = [
        (Ready, &[]),
        (Waiting, &[(Waiting, Wait)]),
        (Sending, &[(Sending, Intent)]),
        (Delivered, &[(Sending, Intent), (Delivered, Outcome)]),
        (Refused, &[(Refused, Refusal)]),
        (Dead, &[(Sending, Intent), (Dead, Outcome)]),
    ];
    let journal = place.open();
    for (n, ((from, way), (to, phase))) in
        (1..).zip(reach.iter().flat_map(|reach| all.iter().map(move |last| (*reach, *last))))
    {
        accept(&journal, message(n, AINO, &["malli-ry"])).await;
        for (to, phase) in way {
            step(&journal, delivery_id(n, 0), *to, *phase).await.expect("on the way");
        }
        let before = everything(&journal);
        let moved = step(&journal, delivery_id(n, 0), to, phase).await;
        let legal = match from {
            Ready | Waiting => phase != Outcome,
            Sending => phase == Outcome,
            Delivered | Refused | Dead | Replayed | Settled | State::Held => false,
        };
        assert_eq!(moved, if legal { Ok(()) } else { Err(Lost::Elsewhere) }, "{from:?} {to:?}");
        assert_eq!(everything(&journal) == before, !legal, "{from:?} → {to:?}");
    }
}

async fn step(journal: &Journal, id: DeliveryId, to: State, phase: Phase) -> Result<(), Lost> {
    journal.write(advance(&delivery(journal, id), to, phase, 50)).await.expect("durable")
}

pub(crate) async fn recovering_closes_each_open_send_once(place: &impl Place) {
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry", "home-care", "plan"])).await;
    let [retried, fresh, done] = [0, 1, 2].map(|index| delivery_id(1, index));
    send(&journal, retried, 2).await;
    conclude(&journal, retried, State::Ready, 900).await;
    send(&journal, retried, 4).await;
    send(&journal, fresh, 5).await;
    send(&journal, done, 6).await;
    conclude(&journal, done, State::Delivered, 7).await;
    drop(journal);

    let journal = place.open();
    assert_eq!(journal.write(Recover { at: at(10), destination: None, fence: None }).await, Ok(2));
    let trail = journal.read_now(|c| read::trail(c, 1)).unwrap();
    let closed = trail.iter().filter(|e| e.result.as_deref() == Some("interrupted"));
    let mut closed: Vec<_> = closed.map(|e| (e.delivery, e.attempt, e.phase)).collect();
    closed.sort_unstable_by_key(|(id, ..)| *id);
    let outcome = Phase::Outcome;
    assert_eq!(closed, [(Some(retried), 2, outcome), (Some(fresh), 1, outcome)]);
    for id in [retried, fresh] {
        let found = delivery(&journal, id);
        assert_eq!((found.state, found.due), (State::Ready, at(10)));
    }
    assert_eq!(delivery(&journal, done).state, State::Delivered);
    let before = everything(&journal);
    assert_eq!(journal.write(Recover { at: at(11), destination: None, fence: None }).await, Ok(0));
    assert_eq!(everything(&journal), before);
}

pub(crate) async fn a_burial_closes_what_stands_open(place: &impl Place) {
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry", "home-care", "plan"])).await;
    let [under_way, idle, done] = [0, 1, 2].map(|index| delivery_id(1, index));
    send(&journal, under_way, 2).await;
    send(&journal, done, 2).await;
    conclude(&journal, done, State::Delivered, 3).await;
    let bury = |delivery| Bury { delivery, at: at(9), cause: "a defect".into() };
    for (id, is_buried, attempts) in [(under_way, true, 1), (idle, true, 0), (done, false, 1)] {
        assert_eq!(journal.write(bury(id)).await, Ok(is_buried));
        assert_eq!(journal.write(bury(id)).await, Ok(false), "once");
        let found = delivery(&journal, id);
        assert_eq!((found.state == State::Dead, found.attempts), (is_buried, attempts));
    }
    let trail = journal.read_now(|c| read::trail(c, 1)).unwrap();
    let failed = trail.iter().filter(|e| e.result.as_deref() == Some("failed"));
    let failed: Vec<_> = failed.map(|e| (e.delivery, e.phase, e.attempt)).collect();
    assert_eq!(failed, [(Some(under_way), Phase::Outcome, 1)]);
}

/// However the writer groups them: what comes at once ends as if one had come after the other.
pub(crate) async fn what_moves_at_once_moves_as_one_after_the_other(place: &impl Place) {
    let journal = place.open();
    accept(&journal, directing(1, AINO, consent("S-1", AINO))).await;
    let taken = (2..10).map(|n| accept(&journal, message(n, AINO, &["malli-ry", "home-care"])));
    let taken = join_all(taken).await;
    let moves = taken.iter().enumerate().flat_map(|(index, accepted)| {
        let n = index as u8 + 2;
        assert_eq!(accepted.deliveries, [0, 1].map(|i| delivery(&journal, delivery_id(n, i)).seq));
        let intent = |index, epoch| {
            let delivery = delivery(&journal, delivery_id(n, index));
            let intent = advance(&delivery, State::Sending, Phase::Intent, 20);
            journal.write(Advance { guard: guard(AINO, epoch), ..intent })
        };
        // Of two to one delivery the first wins; what was decided on other directives does not move.
        [intent(0, 1), intent(0, 1), intent(1, 0)]
    });
    let ends: Vec<_> = join_all(moves.collect::<Vec<_>>()).await;
    for (ends, n) in ends.chunks(3).zip(2..) {
        assert_eq!(ends, [Ok(Ok(())), Ok(Err(Lost::Elsewhere)), Ok(Err(Lost::Stale))], "{n}");
        let states = [0, 1].map(|index| delivery(&journal, delivery_id(n, index)).state);
        assert_eq!(states, [State::Sending, State::Ready]);
        let seq = delivery(&journal, delivery_id(n, 0)).message;
        let trail = journal.read_now(|c| read::trail(c, seq)).unwrap();
        let logged: Vec<_> = trail.iter().map(|entry| entry.delivery).collect();
        assert_eq!(logged, [Some(delivery_id(n, 0))]);
    }
}
