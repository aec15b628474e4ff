//! The hub is killed at random moments under load and started again, over and over; or stopped in
//! its tracks, and let go on. Afterwards the ledger of what it acknowledged, the bytes that the
//! systems got, and its journal must agree.
//!
//! `LUOTSI_CYCLES` is how often it is killed or stopped, 50 if not said.

mod stopped;

use std::{thread, time::Duration};

use luotsi_tests::{
    dice::{Dice, Seed, count},
    load::{Client, Load, be_shaky, laws, under_load},
    wait,
    world::World,
};

const CYCLES: u64 = 50;
const SENDERS: u64 = 4;
/// Of each sender: as many always consent, never do, and change their minds.
const CLIENTS_EACH: u64 = 9;

#[test]
fn whatever_is_killed_nothing_is_lost_repeated_or_let_through() {
    let cycles = count("LUOTSI_CYCLES", CYCLES);
    let seed = Seed::take();
    let mut dice = seed.dice();
    let world = World::new();
    be_shaky(&world.stage(), &mut dice);
    let load = Load::new(world.stage(), 6);
    let clients = |sender| Client::some(sender * CLIENTS_EACH, CLIENTS_EACH);
    let account = under_load(&load, SENDERS, &mut dice, clients, |dice| {
        for cycle in 0..cycles {
            crash(&world, &load, dice, cycle);
        }
    });
    laws::hold(&account);
    let met = |result| cycles < 10 || account.results(result) > 0;
    assert!(["interrupted", "failed", "withdrawn"].into_iter().all(met), "too tame: {account}");
    println!("{cycles} cycles, seed {}: {account}", seed.seed);
}

/// Kills the hub once so many things more have happened, and some times again in its start.
fn crash(world: &World, load: &Load<'_>, dice: &mut Dice, cycle: u64) {
    let more = dice.within(0..120);
    let from = load.happened();
    wait::holds("something happens", || load.happened() >= from + more);
    world.kill();
    if dice.once_in(5) {
        world.spawn();
        // No condition is waited for here: the moment itself is the random choice.
        thread::park_timeout(Duration::from_millis(dice.within(0..150)));
        world.kill();
    }
    world.start();
    assert!(world.log().matches("\"ready\"").count() as u64 > cycle);
}
