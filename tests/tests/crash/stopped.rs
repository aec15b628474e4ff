//! The hub stopped by SIGSTOP between any two of its instructions while deliveries run and consents
//! are taken back; withdrawals come in while it stands still, and answers of recipients.

use std::{thread, time::Duration};

use luotsi_tests::{
    dice::{Dice, Seed, count},
    load::{
        Client, Load, laws,
        ledger::{Mind, Will},
        under_load,
    },
    standin::Manner,
    wait,
    world::World,
};

use crate::{CYCLES, SENDERS};

/// Of each sender, all of whom change their minds.
const CLIENTS_EACH: u64 = 3;
/// How long it stands still at the most.
const STILL_MS: u64 = 120;

#[test]
fn stopped_in_its_tracks_it_lets_nothing_through_but_what_the_receipt_counts() {
    let cycles = count("LUOTSI_CYCLES", CYCLES);
    let seed = Seed::take();
    let mut dice = seed.dice();
    let world = World::new();
    // Slower than the hub, so that at most moments something is under way, and often failing.
    let slow = Manner::Shaky { pause_max: Duration::from_millis(40), once_in: 4 };
    world.malli_ry.throw(Dice::of(dice.bits()));
    world.malli_ry.be(slow);
    let load = Load::new(world.stage(), 2);
    let clients = |sender| Client::of_minds(sender * CLIENTS_EACH, CLIENTS_EACH, &[Mind::Changing]);
    let mut met = 0;
    let account = under_load(&load, SENDERS, &mut dice, clients, |dice| {
        for _ in 0..cycles {
            met += u64::from(halt(&world, &load, dice));
        }
    });
    laws::hold(&account);
    let wills = || account.ledger.0.values().flat_map(|line| &line.wills);
    let counted = wills().filter(|w| matches!(w, Will::Withdrawn { in_flight: 1.., .. })).count();
    let is_tame = met == 0 || counted == 0 || account.results("withdrawn") == 0;
    assert!(cycles < 10 || !is_tame, "too tame: {met} met, {counted} counted; {account}");
    println!(
        "{cycles} stops, seed {}: {met} with a withdrawal on its way, {counted} withdrawals \
         with sends under way; {account}",
        seed.seed
    );
}

/// Stops the hub after so many things more have happened, and tells whether a withdrawal was on its
/// way meanwhile.
fn halt(world: &World, load: &Load<'_>, dice: &mut Dice) -> bool {
    let (from, more) = (load.happened(), dice.within(0..SENDERS * 4));
    wait::holds("something happens", || load.happened() >= from + more);
    // No condition is waited for here: the moments themselves are the random choice.
    thread::park_timeout(Duration::from_micros(dice.within(0..3_000)));
    world.halt();
    thread::park_timeout(Duration::from_millis(dice.within(1..STILL_MS)));
    let is_met = load.withdrawing() > 0;
    world.go_on();
    is_met
}
