//! Changes to what clients have directed.

use luotsi_consent::Standing;
use luotsi_journal::{
    Phase, State,
    command::{Accept, Digests, DirectiveChange, Rejected},
    read,
};
use luotsi_model::{ClientRef, DirectiveId};

use crate::{
    Place,
    world::{
        AINO, EINO, accept, advance, at, conclude, consent, delivery, delivery_id, directing,
        message, send, withdrawal,
    },
};

pub(crate) async fn every_change_is_a_version_and_moves_the_epoch(place: &impl Place) {
    let journal = place.open();
    let mut by_home_care = directing(4, AINO, withdrawal("S-1"));
    by_home_care.envelope.source = "home-care".into();
    let changes = [
        directing(1, AINO, consent("S-1", AINO)),
        directing(2, AINO, consent("S-2", AINO)),
        directing(3, AINO, consent("S-1", AINO)),
        by_home_care,
    ];
    for (epoch, change) in (1..).zip(changes) {
        accept(&journal, change).await;
        let now = journal.read_now(|c| read::directives(c, &ClientRef::new(AINO))).unwrap();
        assert_eq!(now.epoch, epoch);
    }
    let latest = journal.read_now(|c| read::directives(c, &ClientRef::new(AINO))).unwrap();
    let mut standing: Vec<_> =
        latest.all.iter().map(|d| (d.id.as_str(), d.version, d.standing)).collect();
    standing.sort_unstable_by_key(|(id, ..)| *id);
    assert_eq!(standing, [("S-1", 3, Standing::Withdrawn), ("S-2", 1, Standing::Active)]);
    let asked = DirectiveId::new("S-1");
    let recorders = journal.read_now(|c| read::recorders(c, &ClientRef::new(AINO), &asked));
    let recorders: Vec<_> = recorders.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(recorders, ["serena", "serena", "home-care"]);
    let others = journal.read_now(|c| read::directives(c, &ClientRef::new(EINO))).unwrap();
    assert_eq!((others.epoch, others.all.len()), (0, 0));
}

pub(crate) async fn a_change_wakes_what_pends_about_the_client(place: &impl Place) {
    use State::{Delivered, Ready, Sending, Waiting};
    let journal = place.open();
    let to = ["waits", "retries", "is-sent", "has-it", "is-new"];
    for (n, client) in [(1, AINO), (2, EINO)] {
        accept(&journal, message(n, client, &to)).await;
        let waiting = delivery(&journal, delivery_id(n, 0));
        let wait = advance(&waiting, Waiting, Phase::Wait, 500);
        journal.write(wait).await.unwrap().unwrap();
        for (index, end) in [(1, Ready), (3, Delivered)] {
            send(&journal, delivery_id(n, index), 10).await;
            conclude(&journal, delivery_id(n, index), end, 500).await;
        }
        send(&journal, delivery_id(n, 2), 500).await;
    }
    accept(&journal, directing(3, AINO, consent("S-1", AINO))).await;
    let stands = |n: u8| {
        let of = |index| delivery(&journal, delivery_id(n, index));
        [0, 1, 2, 3, 4].map(|index| (of(index).state, of(index).due, of(index).attempts))
    };
    let (now, later) = (at(3), at(500));
    let woken = [(Ready, now, 0), (Ready, now, 1), (Sending, later, 0), (Delivered, later, 1)];
    assert_eq!(stands(1)[..4], woken);
    assert_eq!(stands(1)[4], (Ready, at(1), 0), "due already: it keeps its time");
    let asleep =
        [(Waiting, later, 0), (Ready, later, 1), (Sending, later, 0), (Delivered, later, 1)];
    assert_eq!(stands(2)[..4], asleep, "another client's sleep on");
}

pub(crate) async fn sends_under_way_are_counted(place: &impl Place) {
    let journal = place.open();
    accept(&journal, directing(1, AINO, consent("S-1", AINO))).await;
    accept(&journal, message(2, AINO, &["malli-ry", "plan", "home-care"])).await;
    accept(&journal, message(3, EINO, &["malli-ry"])).await;
    for id in [delivery_id(2, 0), delivery_id(2, 1), delivery_id(3, 0)] {
        send(&journal, id, 4).await;
    }
    let keyed = |n| Accept {
        idempotency: Some(Digests { key: [7; 32], body: [7; 32] }),
        ..directing(n, AINO, withdrawal("S-1"))
    };
    assert_eq!(accept(&journal, keyed(5)).await.in_flight, 2);
    let repeated = accept(&journal, keyed(6)).await;
    assert_eq!(repeated.in_flight, 2, "a repeated withdrawal is not told that nothing can arrive");
    conclude(&journal, delivery_id(2, 0), State::Delivered, 6).await;
    assert_eq!(accept(&journal, directing(7, AINO, withdrawal("S-1"))).await.in_flight, 1);
}

pub(crate) async fn a_directive_is_replaced_only_at_its_version(place: &impl Place) {
    let journal = place.open();
    let replacing = |n, replaces| {
        let DirectiveChange::Put(directive) = consent("S-1", AINO) else { unreachable!() };
        directing(n, AINO, DirectiveChange::Replace { directive, replaces })
    };
    let refused = journal.write(replacing(1, 1)).await.unwrap();
    assert_eq!(refused, Err(Rejected::UnknownDirective));
    let first = accept(&journal, directing(2, AINO, consent("S-1", AINO))).await.directive.unwrap();
    let second = accept(&journal, replacing(3, 1)).await.directive.unwrap();
    assert_eq!((first.version, second.version), (1, 2));
    assert_eq!(first.id, second.id, "its opaque id stays");
    let refused = journal.write(replacing(4, 1)).await.unwrap();
    assert_eq!(refused, Err(Rejected::DirectiveVersion(2)));
    let other = accept(&journal, directing(5, EINO, consent("S-1", EINO))).await.directive.unwrap();
    assert_ne!(other.id, first.id, "another client's of the same name is another");
}

pub(crate) async fn a_directive_is_its_authors_after_anothers_withdrawal(place: &impl Place) {
    let journal = place.open();
    let by = |system: &str, mut change: Accept| {
        change.envelope.source = system.into();
        change
    };
    accept(&journal, directing(1, AINO, consent("S-1", AINO))).await;
    let withdrawn = by("home-care", directing(2, AINO, withdrawal("S-1")));
    let id = accept(&journal, withdrawn).await.directive.unwrap().id;
    let reopened = place.open();
    let found = reopened.read_now(|c| read::directive_by_id(c, id)).unwrap().unwrap();
    assert_eq!(found.author().unwrap().as_str(), "serena");
    let latest = found.latest().unwrap();
    assert_eq!((latest.version, latest.standing), (2, Standing::Withdrawn));
    assert_eq!(latest.recorder.as_str(), "home-care");
    let all = reopened.read_now(|c| read::histories(c, &ClientRef::new(AINO))).unwrap();
    assert_eq!(all, [found]);
    let nobodys = journal.read_now(|c| read::directive_by_id(c, uuid::Uuid::nil())).unwrap();
    assert_eq!(nobodys, None);
}
