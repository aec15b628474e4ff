//! Who is to be told that a directive was withdrawn, and what comes of telling them.

use jiff::Timestamp;
use luotsi_consent::Standing;
use luotsi_journal::{
    Entry, GroundEntry, Journal, Phase, RecallState, State,
    command::{
        Accept, Advance, Bury, ByHand, DirectiveChange, Effect, RecallByHand, RecallMove,
        Reconsidered, Rejected,
    },
    read::{self, Held, Recall},
};
use luotsi_model::{Categories, Category, DeliveryId, SystemId, task::Status};

use crate::{
    Place,
    world::{
        AINO, EINO, accept, advance, at, conclude, consent, delivery, delivery_id, directing,
        entry, everything, guard, message, send, withdrawal,
    },
};

const NEED: Categories = Categories::NONE.with(Category::Need);
const BOTH: Categories = NEED.with(Category::Plan);

/// A directive or none, and what it carried.
type Ground = (Option<&'static str>, Categories);

fn grounds(all: &[Ground]) -> Vec<GroundEntry> {
    let one = |(directive, categories): &Ground| GroundEntry {
        basis: "consent".into(),
        rule: "by consent".into(),
        directive: directive.map(str::to_owned),
        version: directive.map(|_| 1),
        reason: None,
        categories: *categories,
    };
    all.iter().map(one).collect()
}

fn resting(entry: Entry, on: &[Ground]) -> Option<Entry> {
    Some(Entry { grounds: grounds(on), categories: BOTH, ..entry })
}

/// Sends on those grounds; the outcome is left open.
async fn send_on(journal: &Journal, id: DeliveryId, second: i64, on: &[Ground]) {
    let intent = advance(&delivery(journal, id), State::Sending, Phase::Intent, second);
    let intent = Advance { entry: resting(intent.entry.unwrap(), on), ..intent };
    journal.write(intent).await.unwrap().unwrap();
}

async fn end(journal: &Journal, id: DeliveryId, to: State, second: i64, result: &str) {
    let outcome = advance(&delivery(journal, id), to, Phase::Outcome, second);
    let told = Entry { result: Some(result.into()), ..outcome.entry.unwrap() };
    journal.write(Advance { entry: Some(told), ..outcome }).await.unwrap().unwrap();
}

/// A read of a plan or a directive, which no delivery carries.
async fn reading(journal: &Journal, n: u8, kind: &str, shown: Option<u128>, on: &[Ground]) {
    let some = delivery(journal, delivery_id(n, 0));
    let read = Entry {
        message: None,
        delivery: None,
        kind: kind.into(),
        shown: shown.map(uuid::Uuid::from_u128),
        ..entry(&some, Phase::Intent, 50)
    };
    let entry = resting(read, on);
    let nothing = advance(&some, State::Delivered, Phase::Intent, 50);
    journal.write(Advance { delivery: None, entry, ..nothing }).await.unwrap().unwrap();
}

fn all(journal: &Journal) -> Vec<Recall> {
    journal.read_now(|c| read::recalls(c, &RecallState::ALL, 100)).unwrap()
}

fn due(journal: &Journal) -> Vec<Held> {
    let found = journal.read_now(|c| read::recalls_due(c, 0, 100)).unwrap();
    found.into_iter().map(|recall| recall.held).collect()
}

/// Withdraws Aino's S-1 and gives what is recalled, in order.
async fn withdraw(journal: &Journal, n: u8) -> Vec<Held> {
    let before = all(journal).len();
    accept(journal, directing(n, AINO, withdrawal("S-1"))).await;
    let mut found = all(journal);
    found.sort_by_key(|recall| recall.seq);
    found.into_iter().skip(before).map(|recall| recall.held).collect()
}

/// Everything about one thing sent and withdrawn: the grounds, the outcomes of its attempts, and
/// whether it is recalled.
pub(crate) async fn what_rested_on_it_and_may_have_arrived_is_recalled(place: &impl Place) {
    let journal = place.open();
    for (n, id) in [(1, "S-1"), (2, "S-2"), (3, "S-3")] {
        accept(&journal, directing(n, AINO, consent(id, AINO))).await;
    }
    accept(&journal, directing(4, AINO, withdrawal("S-3"))).await;
    let alone: &[Ground] = &[(Some("S-1"), BOTH)];
    let cases: [(&str, &[Ground], &[&str], bool); 12] = [
        ("delivered", alone, &["delivered"], true),
        ("failed, perhaps after it was read", alone, &["failed"], true),
        ("rejected after it was read", alone, &["rejected"], true),
        ("interrupted", alone, &["interrupted"], true),
        ("its outcome is not known yet", alone, &[], true),
        ("it never got there", alone, &["unreached"], false),
        ("it got there once", alone, &["failed", "unreached"], true),
        ("on another directive", &[(Some("S-2"), BOTH)], &["delivered"], false),
        ("on no directive", &[(None, BOTH)], &["delivered"], false),
        ("another carries all of it", &[alone[0], (Some("S-2"), BOTH)], &["delivered"], false),
        ("another carries a part", &[alone[0], (None, NEED)], &["delivered"], true),
        ("the other is withdrawn", &[alone[0], (Some("S-3"), BOTH)], &["delivered"], true),
    ];
    let mut wanted = Vec::new();
    for (n, (_, on, results, is_recalled)) in (10..).zip(&cases) {
        let id = delivery_id(n, 0);
        accept(&journal, message(n, AINO, &["malli-ry"])).await;
        for (attempt, result) in results.iter().enumerate() {
            send_on(&journal, id, 20, on).await;
            let last = attempt + 1 == results.len();
            let to = if last { State::Delivered } else { State::Ready };
            end(&journal, id, to, 20, result).await;
        }
        if results.is_empty() {
            send_on(&journal, id, 20, on).await;
        }
        wanted.extend(is_recalled.then_some(Held::Delivery(id)));
    }
    // Another client's directive of the same name is another directive.
    accept(&journal, message(40, EINO, &["malli-ry"])).await;
    send_on(&journal, delivery_id(40, 0), 20, alone).await;
    assert_eq!(withdraw(&journal, 50).await, wanted, "{cases:#?}");
    let first = &all(&journal)[0];
    assert_eq!((first.client.as_str(), first.directive.as_str(), first.version), (AINO, "S-1", 2));
    assert_eq!((first.recipient.as_str(), first.state), ("malli-ry", RecallState::Owed));
    assert_eq!(first.at, at(50));
    let sending = Held::Delivery(delivery_id(14, 0));
    wanted.retain(|held| *held != sending);
    assert_eq!(due(&journal), wanted, "what is under way is not overtaken");
    let reopened = place.open();
    assert_eq!(all(&reopened), all(&journal), "what is owed outlives the hub");
    end(&journal, delivery_id(14, 0), State::Delivered, 60, "delivered").await;
    assert!(due(&journal).contains(&sending));
}

pub(crate) async fn reads_are_recalled_by_what_their_readers_know(place: &impl Place) {
    let journal = place.open();
    accept(&journal, directing(1, AINO, consent("S-1", AINO))).await;
    accept(&journal, message(2, AINO, &["home-care"])).await;
    let on: &[Ground] = &[(Some("S-1"), BOTH)];
    reading(&journal, 2, "plan", Some(7), on).await;
    reading(&journal, 2, "plan", Some(7), on).await;
    reading(&journal, 2, "directive", Some(8), on).await;
    // As earlier versions of the hub wrote them.
    reading(&journal, 2, "directive", None, &[(Some("S-1"), Categories::NONE)]).await;
    let read = |n| Held::Read(uuid::Uuid::from_u128(n));
    assert_eq!(withdraw(&journal, 5).await, [Held::Unknown, read(8), read(7)]);
    accept(&journal, directing(6, AINO, consent("S-1", AINO))).await;
    assert_eq!(withdraw(&journal, 7).await, [], "they have been told");
    accept(&journal, directing(8, AINO, consent("S-1", AINO))).await;
    reading(&journal, 2, "plan", Some(7), on).await;
    assert_eq!(withdraw(&journal, 9).await, [read(7)], "read again since");
}

pub(crate) async fn nothing_but_a_withdrawal_recalls(place: &impl Place) {
    let journal = place.open();
    accept(&journal, directing(1, AINO, consent("S-1", AINO))).await;
    accept(&journal, message(2, AINO, &["malli-ry"])).await;
    send_on(&journal, delivery_id(2, 0), 3, &[(Some("S-1"), BOTH)]).await;
    end(&journal, delivery_id(2, 0), State::Delivered, 4, "delivered").await;
    let DirectiveChange::Put(directive) = consent("S-1", AINO) else { unreachable!() };
    let replaced = DirectiveChange::Replace { directive: directive.clone(), replaces: 1 };
    for (n, change) in (10..).zip([consent("S-2", AINO), replaced, withdrawal("S-2")]) {
        accept(&journal, directing(n, AINO, change)).await;
        assert_eq!(all(&journal), []);
    }
    // A FHIR Consent is withdrawn by its next version.
    let next = luotsi_consent::Directive { standing: Standing::Withdrawn, ..*directive };
    let next = DirectiveChange::Replace { directive: Box::new(next), replaces: 2 };
    accept(&journal, directing(20, AINO, next)).await;
    assert_eq!(all(&journal).len(), 1);
}

/// A recall whose notice is delivery 0 of message `n`, due to be acknowledged at second 1000.
async fn told(journal: &Journal, n: u8) -> Recall {
    let id = delivery_id(n, 0);
    accept(journal, message(n, AINO, &["malli-ry"])).await;
    accept(journal, directing(n + 20, AINO, consent("S-1", AINO))).await;
    send_on(journal, id, 20, &[(Some("S-1"), BOTH)]).await;
    end(journal, id, State::Delivered, 20, "delivered").await;
    withdraw(journal, n + 40).await;
    let found = journal.read_now(|c| read::recalls_due(c, 0, 10)).unwrap();
    let recall = found.into_iter().find(|r| r.held == Held::Delivery(id)).unwrap();
    accept(journal, notice(&recall, n + 100)).await;
    by_id(journal, &recall)
}

fn notice(recall: &Recall, n: u8) -> Accept {
    let effect = Effect::Recall { id: recall.id, deadline: at(1000) };
    Accept { effect, ..message(n, AINO, &["malli-ry"]) }
}

fn by_id(journal: &Journal, recall: &Recall) -> Recall {
    all(journal).into_iter().find(|found| found.id == recall.id).unwrap()
}

async fn answer(journal: &Journal, n: u8, delivery: DeliveryId, to: Status) {
    accept(journal, Accept { effect: Effect::Answer { delivery, to }, ..message(n, AINO, &[]) })
        .await;
}

fn by_hand(recall: &Recall, by_hand: ByHand, of: DeliveryId, journal: &Journal) -> RecallByHand {
    let entry = entry(&delivery(journal, of), Phase::Use, 90);
    RecallByHand {
        id: recall.id,
        by_hand,
        entry: Entry { recipient: SystemId::new("ops"), ..entry },
    }
}

pub(crate) async fn a_recall_comes_to_one_end(place: &impl Place) {
    use RecallState::{Acknowledged, ForAPerson, Sent, Settled};
    let journal = place.open();
    let recall = told(&journal, 1).await;
    assert_eq!((recall.state, recall.notice), (Sent, Some(delivery_id(101, 0))));
    let before = everything(&journal);
    let again = journal.write(notice(&recall, 111)).await.unwrap();
    assert_eq!(again, Err(Rejected::NotOwed), "a notice is made once");
    assert_eq!(everything(&journal), before);
    let of = |n: u8| delivery_id(n + 100, 0);
    let state = |recall: &Recall| by_id(&journal, recall).state;
    // Acknowledged, and afterwards refused after all.
    answer(&journal, 60, of(1), Status::Accepted).await;
    assert_eq!(state(&recall), Acknowledged);
    answer(&journal, 61, of(1), Status::Failed).await;
    let found = by_id(&journal, &recall);
    assert_eq!(found.state, ForAPerson);
    assert_eq!(found.cause.as_deref(), Some("the recipient answered failed"));
    // Overdue, and acknowledged late.
    let late = told(&journal, 2).await;
    let overdue = |second| journal.read_now(|c| read::recalls_overdue(c, at(second), 9)).unwrap();
    assert_eq!(overdue(999), []);
    assert_eq!(overdue(1000), std::slice::from_ref(&late));
    let asked = RecallMove { id: late.id, from: Sent, to: ForAPerson, cause: "late".into() };
    assert!(journal.write(asked).await.unwrap());
    assert_eq!(overdue(1000), []);
    answer(&journal, 62, of(2), Status::Accepted).await;
    assert_eq!(state(&late), Acknowledged);
    // Each way in which a notice does not arrive.
    let refused = told(&journal, 3).await;
    let refusal = advance(&delivery(&journal, of(3)), State::Refused, Phase::Refusal, 70);
    let refusal = Advance { cause: Some("no-rule".into()), ..refusal };
    journal.write(refusal).await.unwrap().unwrap();
    let found = by_id(&journal, &refused);
    assert_eq!(found.state, ForAPerson);
    assert_eq!(found.cause.as_deref(), Some("the notice ended as refused: no-rule"));
    let dead = told(&journal, 4).await;
    send(&journal, of(4), 70).await;
    conclude(&journal, of(4), State::Dead, 71).await;
    assert_eq!(state(&dead), ForAPerson);
    let buried = told(&journal, 5).await;
    let bury = Bury { delivery: of(5), at: at(72), cause: "a defect".into() };
    assert!(journal.write(bury).await.unwrap());
    assert_eq!(state(&buried), ForAPerson);
    // A person settles it, once, with the dead letter; no answer changes that.
    let counted = journal.read_now(|c| read::recall_counts(c)).unwrap();
    assert_eq!(counted, [(ForAPerson, 4)]);
    let uses = || {
        let of = |c: &luotsi_journal::Session| {
            read::of_client(c, &AINO.into(), Timestamp::MIN, Timestamp::MAX)
        };
        journal.read_now(of).unwrap().iter().filter(|e| e.phase == Phase::Use).count()
    };
    let settle = || by_hand(&dead, ByHand::Settle, of(4), &journal);
    assert_eq!(journal.write(settle()).await, Ok(Some(Ok(()))));
    assert_eq!(journal.write(settle()).await, Ok(Some(Err(Settled))));
    assert_eq!(uses(), 1, "and that is in the use log");
    assert_eq!(delivery(&journal, of(4)).state, State::Settled);
    answer(&journal, 63, of(4), Status::Accepted).await;
    assert_eq!(state(&dead), Settled);
    let nobodys = Recall { id: uuid::Uuid::nil(), ..dead.clone() };
    let nobodys = by_hand(&nobodys, ByHand::Settle, of(4), &journal);
    assert_eq!(journal.write(nobodys).await, Ok(None));
    // Or its notice is made again, as another delivery; that is for one that waits for a person.
    let again = |recall| by_hand(recall, ByHand::Again, of(5), &journal);
    assert_eq!(journal.write(again(&dead)).await, Ok(Some(Err(Settled))));
    assert_eq!(journal.write(again(&buried)).await, Ok(Some(Ok(()))));
    assert_eq!(state(&buried), RecallState::Owed);
    assert_eq!(delivery(&journal, of(5)).state, State::Settled);
    accept(&journal, notice(&buried, 120)).await;
    let found = by_id(&journal, &buried);
    assert_eq!((found.state, found.notice), (Sent, Some(delivery_id(120, 0))));
}

pub(crate) async fn dead_letters_are_decided_again_after_a_change(place: &impl Place) {
    let journal = place.open();
    for (n, client) in [(1, AINO), (2, AINO), (3, EINO)] {
        accept(&journal, message(n, client, &["malli-ry"])).await;
        send(&journal, delivery_id(n, 0), 10).await;
        conclude(&journal, delivery_id(n, 0), State::Dead, 11).await;
    }
    let owed = |journal: &Journal| {
        let found = journal.read_now(|c| read::reconsidering(c, 0, 10)).unwrap();
        found.into_iter().map(|delivery| delivery.id).collect::<Vec<_>>()
    };
    assert_eq!(owed(&journal), []);
    accept(&journal, directing(4, AINO, consent("S-1", AINO))).await;
    let journal = place.open();
    assert_eq!(owed(&journal), [delivery_id(1, 0), delivery_id(2, 0)], "and nobody else's");
    let decided = |n: u8, epoch, refused: bool| {
        let found = delivery(&journal, delivery_id(n, 0));
        let refusal = entry(&found, Phase::Refusal, 20);
        let refusal = refused.then(|| Entry { result: Some("withdrawn".into()), ..refusal });
        Reconsidered {
            delivery: found.seq,
            refusal,
            tell: Some(at(200)),
            guard: guard(AINO, epoch),
        }
    };
    let before = everything(&journal);
    let stale = journal.write(decided(1, 0, true)).await.unwrap();
    assert_eq!(stale, Err(luotsi_journal::command::Lost::Stale));
    assert_eq!(everything(&journal), before);
    journal.write(decided(1, 1, true)).await.unwrap().unwrap();
    journal.write(decided(2, 1, false)).await.unwrap().unwrap();
    assert_eq!(owed(&journal), []);
    let ended = |n| delivery(&journal, delivery_id(n, 0));
    assert_eq!((ended(1).state, ended(1).cause.as_deref()), (State::Refused, Some("withdrawn")));
    assert_eq!((ended(1).task, ended(1).tell), (Status::Rejected, Some(at(200))));
    assert_eq!([ended(2).state, ended(3).state], [State::Dead, State::Dead]);
    let trail = journal.read_now(|c| read::trail(c, 1)).unwrap();
    assert_eq!(trail.last().map(|e| e.phase), Some(Phase::Refusal));
}
