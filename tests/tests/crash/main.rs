//! The hub is killed at random moments under load and started again, over and over; or stopped in
//! its tracks, and let go on. Afterwards the ledger of what it acknowledged, the bytes that the
//! systems got, and its journal must agree.
//!
//! `LUOTSI_CYCLES` is how often it is killed or stopped, 50 if not said.

mod account;
mod laws;
mod ledger;
mod load;
mod stopped;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use luotsi_tests::{
    dice::{Dice, Seed, count},
    documents::{Scope, consent},
    standin::Manner,
    wait,
    world::World,
};

use account::{Account, arrivals};
use ledger::{Ledger, Mind};
use load::{Client, Load};

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
    be_shaky(&world, &mut dice);
    let load = Load::new(&world, 6);
    let clients = |sender| Client::some(sender * CLIENTS_EACH, CLIENTS_EACH);
    let account = under_load(&world, &load, &mut dice, clients, |dice| {
        for cycle in 0..cycles {
            crash(&world, &load, dice, cycle);
        }
    });
    laws::hold(&account);
    let met = |result| cycles < 10 || account.results(result) > 0;
    assert!(["interrupted", "failed", "withdrawn"].into_iter().all(met), "too tame: {account}");
    println!("{cycles} cycles, seed {}: {account}", seed.seed);
}

/// Does something to a hub under load, lets everything come to its end, and takes the account.
fn under_load(
    world: &World,
    load: &Load<'_>,
    dice: &mut Dice,
    clients: impl Fn(u64) -> Vec<Client>,
    happen: impl FnOnce(&mut Dice),
) -> Account {
    let stop = &AtomicBool::new(false);
    let (ledgers, tasks) = thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|at| {
                let (clients, dice) = (clients(at), Dice::of(dice.bits()));
                scope.spawn(move || load.send(clients, dice, stop))
            })
            .collect();
        let answering = scope.spawn(|| load.answer(stop));
        // Whatever goes wrong below, the senders must end, or the scope never would.
        let _stop = StopAtEnd(stop);
        happen(dice);
        stop.store(true, Ordering::Release);
        let ledgers = senders.into_iter().map(|s| s.join().expect("a sender"));
        (ledgers.collect::<Vec<Ledger>>(), answering.join().expect("the answering provider"))
    });
    let ledger = Ledger::all(ledgers);
    calm_down(world, &ledger);
    Account::take(world, ledger, tasks)
}

struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A slow provider that fails now and then, and quicker systems that hardly ever do.
fn be_shaky(world: &World, dice: &mut Dice) {
    let shaky = |ms, once_in| Manner::Shaky { pause_max: Duration::from_millis(ms), once_in };
    let manners = [(&world.malli_ry, 25, 6), (&world.home_care, 4, 40), (&world.serena, 4, 40)];
    for (standin, ms, once_in) in manners {
        standin.throw(Dice::of(dice.bits()));
        standin.be(shaky(ms, once_in));
    }
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

/// Everything ends: what waits for a consent has one in the end.
fn calm_down(world: &World, ledger: &Ledger) {
    for standin in [&world.malli_ry, &world.home_care, &world.serena] {
        standin.be(Manner::Answer(200));
    }
    let journal = world.journal();
    let none = |what: &str| journal.count(&format!("delivery where {what}")) == 0;
    wait::holds("all that may be sent is sent", || none("state < 10 and state <> 1"));
    let never = || ledger.0.iter().filter(|(_, line)| line.mind == Mind::Never);
    let reached = arrivals(&world.malli_ry);
    assert!(never().all(|(client, _)| reached.iter().all(|a| a.client != *client)));
    for (client, line) in never() {
        let id = format!("S-{client}-late");
        world.accept("serena", &consent(&id, &line.hetu, Scope::PEER_SUPPORT));
    }
    let is_recalled = || journal.count("recall where state = 0") == 0;
    let is_ended = || is_recalled() && none("state < 10");
    let is_told = || none("tell is not null and told is null");
    // What is told is a delivery of its own.
    wait::holds("all that was accepted ends, and is told", || {
        is_ended() && is_told() && is_ended()
    });
}
