//! Several hubs on one PostgreSQL, with a RabbitMQ of three nodes or without.

use std::{
    thread,
    time::{Duration, Instant},
};

use luotsi_tests::{
    broker::BACK,
    dice::{Dice, Seed, count},
    fleet::{Fleet, Plan},
    load::{Client, Load, be_shaky, laws, under_load},
    wait,
};

use crate::lanes;

const LEASE_MS: Option<u64> = Some(2000);
const THREE: Plan = Plan { hubs: 3, broker_nodes: 0, lease_ms: LEASE_MS };
const THREE_ON_A_BROKER: Plan = Plan { hubs: 3, broker_nodes: 3, lease_ms: LEASE_MS };
const AS_SHIPPED: Plan = Plan { hubs: 2, broker_nodes: 0, lease_ms: None };
const SENDERS: u64 = 4;
/// Of each sender: as many always consent, never do, and change their minds.
const CLIENTS_EACH: u64 = 6;
/// The lane that is watched, and its queue.
const LANE: &str = "to:malli-ry";
const QUEUE: &str = "luotsi.lane.malli-ry";
/// Longer than the lease by far.
const LONG_STOP: Duration = Duration::from_secs(30);
/// A hub that is told to end has ended within this.
const ENDS: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    HubKilled,
    OwnerStopped,
    OwnerStoppedLong,
    DatabaseKilled,
    LeaderKilled,
    DatabaseLineCut,
    DatabaseLineHalfOpen,
    BrokerLineCut,
    BrokerLineHalfOpen,
    BrokerAlarm,
    RollingRestart,
}

#[test]
fn whatever_becomes_of_several_hubs_nothing_is_lost_repeated_or_let_through() {
    let faults = [
        Fault::HubKilled,
        Fault::OwnerStopped,
        Fault::DatabaseKilled,
        Fault::DatabaseLineCut,
        Fault::DatabaseLineHalfOpen,
        Fault::RollingRestart,
    ];
    under(THREE, count("LUOTSI_CYCLES", 50).div_ceil(10), &faults);
}

#[test]
fn whatever_becomes_of_their_broker_nothing_is_lost_repeated_or_let_through() {
    let faults = [
        Fault::LeaderKilled,
        Fault::BrokerLineCut,
        Fault::BrokerLineHalfOpen,
        Fault::BrokerAlarm,
        Fault::HubKilled,
    ];
    under(THREE_ON_A_BROKER, count("LUOTSI_CYCLES", 50).div_ceil(10), &faults);
}

#[test]
fn stopped_for_half_a_minute_a_hub_sends_nothing_on_lanes_that_another_took() {
    under(AS_SHIPPED, 1, &[Fault::OwnerStoppedLong]);
}

/// Does each of it so often to hubs under load, and holds the laws.
fn under(plan: Plan, cycles: u64, faults: &[Fault]) {
    let seed = Seed::take();
    let mut dice = seed.dice();
    let Some(fleet) = Fleet::start(plan) else { return };
    be_shaky(&fleet.stage(), &mut dice);
    let load = Load::new(fleet.stage(), 6);
    let clients = |sender| Client::some(sender * CLIENTS_EACH, CLIENTS_EACH);
    let account = under_load(&load, SENDERS, &mut dice, clients, |dice| {
        for cycle in 0..cycles {
            for fault in faults {
                goes_on(&load, dice.within(5..60), &format!("before {fault:?} of cycle {cycle}"));
                let since = Instant::now();
                happen(&fleet, &load, *fault, dice);
                let made = since.elapsed();
                goes_on(&load, SENDERS + 1, &format!("after {fault:?} of cycle {cycle}"));
                println!("{fault:?}: {made:.1?}, went on after {:.1?}", since.elapsed() - made);
            }
        }
    });
    laws::hold(&account);
    let hands = lanes::one_sends_at_a_time(&fleet, &account);
    fleet.verify_log();
    println!("{cycles} cycles, seed {}: {account}; lanes changed hands {hands} times", seed.seed);
}

fn goes_on(load: &Load<'_>, more: u64, when: &str) {
    let from = load.acknowledged();
    wait::within(BACK, &format!("it goes on {when}"), || {
        (load.acknowledged() >= from + more).then_some(())
    });
}

/// No condition is waited for here: the moments themselves are the random choice.
fn for_a_while(dice: &mut Dice, ms: u64) {
    thread::park_timeout(Duration::from_millis(dice.within(0..ms)));
}

fn happen(fleet: &Fleet, load: &Load<'_>, fault: Fault, dice: &mut Dice) {
    let nth = dice.within(0..fleet.hubs.len() as u64) as usize;
    let (hub, to_database) = (&fleet.hubs[nth], &fleet.lines[nth]);
    let to_broker = || fleet.broker_lines.get(nth).expect("a broker");
    match fault {
        Fault::HubKilled => {
            hub.kill();
            for_a_while(dice, 3000);
            hub.start();
        }
        Fault::OwnerStopped => stop_the_owner(fleet, Duration::ZERO, dice),
        Fault::OwnerStoppedLong => stop_the_owner(fleet, LONG_STOP, dice),
        Fault::DatabaseKilled => {
            fleet.postgres.kill();
            for_a_while(dice, 300);
            fleet.postgres.again();
        }
        Fault::LeaderKilled => {
            let broker = fleet.broker.as_ref().expect("a broker");
            let leader = broker.leader(QUEUE);
            broker.kill(leader);
            goes_on(load, SENDERS + 1, "without one node of the broker");
            broker.again(leader);
        }
        Fault::DatabaseLineCut => to_database.cut(),
        Fault::DatabaseLineHalfOpen => {
            to_database.half_open();
            for_a_while(dice, 4000);
            to_database.cut();
        }
        Fault::BrokerLineCut => to_broker().cut(),
        Fault::BrokerLineHalfOpen => {
            to_broker().half_open();
            for_a_while(dice, 4000);
            to_broker().heal();
        }
        Fault::BrokerAlarm => alarm(fleet, load),
        Fault::RollingRestart => {
            for hub in &fleet.hubs {
                let told = Instant::now();
                assert!(hub.terminate().success());
                assert!(told.elapsed() <= ENDS, "{:?}", told.elapsed());
                hub.start();
            }
        }
    }
}

/// Stops the hub that sends to the provider until another does, and so long at least, and lets it go
/// on.
fn stop_the_owner(fleet: &Fleet, least: Duration, dice: &mut Dice) {
    let (hub, epoch) = wait::until("somebody works the lane", || lanes::owner(fleet, LANE));
    fleet.hubs[hub].halt();
    let since = Instant::now();
    wait::within(BACK, "another takes the lane on", || {
        let taken = lanes::owner(fleet, LANE).is_some_and(|(_, now)| now > epoch);
        (taken && since.elapsed() >= least).then_some(())
    });
    for_a_while(dice, 300);
    fleet.hubs[hub].go_on();
}

/// While the broker has an alarm nothing is taken in that it would have to be told of.
fn alarm(fleet: &Fleet, load: &Load<'_>) {
    let broker = fleet.broker.as_ref().expect("a broker");
    broker.alarm(true);
    let before = load.turned_away_as("broker-away");
    wait::within(BACK, "somebody is turned away", || {
        (load.turned_away_as("broker-away") > before).then_some(())
    });
    broker.alarm(false);
}
