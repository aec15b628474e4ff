//! When a failed send is tried again, and when it is not.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use luotsi_journal::{Phase, State, read};
use luotsi_model::Clock;

use crate::{
    far::Answer,
    laws,
    papers::{consent, home_care, peer_support},
    world::World,
};

const SLACK_S: f64 = 5.0;
const FIVE_DAYS: SignedDuration = SignedDuration::from_hours(120);

#[test]
fn retries_grow_and_end_with_a_person() {
    let world = World::new(1);
    world.far("home-care").script(|_| Answer::Fail);
    let hub = world.start();
    let sent = hub.post(&home_care("L-1", 1)).unwrap();
    let next = hub.post(&home_care("L-2", 1)).unwrap();
    hub.pass_until("the end", |_| hub.delivery(&sent, "home-care").state == State::Dead);
    let dead = hub.delivery(&sent, "home-care");
    let trail = hub.journal().read_now(|c| read::trail(c, dead.message)).unwrap();
    let own = trail.iter().filter(|e| e.phase == Phase::Intent && e.delivery == Some(dead.id));
    let at: Vec<Timestamp> = own.map(|entry| entry.at).collect();
    assert_eq!(at.len(), dead.attempts as usize);
    let mut step: f64 = 0.5;
    for pair in at.windows(2) {
        let wait = pair[1].duration_since(pair[0]).as_secs_f64();
        // On a slow machine the time goes on by a second or two before the hub has seen it.
        assert!((step / 2.0..=step + SLACK_S).contains(&wait), "{wait} s in a step of {step}");
        step = (step * 2.0).min(3600.0);
    }
    let whole = at[at.len() - 1].duration_since(at[0]);
    let hour = SignedDuration::from_hours(1);
    let is_whole = (whole - FIVE_DAYS).abs() < hour;
    assert!(is_whole, "{whole} until a person looks");
    assert!(dead.cause.is_some());
    hub.wait_until("its follower's turn", || hub.delivery(&next, "home-care").attempts == 1);
    laws::check(&world, &hub, &[sent, next]);
}

#[test]
fn a_long_wait_takes_nothing_from_the_retries() {
    let world = World::new(2);
    world.far("malli-ry").script(|call| if call.nth == 1 { Answer::Fail } else { Answer::Take });
    let hub = world.start();
    let sent = hub.post(&peer_support("L-1", 1)).unwrap();
    hub.wait_for_state(&sent, "malli-ry", State::Waiting);
    world.clock.pass(FIVE_DAYS * 2);
    hub.post(&consent("S-1", 1)).unwrap();
    hub.pass_until("it to arrive", |pending| pending.is_empty());
    assert_eq!(hub.delivery(&sent, "malli-ry").state, State::Delivered);
    laws::check(&world, &hub, &[sent]);
}

#[test]
fn a_recipients_wish_is_kept_and_an_absurd_one_goes_to_a_person() {
    let world = World::new(3);
    let wish = Duration::from_secs(600);
    world.far("home-care").script(move |call| match call.nth {
        1 => Answer::FailFor(wish),
        _ => Answer::FailFor(Duration::MAX),
    });
    let hub = world.start();
    let sent = hub.post(&home_care("L-1", 1)).unwrap();
    let start = world.clock.now();
    hub.wait_until("a failure", || hub.delivery(&sent, "home-care").attempts == 1);
    assert!(hub.delivery(&sent, "home-care").due >= start + SignedDuration::from_secs(600));
    hub.pass_until("the end", |_| hub.delivery(&sent, "home-care").state == State::Dead);
    world.far("home-care").script(|_| Answer::Take);
    let next = hub.post(&home_care("L-2", 1)).unwrap();
    hub.wait_for_state(&next, "home-care", State::Delivered);
    laws::check(&world, &hub, &[sent, next]);
}

#[test]
fn what_is_rejected_goes_to_a_person_and_its_followers_go_on() {
    let world = World::new(4);
    world.far("home-care").script(|call| match call.delivery.0.as_u128() % 2 {
        0 => Answer::Reject,
        _ => Answer::Take,
    });
    let hub = world.start();
    let all: Vec<_> =
        (0..10).map(|n| hub.post(&home_care(&format!("L-{n}"), 1)).unwrap()).collect();
    hub.wait_until("all to end", || hub.pending().is_empty());
    for receipt in &all {
        let end = hub.delivery(receipt, "home-care");
        let is_even = end.id.0.as_u128().is_multiple_of(2);
        assert_eq!(end.state, if is_even { State::Dead } else { State::Delivered });
        assert_eq!(end.attempts, 1);
    }
    laws::check(&world, &hub, &all);
}
