//! A load that insists, and afterwards the account of it: the ledger of what was acknowledged, the
//! bytes that the systems got, and the journal must agree, whatever was done to the hubs meanwhile.

pub mod account;
pub mod laws;
pub mod ledger;
mod sending;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    dice::Dice,
    documents::{Scope, consent},
    journal::Journal,
    stage::Stage,
    standin::Manner,
    wait,
};

use account::{Account, arrivals};
use ledger::{Ledger, Mind};
pub use sending::{Client, Load};

/// How long the hubs may need until everything that may be sent is sent, whatever was done to them.
const CALM: Duration = Duration::from_secs(120);
/// How often it is looked for that.
const LOOK: Duration = Duration::from_millis(20);

/// Does something to hubs under the load of so many senders, lets everything come to its end, and
/// takes the account.
///
/// # Panics
/// When a sender or what happens does.
pub fn under_load(
    load: &Load<'_>,
    senders: u64,
    dice: &mut Dice,
    clients: impl Fn(u64) -> Vec<Client>,
    happen: impl FnOnce(&mut Dice),
) -> Account {
    let stop = &AtomicBool::new(false);
    let (ledgers, tasks) = thread::scope(|scope| {
        let senders: Vec<_> = (0..senders)
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
    calm_down(load, &ledger);
    Account::take(load.stage(), ledger, tasks)
}

struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// What pends, by destination: nothing of anyone.
fn pending(journal: &Journal) -> String {
    let all = journal.deliveries().into_iter().filter(|d| d.state < 10 && d.state != 1);
    let mut counts = BTreeMap::new();
    for delivery in all {
        let key = (delivery.destination, delivery.state, delivery.cause);
        *counts.entry(key).or_insert(0) += 1;
    }
    format!("{counts:?}")
}

/// A slow provider that fails now and then, and quicker systems that hardly ever do.
pub fn be_shaky(stage: &Stage<'_>, dice: &mut Dice) {
    let shaky = |ms, once_in| Manner::Shaky { pause_max: Duration::from_millis(ms), once_in };
    let manners = [(stage.malli_ry, 25, 6), (stage.home_care, 4, 40), (stage.serena, 4, 40)];
    for (standin, ms, once_in) in manners {
        standin.throw(Dice::of(dice.bits()));
        standin.be(shaky(ms, once_in));
    }
}

/// Everything ends: what waits for a consent has one in the end.
fn calm_down(load: &Load<'_>, ledger: &Ledger) {
    let stage = load.stage();
    for standin in [stage.malli_ry, stage.home_care, stage.serena] {
        standin.be(Manner::Answer(200));
    }
    let journal = stage.journal();
    let none = |what: &str| journal.count(&format!("delivery where {what}")) == 0;
    let began = Instant::now();
    while !none("state < 10 and state <> 1") {
        assert!(began.elapsed() < CALM, "not sent within {CALM:?}: {}", pending(&journal));
        thread::park_timeout(LOOK);
    }
    let never = || ledger.0.iter().filter(|(_, line)| line.mind == Mind::Never);
    let reached = arrivals(stage.malli_ry);
    assert!(never().all(|(client, _)| reached.iter().all(|a| a.client != *client)));
    for (client, line) in never() {
        let id = format!("S-{client}-late");
        load.insist("serena", &id, &consent(&id, &line.hetu, Scope::PEER_SUPPORT));
    }
    let is_recalled = || journal.count("recall where state = 0") == 0;
    let is_ended = || is_recalled() && none("state < 10");
    let is_told = || none("tell is not null and told is null");
    // What is told is a delivery of its own.
    wait::within(CALM, "all that was accepted ends, and is told", || {
        (is_ended() && is_told() && is_ended()).then_some(())
    });
}
