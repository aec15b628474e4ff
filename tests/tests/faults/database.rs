//! One hub on PostgreSQL.

use std::{thread, time::Duration};

use luotsi_tests::{
    dice::{Dice, Seed, count},
    fleet::{Fleet, Plan},
    load::{Client, Load, be_shaky, laws, under_load},
    wait,
};

const ONE: Plan = Plan { hubs: 1, broker_nodes: 0, lease_ms: None };
const SENDERS: u64 = 4;
/// Of each sender: as many always consent, never do, and change their minds.
const CLIENTS_EACH: u64 = 6;
/// A hub that heard nothing goes on within this.
const GOES_ON: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    DatabaseKilled,
    LineCut,
    LineRefused,
    LineLate,
    LineHalfOpen,
    HubKilled,
}

const FAULTS: [Fault; 6] = [
    Fault::DatabaseKilled,
    Fault::LineCut,
    Fault::LineRefused,
    Fault::LineLate,
    Fault::LineHalfOpen,
    Fault::HubKilled,
];

#[test]
fn whatever_becomes_of_the_database_nothing_is_lost_repeated_or_let_through() {
    let cycles = count("LUOTSI_CYCLES", 50).div_ceil(10);
    let seed = Seed::take();
    let mut dice = seed.dice();
    let Some(fleet) = Fleet::start(ONE) else { return };
    be_shaky(&fleet.stage(), &mut dice);
    let load = Load::new(fleet.stage(), 6);
    let clients = |sender| Client::some(sender * CLIENTS_EACH, CLIENTS_EACH);
    let account = under_load(&load, SENDERS, &mut dice, clients, |dice| {
        for cycle in 0..cycles {
            for fault in FAULTS {
                let (from, more) = (load.happened(), dice.within(5..60));
                wait::within(GOES_ON, "something happens", || {
                    (load.happened() >= from + more).then_some(())
                });
                happen(&fleet, fault, cycle == 0, dice);
                let from = load.acknowledged();
                wait::within(GOES_ON, &format!("it goes on after {fault:?}"), || {
                    (load.acknowledged() > from + SENDERS).then_some(())
                });
            }
        }
    });
    laws::hold(&account);
    fleet.verify_log();
    println!("{cycles} cycles, seed {}: {account}", seed.seed);
}

/// No condition is waited for here: the moments themselves are the random choice.
fn for_a_while(dice: &mut Dice, ms: u64) {
    thread::park_timeout(Duration::from_millis(dice.within(0..ms)));
}

fn happen(fleet: &Fleet, fault: Fault, is_first: bool, dice: &mut Dice) {
    let (hub, line) = (&fleet.hubs[0], &fleet.lines[0]);
    match fault {
        Fault::DatabaseKilled => {
            fleet.postgres.kill();
            for_a_while(dice, 300);
            fleet.postgres.again();
        }
        Fault::LineCut => line.cut(),
        Fault::LineRefused => {
            line.refuse();
            for_a_while(dice, 300);
            line.heal();
        }
        Fault::LineLate => {
            line.delay(Duration::from_millis(dice.within(1..80)));
            for_a_while(dice, 600);
            line.heal();
        }
        Fault::LineHalfOpen => {
            line.half_open();
            for_a_while(dice, 600);
            line.heal();
            // Nobody ever tells the hub that what it holds is dead; the other times it is told.
            if !is_first {
                line.cut();
            }
        }
        Fault::HubKilled => {
            hub.kill();
            hub.start();
        }
    }
}

#[test]
fn told_to_end_on_a_silent_database_a_hub_ends_in_time_and_loses_nothing() {
    let seed = Seed::take();
    let mut dice = seed.dice();
    let Some(fleet) = Fleet::start(ONE) else { return };
    be_shaky(&fleet.stage(), &mut dice);
    let load = Load::new(fleet.stage(), 6);
    let clients = |sender| Client::some(sender * CLIENTS_EACH, CLIENTS_EACH);
    let account = under_load(&load, SENDERS, &mut dice, clients, |dice| {
        let (hub, line, more) = (&fleet.hubs[0], &fleet.lines[0], dice.within(40..80));
        wait::holds("something happens", || load.happened() >= more);
        line.half_open();
        assert!(hub.terminate().success());
        line.heal();
        hub.start();
        let from = load.acknowledged();
        wait::holds("it goes on", || load.acknowledged() > from + SENDERS);
    });
    laws::hold(&account);
    fleet.verify_log();
}
