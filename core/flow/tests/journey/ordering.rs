//! Order per client and destination, and who may block whom.

use futures::FutureExt;
use jiff::SignedDuration;
use luotsi_journal::State;
use luotsi_model::Clock;
use tokio::sync::watch;

use crate::{
    far::Answer,
    laws,
    papers::{home_care, peer_support},
    world::{World, incoming},
};

#[test]
fn a_client_is_served_in_order_whatever_fails() {
    let world = World::new(1);
    // Every delivery fails up to three times, each client's at another rhythm.
    for far in world.systems.values() {
        far.script(|call| {
            let fails = call.delivery.0.as_u128() % 4;
            if (call.nth as u128) <= fails { Answer::Fail } else { Answer::Take }
        });
    }
    let hub = world.start();
    let mut receipts = vec![Vec::new(); 4];
    for n in 0..24 {
        receipts[n % 4].push(hub.post(&home_care(&format!("L-{n}"), (n % 4) as u32)).unwrap());
    }
    hub.pass_until("everything to arrive", |pending| pending.is_empty());
    for (client, receipts) in (0..).zip(&receipts) {
        let sent: Vec<_> = receipts.iter().map(|receipt| receipt.message).collect();
        for system in ["home-care", "plan"] {
            assert_eq!(world.far(system).taken(&hub.client(client)), sent, "{system}");
        }
    }
    laws::check(&world, &hub, &receipts.concat());
}

#[test]
fn what_is_stuck_blocks_no_other_client() {
    let world = World::with_settings(2, "concurrency_max = 16");
    let hub = world.start();
    // Client 0 is stuck with a hundred, and three hundred others with one each.
    world.far("home-care").script({
        let others = hub.client(1000);
        move |call| if call.client.as_ref() == Some(&others) { Answer::Take } else { Answer::Fail }
    });
    let mut receipts: Vec<_> =
        (0..100).map(|n| hub.post(&home_care(&format!("L-{n}"), 0)).unwrap()).collect();
    let many: Vec<_> = (1..=300).map(|n| home_care("L-1", n)).collect();
    receipts.extend(hub.post_all(&many));
    let of_first = world.clock.now();
    hub.pass_until("everybody to fail thrice", |_| {
        let failed = world.far("home-care").calls().iter().filter(|call| call.nth == 3).count();
        failed > 300
    });
    let healthy = hub.post(&home_care("L-1", 1000)).unwrap();
    hub.wait_until("the healthy one to arrive", || {
        world.far("home-care").taken(&hub.client(1000)) == [healthy.message]
    });
    receipts.push(healthy);
    assert!(world.clock.now().duration_since(of_first) < SignedDuration::from_hours(1));
    world.far("home-care").script(|_| Answer::Take);
    hub.pass_until("the stuck to arrive", |pending| pending.is_empty());
    let sent: Vec<_> = receipts[..100].iter().map(|receipt| receipt.message).collect();
    assert_eq!(world.far("home-care").taken(&hub.client(0)), sent, "in order after all");
    laws::check(&world, &hub, &receipts);
}

#[test]
fn a_dead_destination_blocks_no_other() {
    let world = World::with_settings(3, "timeout_ms = 20\nconcurrency_max = 4");
    world.far("home-care").script(|_| Answer::Hang);
    let hub = world.start();
    let papers: Vec<_> = (0..50).map(|n| home_care("L-1", n)).collect();
    let receipts = hub.post_all(&papers);
    hub.wait_until("the plan to have all", || world.far("plan").calls().len() == 50);
    hub.pass_until("home care to be tried again", |_| world.far("home-care").calls().len() > 100);
    assert!(world.far("home-care").calls().iter().all(|call| !call.taken));
    world.far("home-care").script(|_| Answer::Take);
    hub.pass_until("home care to have all", |pending| pending.is_empty());
    laws::check(&world, &hub, &receipts);
}

#[test]
fn a_dispatcher_without_room_sleeps() {
    let world = World::with_settings(4, "concurrency_max = 2");
    let (free, is_free) = watch::channel(false);
    world.far("home-care").script(move |_| Answer::Hold(is_free.clone()));
    let hub = world.start();
    let papers: Vec<_> = (0..40).map(|n| home_care("L-1", n)).collect();
    let receipts = hub.post_all(&papers);
    hub.wait_until("two to be under way", || world.far("home-care").calls().len() == 2);
    hub.wait_until("the plan to have all", || hub.pending().len() == 40);
    let before = world.clock.sleeps();
    (0..200).for_each(|_| drop(hub.pending()));
    let turns = world.clock.sleeps() - before;
    assert!(turns < 20, "{turns} turns with nothing to do");
    assert_eq!(world.far("home-care").calls().len(), 2, "and no more than its room");
    free.send_replace(true);
    hub.wait_until("the rest to arrive", || hub.pending().is_empty());
    laws::check(&world, &hub, &receipts);
}

#[test]
fn a_restart_keeps_order_and_due_times() {
    let world = World::new(5);
    world.far("home-care").script(|_| Answer::Fail);
    let hub = world.start();
    let receipts: Vec<_> =
        (0..5).map(|n| hub.post(&peer_support(&format!("L-{n}"), 1)).unwrap()).collect();
    hub.pass_until("five attempts", |_| world.far("home-care").calls().len() == 5);
    hub.wait_until("its outcome", || hub.delivery(&receipts[0], "home-care").attempts == 5);
    let due = hub.delivery(&receipts[0], "home-care").due;
    hub.stop();
    world.far("home-care").script(|_| Answer::Take);
    let hub = world.start();
    let later = hub.post(&home_care("L-9", 2)).unwrap();
    hub.wait_until("another's to arrive", || world.far("home-care").calls().len() == 6);
    assert_eq!(hub.delivery(&receipts[0], "home-care").due, due, "it waits on");
    world.clock.pass(SignedDuration::from_secs(60));
    hub.wait_for_state(&receipts[4], "home-care", State::Delivered);
    let sent: Vec<_> = receipts.iter().map(|receipt| receipt.message).collect();
    assert_eq!(world.far("home-care").taken(&hub.client(1)), sent);
    laws::check(&world, &hub, &[&receipts[..], &[later]].concat());
}

#[test]
fn what_is_committed_goes_though_its_sender_hung_up() {
    let world = World::new(7);
    let hub = world.start();
    let paper = home_care("L-1", 1);
    // Its command is on its way to the writer when the sender goes.
    let answer = hub.flow.accept(incoming(&paper)).now_or_never();
    assert!(answer.is_none(), "nobody is told before it is durable");
    let after = hub.post(&home_care("L-2", 1)).unwrap();
    hub.wait_for_state(&after, "home-care", State::Delivered);
    hub.wait_until("both to arrive", || hub.pending().is_empty());
    let taken = world.far("home-care").taken(&hub.client(1));
    assert_eq!(
        (taken.len(), taken.last()),
        (2, Some(&after.message)),
        "in the order of the commits"
    );
    laws::check(&world, &hub, &[after]);
}
