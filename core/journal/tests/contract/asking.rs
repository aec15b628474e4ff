//! Questions.

use std::thread;

use luotsi_journal::{Journal, Phase, State, command::Advance, read};
use luotsi_model::{ClientRef, SystemId};

use crate::{
    Place,
    world::{AINO, EINO, accept, advance, at, conclude, delivery, delivery_id, message, send},
};

async fn wait(journal: &Journal, n: u8, index: usize) {
    let wait = advance(&delivery(journal, delivery_id(n, index)), State::Waiting, Phase::Wait, 99);
    let wait = Advance { due: at(100 + i64::from(n)), ..wait };
    journal.write(wait).await.unwrap().unwrap();
}

fn places(found: &[read::Delivery]) -> Vec<i64> {
    found.iter().map(|delivery| delivery.seq).collect()
}

pub(crate) async fn a_question_sees_one_moment(place: &impl Place) {
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry"])).await;
    let id = delivery_id(1, 0);
    let of = delivery(&journal, id).message;
    let (state, trail) = journal
        .read_now(|c| {
            let found = read::delivery(c, id)?.expect("a delivery");
            // The writer commits between two statements of the question.
            let sent = || {
                let runtime = tokio::runtime::Builder::new_current_thread().build();
                runtime.expect("a runtime").block_on(send(&journal, id, 50));
            };
            thread::scope(|scope| scope.spawn(sent).join()).expect("it is committed");
            Ok((found.state, read::trail(c, of)?))
        })
        .unwrap();
    assert_eq!((state, trail.len()), (State::Ready, 0), "nothing of what came meanwhile");
    assert_eq!(delivery(&journal, id).state, State::Sending);
    assert_eq!(journal.read_now(|c| read::trail(c, of)).unwrap().len(), 1);
}

/// Deliveries 1 to 6 go to malli-ry, Aino's and Eino's by turns; then come two to the plan.
pub(crate) async fn what_pends_is_found_in_order(place: &impl Place) {
    let journal = place.open();
    for n in 1..=6 {
        let client = if n % 2 == 1 { AINO } else { EINO };
        accept(&journal, message(n, client, &["malli-ry"])).await;
    }
    accept(&journal, message(7, AINO, &["plan", "plan"])).await;
    wait(&journal, 1, 0).await;
    wait(&journal, 2, 0).await;
    send(&journal, delivery_id(3, 0), 50).await;
    send(&journal, delivery_id(4, 0), 50).await;
    conclude(&journal, delivery_id(4, 0), State::Dead, 51).await;
    send(&journal, delivery_id(7, 0), 50).await;
    conclude(&journal, delivery_id(7, 0), State::Delivered, 51).await;

    let to = SystemId::new("malli-ry");
    let pending = |after, limit| journal.read_now(|c| read::pending(c, &to, after, limit)).unwrap();
    assert_eq!(places(&pending(0, 10)), [3, 5, 6], "what waits is left out");
    assert_eq!(places(&pending(0, 2)), [3, 5]);
    assert_eq!(places(&pending(5, 2)), [6]);
    let of =
        |client| journal.read_now(|c| read::pending_of(c, &to, &ClientRef::new(client))).unwrap();
    assert_eq!(places(&of(AINO)), [1, 3, 5], "what waits is in");
    assert_eq!(places(&of(EINO)), [2, 6]);
    let of_all = |clients: &[&str]| {
        let clients: Vec<_> = clients.iter().map(|client| ClientRef::new(*client)).collect();
        journal.read_now(|c| read::pending_of_all(c, &to, &clients)).unwrap()
    };
    assert_eq!(places(&of_all(&[EINO, "c-none", AINO])), [1, 2, 3, 5, 6], "by their places");
    assert_eq!(places(&of_all(&[])), [0; 0]);
    let expired =
        |second, limit| journal.read_now(|c| read::expired(c, &to, at(second), limit)).unwrap();
    assert_eq!(places(&expired(100, 10)), [0; 0]);
    assert_eq!(places(&expired(101, 10)), [1]);
    assert_eq!(places(&expired(500, 10)), [1, 2]);
    assert_eq!(places(&expired(500, 1)), [1]);
    assert_eq!(journal.read_now(read::pending_count), Ok(6));
    let mut loads: Vec<_> = journal.read_now(read::loads).unwrap();
    loads.sort_unstable_by_key(|load| (load.destination.clone(), load.state));
    let loads: Vec<_> =
        loads.iter().map(|l| (l.destination.as_str(), l.state, l.count, l.oldest)).collect();
    let expected = [
        ("malli-ry", State::Ready, 2, at(5)),
        ("malli-ry", State::Waiting, 2, at(1)),
        ("malli-ry", State::Sending, 1, at(3)),
        ("malli-ry", State::Dead, 1, at(4)),
        ("plan", State::Ready, 1, at(7)),
    ];
    assert_eq!(loads, expected);
}

/// Aino's: a wait at 10, an intent at 20 that failed at 25, one at 30 that arrived at 35.
pub(crate) async fn a_client_is_told_every_disclosure_with_its_outcome(place: &impl Place) {
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry"])).await;
    accept(&journal, message(2, EINO, &["malli-ry"])).await;
    let steps = [
        (State::Waiting, Phase::Wait, 10),
        (State::Sending, Phase::Intent, 20),
        (State::Ready, Phase::Outcome, 25),
        (State::Sending, Phase::Intent, 30),
        (State::Delivered, Phase::Outcome, 35),
    ];
    for (to, phase, second) in steps {
        for n in [1, 2] {
            let step = advance(&delivery(&journal, delivery_id(n, 0)), to, phase, second);
            journal.write(step).await.unwrap().unwrap();
        }
    }
    let first = [(Phase::Wait, 10), (Phase::Intent, 20), (Phase::Outcome, 25)];
    let second = [(Phase::Intent, 30), (Phase::Outcome, 35)];
    let cases = [
        (0, 100, [&first[..], &second[..]].concat()),
        (10, 30, first.to_vec()),
        // An outcome goes with what it is the outcome of, in whichever period it came.
        (10, 25, first.to_vec()),
        (26, 31, second.to_vec()),
        (36, 100, Vec::new()),
    ];
    for (from, to, expected) in cases {
        let client = ClientRef::new(AINO);
        let told = journal.read_now(|c| read::of_client(c, &client, at(from), at(to))).unwrap();
        assert!(told.iter().all(|e| e.delivery == Some(delivery_id(1, 0))), "another's data");
        let told: Vec<_> = told.iter().map(|e| (e.phase, e.at)).collect();
        let expected: Vec<_> = expected.into_iter().map(|(phase, s)| (phase, at(s))).collect();
        assert_eq!(told, expected, "from {from} to {to}");
    }
}
