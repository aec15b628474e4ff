//! A refusal is told to whoever sent: when, in which words, once.

use jiff::{SignedDuration, Timestamp};
use luotsi_flow::{Receipt, Refused};
use luotsi_journal::{State, read::Message};
use luotsi_model::{Clock, Kind};

use crate::{
    far::Answer,
    laws,
    papers::{consent, peer_support, prohibition, withdrawal},
    world::{Hub, World},
};

/// How long after its deadline a refusal is told.
const SETTLING: SignedDuration = SignedDuration::from_secs(5);

impl Hub<'_> {
    /// The refusals that it told, in order.
    fn refusals(&self) -> Vec<Message> {
        let said = self.said().into_iter();
        said.filter(|message| message.envelope.kind.as_str() == Kind::TASK_STATUS).collect()
    }

    /// The one message by which the hub told of this refusal.
    fn told(&self, receipt: &Receipt) -> Message {
        let delivery = self.delivery(receipt, "malli-ry");
        let said = self.refusals();
        let own: Vec<_> = said.iter().filter(|m| m.envelope.answers == Some(delivery.id)).collect();
        assert_eq!(own.len(), 1, "told once");
        assert_eq!(delivery.told, Some(own[0].envelope.id));
        own[0].clone()
    }

    fn wait_until_told(&self, receipt: &Receipt) {
        let is_told = || self.delivery(receipt, "malli-ry").told.is_some();
        self.wait_until("the sender to be told", is_told);
    }

    /// The document that the sender got, without what tells one from another.
    fn document(&self, world: &World, receipt: &Receipt) -> String {
        let told = self.told(receipt).envelope.id;
        let got = || world.far("serena").calls().into_iter().find(|call| call.message == told);
        self.wait_until("the sender to get it", || got().is_some());
        let call = got().unwrap();
        let reference = self.reference(receipt);
        call.body.replace(&call.delivery.to_string(), "-").replace(&reference, "-")
    }

    fn reference(&self, receipt: &Receipt) -> String {
        let id = receipt.message;
        let found = self.journal().read_now(|c| luotsi_journal::read::message(c, id)).unwrap();
        found.and_then(|message| message.reference).unwrap()
    }

    /// To the moment at which the sender is told, and until it is.
    fn pass_to_telling(&self, world: &World, receipt: &Receipt) {
        world.clock.move_to(self.delivery(receipt, "malli-ry").deadline);
        self.wait_for_state(receipt, "malli-ry", State::Refused);
        world.clock.pass(SETTLING);
        self.wait_until_told(receipt);
    }
}

#[test]
fn a_missing_consent_is_told_as_a_prohibition_is_and_when_it_is() {
    let world = World::new(1);
    let hub = world.start();
    let by_others = |papers: [Vec<u8>; 4]| {
        for paper in papers {
            hub.post_as("huoltajat", &paper).unwrap();
        }
    };
    by_others([
        prohibition("K-2", 2),
        consent("S-3", 3),
        withdrawal("P-3", 3, "S-3"),
        consent("S-4", 4),
    ]);
    world.far("malli-ry").script(|_| Answer::Fail);
    let missing = hub.post(&peer_support("L-1", 1)).unwrap();
    let prohibited = hub.post(&peer_support("L-2", 2)).unwrap();
    let withdrawn = hub.post(&peer_support("L-3", 3)).unwrap();
    let tried = hub.post(&peer_support("L-4", 4)).unwrap();
    let later = hub.post(&peer_support("L-5", 5)).unwrap();
    hub.wait_until("an attempt", || hub.delivery(&tried, "malli-ry").attempts > 0);
    hub.post_as("huoltajat", &withdrawal("P-4", 4, "S-4")).unwrap();
    hub.wait_for_state(&later, "malli-ry", State::Waiting);
    world.clock.pass(SignedDuration::from_hours(100));
    hub.post_as("huoltajat", &prohibition("K-5", 5)).unwrap();
    let refused = [&prohibited, &withdrawn, &tried, &later];
    refused.iter().for_each(|receipt| hub.wait_for_state(receipt, "malli-ry", State::Refused));
    assert_eq!(hub.delivery(&missing, "malli-ry").state, State::Waiting);
    let deadline = hub.delivery(&missing, "malli-ry").deadline;
    world.clock.move_to(deadline);
    hub.wait_for_state(&missing, "malli-ry", State::Refused);
    let causes = ["no-basis-in-time", "prohibited", "withdrawn", "withdrawn", "prohibited"];
    let all = [&missing, &prohibited, &withdrawn, &tried, &later];
    for (receipt, cause) in all.iter().zip(causes) {
        assert_eq!(hub.delivery(receipt, "malli-ry").cause.as_deref(), Some(cause));
        assert_eq!(hub.delivery(receipt, "malli-ry").task.as_str(), "rejected");
    }
    world.clock.pass(SETTLING - SignedDuration::from_millis(1));
    let another = hub.post(&peer_support("L-6", 6)).unwrap();
    hub.wait_for_state(&another, "malli-ry", State::Waiting);
    assert_eq!(hub.refusals(), [], "nobody is told before");
    world.clock.pass(SignedDuration::from_millis(1));
    all.iter().for_each(|receipt| hub.wait_until_told(receipt));
    let when: Vec<_> = all.iter().map(|receipt| hub.told(receipt).envelope.received).collect();
    assert_eq!(when, [deadline + SETTLING; 5], "told at one moment");
    let order: Vec<_> = hub.refusals().iter().map(|message| message.envelope.answers).collect();
    let accepted = all.map(|receipt| Some(hub.delivery(receipt, "malli-ry").id));
    assert_eq!(order, accepted, "and in the order of acceptance");
    let documents = all.map(|receipt| hub.document(&world, receipt));
    assert!(documents[0].contains("<Syy>no basis to send to malli-ry</Syy>"), "{}", documents[0]);
    assert!(documents.iter().all(|document| *document == documents[0]), "{documents:#?}");
    laws::check(&world, &hub, &[missing, prohibited, withdrawn, later, another]);
}

/// `given` by the guidance system itself, and `others` by another, before and after the referral.
fn check(seed: u64, before: &[(&str, Vec<u8>)], after: &[(&str, Vec<u8>)], want: Option<&str>) {
    let world = World::new(seed);
    let hub = world.start();
    let post = |papers: &[(&str, Vec<u8>)]| {
        for (system, paper) in papers {
            hub.post_as(system, paper).unwrap();
        }
    };
    post(before);
    let sent = hub.post(&peer_support("L-1", 1)).unwrap();
    hub.wait_until("a decision", || {
        matches!(hub.delivery(&sent, "malli-ry").state, State::Waiting | State::Refused)
    });
    let at = world.clock.now();
    post(after);
    match want {
        Some(_) => hub.wait_until_told(&sent),
        None => hub.pass_to_telling(&world, &sent),
    }
    let told = hub.told(&sent);
    let due = hub.delivery(&sent, "malli-ry").deadline + SETTLING;
    assert_eq!(told.envelope.received, if want.is_some() { at } else { due });
    let reason = want.unwrap_or("no basis to send to malli-ry");
    let document = hub.document(&world, &sent);
    assert!(document.contains(&format!("<Syy>{reason}</Syy>")), "{document}");
    laws::check(&world, &hub, &[sent]);
}

/// What it recorded itself is no secret to it; whatever else stands is not told by it, neither in
/// words nor by the time.
#[test]
fn a_sender_is_told_at_once_of_its_own_directive_and_of_nobody_elses() {
    let (own, other) = ("serena", "huoltajat");
    let prohibits = "prohibited by the directive K-1";
    let is_withdrawn = "the directive S-1 was withdrawn";
    let no = |system| (system, prohibition(if system == own { "K-1" } else { "K-9" }, 1));
    let yes = |system| (system, consent("S-1", 1));
    let back = |system| (system, withdrawal("P-1", 1, "S-1"));
    check(1, &[no(own)], &[], Some(prohibits));
    check(2, &[], &[no(own)], Some(prohibits));
    check(3, &[yes(own), back(own)], &[], Some(is_withdrawn));
    check(4, &[yes(own), back(own), no(own)], &[], Some(prohibits));
    // Its own is told whatever others have recorded, and as soon as it is recorded.
    check(5, &[no(other), no(own)], &[], Some(prohibits));
    check(6, &[no(other)], &[no(own)], Some(prohibits));
    // Another's is not; nor that another took back what was its own.
    check(7, &[no(other)], &[], None);
    check(8, &[yes(other), back(other)], &[], None);
    check(9, &[yes(own), back(other)], &[], None);
    check(10, &[yes(other), back(own)], &[], None);
}

#[test]
fn a_refusal_is_told_once_whatever_stops() {
    let world = World::new(1);
    world.far("serena").script(|_| Answer::Hang);
    let hub = world.start();
    hub.post_as("huoltajat", &prohibition("K-1", 1)).unwrap();
    let sent = hub.post(&peer_support("L-1", 1)).unwrap();
    hub.wait_for_state(&sent, "malli-ry", State::Refused);
    hub.crash();
    // Refused, and not told: the deadline passes while the hub is down.
    let deadline =
        Timestamp::from_second(world.clock.now().as_second() + 14 * 86_400 + 60).unwrap();
    world.clock.move_to(deadline);
    let hub = world.start();
    let another = hub.post(&peer_support("L-2", 2)).unwrap();
    hub.wait_for_state(&another, "malli-ry", State::Waiting);
    assert_eq!(hub.refusals(), [], "what is decided at the start is decided first");
    world.clock.pass(SETTLING);
    hub.wait_until_told(&sent);
    let told = hub.told(&sent);
    hub.wait_until("the sender to be called", || !world.far("serena").calls().is_empty());
    hub.crash();
    world.far("serena").script(|_| Answer::Take);
    let hub = world.start();
    world.clock.pass(SETTLING * 2);
    hub.wait_until("the sender to have it", || {
        world.far("serena").calls().iter().any(|call| call.taken)
    });
    assert_eq!(hub.told(&sent).envelope.id, told.envelope.id);
    let ids: Vec<_> = world.far("serena").calls().iter().map(|call| call.delivery).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "the same id each time");
    laws::check(&world, &hub, &[sent, another]);
}

#[test]
fn whoever_answers_after_the_refusal_is_late_and_before_it_is_heard() {
    for has_answered in [false, true] {
        let world = World::new(1);
        world.far("malli-ry").script(|_| Answer::Fail);
        let hub = world.start();
        hub.post_as("huoltajat", &consent("S-1", 1)).unwrap();
        let sent = hub.post(&peer_support("L-1", 1)).unwrap();
        hub.wait_until("an attempt", || hub.delivery(&sent, "malli-ry").attempts > 0);
        let task = hub.delivery(&sent, "malli-ry").id;
        let answer = format!(r#"{{ "task": "{task}", "status": "accepted" }}"#);
        let answer = || hub.post_as("malli-ry", answer.as_bytes());
        if has_answered {
            answer().unwrap();
        }
        hub.post_as("huoltajat", &withdrawal("P-1", 1, "S-1")).unwrap();
        hub.wait_for_state(&sent, "malli-ry", State::Refused);
        let refused = hub.delivery(&sent, "malli-ry");
        if has_answered {
            assert_eq!((refused.task.as_str(), refused.tell), ("accepted", None));
        } else {
            assert!(matches!(answer(), Err(Refused::Illegal(_))), "the task has ended");
            assert_eq!((refused.task.as_str(), refused.tell.is_some()), ("rejected", true));
        }
        laws::check(&world, &hub, &[sent]);
    }
}
