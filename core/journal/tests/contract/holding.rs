//! Deliveries that are held until a person releases them.

use luotsi_journal::{
    Phase, State,
    command::{Reconsidered, Recover, Release},
    read,
};
use luotsi_model::SystemId;

use crate::{
    Place,
    world::{
        AINO, accept, at, consent, delivery, delivery_id, directing, entry, guard, message,
        message_id,
    },
};

fn release(n: u8, only: Option<&str>) -> Release {
    Release { message: message_id(n), only: only.map(SystemId::new), at: at(500) }
}

pub(crate) async fn what_is_held_goes_by_a_release_alone(place: &impl Place) {
    let journal = place.open();
    let mut parked = message(1, AINO, &["malli-ry", "home-care"]);
    parked.accounting.is_held = true;
    accept(&journal, parked).await;
    accept(&journal, message(2, AINO, &["malli-ry"])).await;
    journal.write(Recover { at: at(3), destination: None, fence: None }).await.unwrap();
    let malli_ry = SystemId::new("malli-ry");
    let pending = || journal.read_now(|c| read::pending(c, &malli_ry, 0, 10)).unwrap();
    assert_eq!(pending().iter().map(|d| d.id).collect::<Vec<_>>(), [delivery_id(2, 0)]);
    let held = || {
        let found = journal.read_now(|c| read::unfinished(c, State::Held, None, 10)).unwrap();
        found.iter().map(|d| d.id).collect::<Vec<_>>()
    };
    assert_eq!(held(), [delivery_id(1, 0), delivery_id(1, 1)]);
    let released = journal.write(release(1, Some("malli-ry"))).await.unwrap();
    assert_eq!(released, Some(vec![malli_ry.clone()]));
    assert_eq!(held(), [delivery_id(1, 1)]);
    assert_eq!(pending().len(), 2);
    // It waited a hundred seconds at most before, and does so from its release.
    let freed = delivery(&journal, delivery_id(1, 0));
    assert_eq!((freed.state, freed.due, freed.deadline), (State::Ready, at(500), at(600)));
    assert_eq!(
        journal.write(release(1, None)).await.unwrap(),
        Some(vec![SystemId::new("home-care")])
    );
    assert_eq!(journal.write(release(1, None)).await.unwrap(), Some(Vec::new()));
    assert_eq!(journal.write(release(2, None)).await.unwrap(), Some(Vec::new()));
    assert_eq!(journal.write(release(9, None)).await.unwrap(), None);
}

pub(crate) async fn what_is_held_is_decided_again_when_directives_change(place: &impl Place) {
    let journal = place.open();
    let mut parked = message(1, AINO, &["malli-ry"]);
    parked.accounting.is_held = true;
    accept(&journal, parked).await;
    accept(&journal, directing(2, AINO, consent("S-1", AINO))).await;
    let found = journal.read_now(|c| read::reconsidering(c, 0, 10)).unwrap();
    assert_eq!(found.iter().map(|d| d.id).collect::<Vec<_>>(), [delivery_id(1, 0)]);
    let refusal = Some(entry(&found[0], Phase::Refusal, 3));
    let reconsidered =
        Reconsidered { delivery: found[0].seq, refusal, tell: None, guard: guard(AINO, 1) };
    assert_eq!(journal.write(reconsidered).await.unwrap(), Ok(()));
    assert_eq!(delivery(&journal, delivery_id(1, 0)).state, State::Refused);
}
