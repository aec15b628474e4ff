//! Several hubs on one journal: who may send what, and who tells whom.

use luotsi_journal::{
    Journal, NodeId, Phase, State,
    command::{
        AcceptAll, Beat, Bequeath, Claim, Digests, Fence, Lost, Recover, Release, Told, Yield,
    },
    read::{self, Untold},
};
use luotsi_model::{DeliveryId, MessageId, SystemId};
use uuid::Uuid;

use crate::{
    Place,
    world::{
        AINO, EINO, accept, advance, at, consent, delivery, delivery_id, directing, everything,
        message, message_id, send,
    },
};

const ONE: NodeId = NodeId(Uuid::from_u128(1));
const OTHER: NodeId = NodeId(Uuid::from_u128(2));

fn told_of(rows: Vec<i64>) -> Told {
    Told { rows, fence: None }
}

async fn claim(journal: &Journal, node: NodeId, lane: &str) -> Option<Fence> {
    journal.write(Claim { lane: lane.into(), node }).await.expect("durable")
}

/// Whether the hub was known.
async fn beat(journal: &Journal, node: NodeId, beat: i64) -> bool {
    let sign = Beat { node, name: "malli".into(), roles: vec!["dispatch".into()], beat };
    journal.write(sign).await.expect("durable")
}

pub(crate) async fn a_lane_has_one_owner_and_a_former_ones_moves_are_refused(place: &impl Place) {
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry", "malli-ry"])).await;
    let [first, second] = [0, 1].map(|index| delivery_id(1, index));
    beat(&journal, ONE, 70).await;
    beat(&journal, OTHER, 80).await;
    let former = claim(&journal, ONE, "to:malli-ry").await.expect("free");
    assert_eq!(claim(&journal, OTHER, "to:malli-ry").await, None, "it has an owner");
    let step = async |id, to, phase, fence: &Fence| {
        let fence = Some(fence.clone());
        let step = advance(&delivery(&journal, id), to, phase, 9);
        journal.write(luotsi_journal::command::Advance { fence, ..step }).await.expect("durable")
    };
    assert_eq!(step(first, State::Sending, Phase::Intent, &former).await, Ok(()));
    // The same hub, begun anew: what it did before it died counts no more.
    let again = claim(&journal, ONE, "to:malli-ry").await.expect("its own");
    for (id, to, phase) in
        [(first, State::Delivered, Phase::Outcome), (second, State::Sending, Phase::Intent)]
    {
        assert_eq!(step(id, to, phase, &former).await, Err(Lost::Elsewhere), "{to:?}");
        assert_eq!(step(id, to, phase, &again).await, Ok(()), "{to:?}");
    }
    journal.write(Yield(former)).await.expect("durable");
    assert_eq!(claim(&journal, OTHER, "to:malli-ry").await, None, "a former owner yields nothing");
    journal.write(Yield(again)).await.expect("durable");
    assert!(claim(&journal, OTHER, "to:malli-ry").await.is_some());
}

pub(crate) async fn a_hub_that_lives_loses_nothing_and_one_that_went_leaves_all(
    place: &impl Place,
) {
    let journal = place.open_for(Some(ONE));
    accept(&journal, message(1, AINO, &["malli-ry"])).await;
    beat(&journal, ONE, 70).await;
    beat(&journal, OTHER, 80).await;
    let fence = claim(&journal, ONE, "to:malli-ry").await.expect("free");
    let gone = |beat| Bequeath { gone: ONE, beat, to: OTHER };
    beat(&journal, ONE, 71).await;
    assert_eq!(journal.write(gone(70)).await, Ok(false), "it has beaten since");
    assert_eq!(claim(&journal, OTHER, "to:malli-ry").await, None);
    assert_eq!(journal.write(gone(71)).await, Ok(true));
    assert_eq!(journal.write(gone(71)).await, Ok(false), "once");
    let next = claim(&journal, OTHER, "to:malli-ry").await.expect("free");
    assert!(next.epoch > fence.epoch);
    // One that claims although it was said to have gone, and then dies, keeps nobody out.
    let late = claim(&journal, ONE, "to:home-care").await.expect("free");
    let orphan = claim(&journal, OTHER, "to:home-care").await.expect("an unknown hub's");
    assert!(orphan.epoch > late.epoch);
    journal.write(Yield(orphan)).await.unwrap();
    let nodes = journal.read_now(read::nodes).unwrap();
    assert_eq!(nodes.iter().map(|node| node.id).collect::<Vec<_>>(), [OTHER]);
    let lanes = journal.read_now(read::lanes).unwrap();
    let owners: Vec<_> = lanes.iter().map(|lane| (lane.name.as_str(), lane.owner)).collect();
    assert_eq!(owners, [("to:home-care", None), ("to:malli-ry", Some(OTHER))]);
    let told = |node| journal.read_now(move |c| read::outbox(c, node, 0, 9)).unwrap().len();
    assert_eq!((told(ONE), told(OTHER)), (0, 1), "what one has not told, the other tells");
}

pub(crate) async fn a_new_owner_settles_its_own_lane_only(place: &impl Place) {
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry", "home-care"])).await;
    let [taken, others] = [0, 1].map(|index| delivery_id(1, index));
    send(&journal, taken, 2).await;
    send(&journal, others, 2).await;
    let settle =
        || Recover { at: at(9), destination: Some(SystemId::new("malli-ry")), fence: None };
    assert_eq!(journal.write(settle()).await, Ok(1));
    assert_eq!(journal.write(settle()).await, Ok(0));
    assert_eq!(delivery(&journal, taken).state, State::Ready);
    assert_eq!(delivery(&journal, others).state, State::Sending);
    let trail = journal.read_now(|c| read::trail(c, 1)).unwrap();
    let closed = trail.iter().filter(|entry| entry.phase == Phase::Outcome);
    assert_eq!(closed.map(|entry| entry.delivery).collect::<Vec<_>>(), [Some(taken)]);
}

pub(crate) async fn only_a_fence_that_holds_settles(place: &impl Place) {
    let journal = place.open();
    accept(&journal, message(1, AINO, &["malli-ry", "home-care"])).await;
    let [taken, others] = [0, 1].map(|index| delivery_id(1, index));
    beat(&journal, ONE, 70).await;
    let former = claim(&journal, ONE, "to:malli-ry").await.expect("free");
    send(&journal, taken, 2).await;
    send(&journal, others, 2).await;
    let next = claim(&journal, ONE, "to:malli-ry").await.expect("its own");
    let at_others = claim(&journal, ONE, "to:home-care").await.expect("free");
    let ahead = Fence { epoch: next.epoch + 1, ..next.clone() };
    let nobodys = Fence { lane: "to:plan".into(), ..next.clone() };
    let settle = async |fence: &Fence, to: &str| {
        let (destination, fence) = (Some(SystemId::new(to)), Some(fence.clone()));
        journal.write(Recover { at: at(9), destination, fence }).await.expect("durable")
    };
    for (whose, fence, to, settled) in [
        ("a former owner's", &former, "malli-ry", 0),
        ("one that is not yet", &ahead, "malli-ry", 0),
        ("one of a lane that is not", &nobodys, "malli-ry", 0),
        ("the owner's", &next, "malli-ry", 1),
        ("the owner's again", &next, "malli-ry", 0),
        ("the other lane's", &at_others, "home-care", 1),
    ] {
        let before = everything(&journal);
        assert_eq!(settle(fence, to).await, settled, "{whose}");
        assert_eq!(everything(&journal) == before, settled == 0, "{whose}");
    }
    assert_eq!([taken, others].map(|id| delivery(&journal, id).state), [State::Ready; 2]);
    send(&journal, taken, 10).await;
    journal.write(Yield(next.clone())).await.expect("durable");
    assert!(claim(&journal, OTHER, "to:malli-ry").await.is_some());
    assert_eq!(settle(&next, "malli-ry").await, 0, "the next owner is sending");
    assert_eq!(delivery(&journal, taken).state, State::Sending);
}

pub(crate) async fn a_sign_of_life_says_whether_the_hub_was_known(place: &impl Place) {
    let journal = place.open();
    let gone = async |gone, beat| {
        journal.write(Bequeath { gone, beat, to: OTHER }).await.expect("durable")
    };
    assert!(!beat(&journal, OTHER, 80).await, "it begins");
    for (when, at_beat, known, is_gone_at) in [
        ("it begins", 70, false, None),
        ("it goes on", 71, true, Some((70, false))),
        ("it was said to be gone, too early", 72, true, Some((72, true))),
        ("it was said to be gone", 73, false, None),
        ("it goes on anew", 74, true, None),
    ] {
        assert_eq!(beat(&journal, ONE, at_beat).await, known, "{when}");
        assert!(beat(&journal, OTHER, 80 + at_beat).await, "{when}: the other is");
        let Some((seen, is_gone)) = is_gone_at else { continue };
        assert_eq!(gone(ONE, seen).await, is_gone, "{when}");
    }
    let nodes = journal.read_now(read::nodes).unwrap();
    let mut beats: Vec<_> = nodes.iter().map(|node| (node.id, node.beat)).collect();
    beats.sort_unstable_by_key(|(_, beat)| *beat);
    assert_eq!(beats, [(ONE, 74), (OTHER, 154)]);
}

pub(crate) async fn what_is_written_is_told_until_it_is_struck_out(place: &impl Place) {
    let journal = place.open_for(Some(ONE));
    let rows = || journal.read_now(|c| read::outbox(c, ONE, 0, 99)).unwrap();
    let told = |rows: Vec<Untold>| -> Vec<(String, i64)> {
        let each = |row: Untold| {
            let to = row.destination.to_string();
            row.deliveries.into_iter().map(move |place| (to.clone(), place))
        };
        let mut told: Vec<_> = rows.into_iter().flat_map(each).collect();
        told.sort_by_key(|(_, place)| *place);
        told
    };
    accept(&journal, message(1, AINO, &["malli-ry", "home-care"])).await;
    accept(&journal, message(2, EINO, &["malli-ry"])).await;
    let place_of = |n, index| delivery(&journal, delivery_id(n, index)).seq;
    let first = [("malli-ry", 1, 0), ("home-care", 1, 1), ("malli-ry", 2, 0)];
    let first = first.map(|(to, n, index)| (to.to_owned(), place_of(n, index)));
    assert_eq!(told(rows()), first);
    let malli_ry = rows().into_iter().filter(|row| row.destination.as_str() == "malli-ry");
    journal.write(told_of(malli_ry.map(|row| row.seq).collect())).await.expect("durable");
    assert_eq!(told(rows()), first[1..2]);
    journal.write(told_of(vec![rows()[0].seq])).await.expect("durable");
    // All that pends about her is decided anew, wherever it is sent from.
    accept(&journal, directing(3, AINO, consent("S-1", AINO))).await;
    let mut of_hers = told(rows());
    of_hers.sort();
    assert_eq!(of_hers, [first[1].clone(), first[0].clone()]);
    // What is held is nobody's to look at until it is released.
    journal.write(told_of(rows().iter().map(|row| row.seq).collect())).await.unwrap();
    let mut held = message(4, EINO, &["malli-ry"]);
    held.accounting.is_held = true;
    accept(&journal, held).await;
    assert_eq!(rows(), []);
    let release = Release { message: message_id(4), only: None, at: at(9) };
    journal.write(release).await.expect("durable");
    assert_eq!(told(rows()), [("malli-ry".into(), place_of(4, 0))]);
    // What goes where it sends itself, it need not tell; a lane's owner strikes out while it owns it.
    let own = claim(&journal, ONE, "to:home-care").await.expect("free");
    accept(&journal, message(6, AINO, &["malli-ry", "home-care"])).await;
    let left = told(rows());
    assert_eq!(left[1..], [("malli-ry".into(), place_of(6, 0))]);
    let lane = claim(&journal, OTHER, "to:malli-ry").await.expect("free");
    let at_malli_ry = SystemId::new("malli-ry");
    let seen = || journal.read_now(|c| read::outbox_to(c, &at_malli_ry, 9)).unwrap();
    let looked = |fence: &Fence, rows: Vec<Untold>| Told {
        rows: rows.iter().map(|row| row.seq).collect(),
        fence: Some(fence.clone()),
    };
    let former = Fence { epoch: lane.epoch - 1, ..lane.clone() };
    journal.write(looked(&former, seen())).await.unwrap();
    assert_eq!(seen().len(), 2, "a former owner has looked for nobody");
    journal.write(looked(&lane, seen())).await.unwrap();
    assert_eq!((seen(), rows()), (Vec::new(), Vec::new()));
    journal.write(Yield(own)).await.unwrap();
    accept(&journal, message(7, AINO, &["home-care"])).await;
    // A hub that has the journal alone tells nobody.
    drop(journal);
    let alone = place.open();
    accept(&alone, message(5, AINO, &["malli-ry"])).await;
    assert_eq!(alone.read_now(read::outbox_count), Ok(1));
}

/// Of many that were taken in together, each is told once, in rows that stay small.
pub(crate) async fn what_came_together_is_told_together(place: &impl Place) {
    let journal = place.open_for(Some(ONE));
    let to = |n: u16| if n.is_multiple_of(10) { "plan" } else { "malli-ry" };
    let many = (0..=600).map(|n| {
        let mut one = message(1, AINO, &[to(n)]);
        let id = Uuid::from_u128(1_000 + u128::from(n));
        (one.envelope.id, one.deliveries[0].id) = (MessageId(id), DeliveryId(id));
        one
    });
    let idempotency = Digests { key: [7; 32], body: [1; 32] };
    let file = AcceptAll { messages: many.collect(), idempotency };
    let accepted = journal.write(file).await.expect("durable").expect("accepted");
    let mut places: Vec<i64> = accepted.into_iter().flat_map(|one| one.deliveries).collect();
    let rows = journal.read_now(|c| read::outbox(c, ONE, 0, 99)).unwrap();
    let sizes: Vec<_> = rows.iter().map(|row| row.deliveries.len()).collect();
    assert_eq!(sizes, [256, 256, 28, 61]);
    assert_eq!(journal.read_now(read::outbox_count), Ok(601));
    let mut told: Vec<_> = rows.into_iter().flat_map(|row| row.deliveries).collect();
    told.sort_unstable();
    places.sort_unstable();
    assert_eq!(told, places);
}

pub(crate) async fn what_is_accepted_is_told_what_it_comes_after(place: &impl Place) {
    let (journal, other) = (place.open_for(Some(ONE)), place.open_for(Some(OTHER)));
    let place_of = |n, index| delivery(&journal, delivery_id(n, index));
    let first = accept(&other, message(1, AINO, &["malli-ry", "home-care"])).await;
    assert_eq!(first.after, [None, None]);
    let next = accept(&journal, message(2, AINO, &["home-care", "plan"])).await;
    assert_eq!(next.after, [Some(place_of(1, 1).seq), None], "another hub's");
    assert_eq!(accept(&journal, message(3, EINO, &["home-care"])).await.after, [None]);
    let under_way = advance(&place_of(2, 0), State::Sending, Phase::Intent, 4);
    journal.write(under_way).await.unwrap().unwrap();
    let waits = advance(&place_of(2, 1), State::Waiting, Phase::Intent, 4);
    journal.write(waits).await.unwrap().unwrap();
    let last = accept(&journal, message(4, AINO, &["home-care", "plan", "malli-ry"])).await;
    let expected = [Some(place_of(2, 0).seq), None, Some(place_of(1, 0).seq)];
    assert_eq!(last.after, expected, "what waits for a basis is in nobody's way");
    for (send, to, phase) in [
        (place_of(1, 1), State::Refused, Phase::Intent),
        (place_of(2, 0), State::Delivered, Phase::Outcome),
        (place_of(4, 0), State::Dead, Phase::Intent),
    ] {
        journal.write(advance(&send, to, phase, 5)).await.unwrap().unwrap();
    }
    assert_eq!(accept(&journal, message(5, AINO, &["home-care"])).await.after, [None]);
}
