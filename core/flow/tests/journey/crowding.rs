//! More than the bus and the window hold.

use jiff::SignedDuration;
use tokio::sync::watch;

use crate::{far::Answer, laws, papers::home_care, world::World};

/// More than what a bus lane and a dispatcher's window hold together.
const MANY: u32 = 2500;
/// More than a dispatcher's window holds.
const FULL: u32 = 700;

#[test]
fn nothing_is_lost_when_bus_and_window_run_over() {
    let world = World::with_settings(1, "concurrency_max = 32");
    let (free, is_free) = watch::channel(false);
    let held = is_free.clone();
    world.far("home-care").script(move |_| Answer::Hold(held.clone()));
    world.far("plan").script(move |_| Answer::Hold(is_free.clone()));
    let hub = world.start();
    // Each client has two, the second after the first is acknowledged.
    let papers: Vec<_> = (0..MANY / 2).map(|n| home_care("L-1", n)).collect();
    let mut receipts = hub.post_all(&papers);
    receipts.extend(hub.post_all(&papers));
    assert_eq!(hub.pending().len() as u32, 2 * MANY);
    free.send_replace(true);
    hub.pass_until("everything to arrive", |pending| pending.is_empty());
    for system in ["home-care", "plan"] {
        let calls = world.far(system).calls();
        assert_eq!(calls.len() as u32, MANY, "{system} has each once");
    }
    laws::check(&world, &hub, &receipts);
}

#[test]
fn whoever_has_rested_goes_before_what_is_read_on() {
    let world = World::with_settings(2, "concurrency_max = 32");
    let (free, is_free) = watch::channel(false);
    let hub = world.start();
    let rested = hub.client(0);
    // Client 0 fails once; of everybody else nothing is over before her time has come again. Most come
    // after that.
    world.far("home-care").script({
        let rested = rested.clone();
        move |call| match (call.client.as_ref() == Some(&rested), call.nth) {
            (true, 1) => Answer::Fail,
            (true, _) => Answer::Take,
            (false, _) => Answer::Hold(is_free.clone()),
        }
    });
    let first = hub.post(&home_care("L-1", 0)).unwrap();
    hub.wait_until("her first attempt to fail", || hub.delivery(&first, "home-care").attempts == 1);
    let paper = |n| home_care("L-1", n);
    let mut receipts = hub.post_all(&(1..=FULL).map(paper).collect::<Vec<_>>());
    world.clock.pass(SignedDuration::from_mins(5));
    receipts.extend(hub.post_all(&(FULL + 1..=MANY).map(paper).collect::<Vec<_>>()));
    free.send_replace(true);
    hub.pass_until("everything to arrive", |pending| pending.is_empty());
    let calls = world.far("home-care").calls();
    let again = calls.iter().rposition(|call| call.client.as_ref() == Some(&rested));
    let before = again.expect("she is served") as u32;
    assert!(before < 2 * FULL, "{before} of {MANY} went before her");
    receipts.push(first);
    laws::check(&world, &hub, &receipts);
}
