//! Random lives of a hub: papers, directives and withdrawals at once, recipients that fail, hang
//! and reject, crashes and restarts. The laws are checked at every call and at the end.
//!
//! `LUOTSI_SEEDS=from..to` runs other seeds.

use std::{
    env,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use futures::future::join_all;
use jiff::SignedDuration;
use luotsi_flow::{Receipt, Refused};

use crate::{
    dice::Dice,
    far::Answer,
    laws,
    papers::{consent, home_care, peer_support, prohibition, withdrawal},
    world::{Hub, World, incoming},
};

const CLIENTS: u32 = 3;
const SEEDS: Range<u64> = 0..60;
const THREADS: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Deed {
    AskHomeCare,
    AskPeerSupport,
    Consent,
    Prohibit,
    Withdraw,
}

fn deed(dice: &mut Dice) -> Option<Deed> {
    Some(match dice.in_range(0..12) {
        0..2 => Deed::AskHomeCare,
        2..6 => Deed::AskPeerSupport,
        6 | 7 => Deed::Consent,
        8 | 9 => Deed::Withdraw,
        10 if dice.is_one_in(8) => Deed::Prohibit,
        _ => return None,
    })
}

/// Posts one paper. After an acknowledged withdrawal with nothing under way, nothing may come.
async fn post(
    world: &World,
    hub: &Hub<'_>,
    client: u32,
    deed: Deed,
    id: &str,
) -> Result<Receipt, Refused> {
    let (malli_ry, reference) = (world.far("malli-ry"), hub.client(client));
    let given = format!("S-{client}");
    let paper = match deed {
        Deed::AskHomeCare => home_care(id, client),
        Deed::AskPeerSupport => peer_support(id, client),
        Deed::Consent => consent(&given, client),
        Deed::Prohibit => prohibition(id, client),
        Deed::Withdraw => withdrawal(id, client, &given),
    };
    if matches!(deed, Deed::Consent) {
        malli_ry.close(&reference, false);
    }
    let answer = hub.flow.accept(incoming(&paper)).await;
    if let (Deed::Withdraw, Ok(Receipt { in_flight: Some(0), .. })) = (deed, &answer) {
        malli_ry.close(&reference, true);
    }
    answer
}

/// One paper for each of some clients, all at once.
fn act(world: &World, hub: &Hub<'_>, dice: &mut Dice, acknowledged: &mut Vec<Receipt>) {
    let deeds: Vec<_> = (0..CLIENTS)
        .filter_map(|client| Some((client, deed(dice)?, format!("N-{}", dice.next()))))
        .collect();
    let posts = deeds.iter().map(|(client, deed, id)| post(world, hub, *client, *deed, id));
    for answer in world.driver.block_on(join_all(posts)) {
        match answer {
            Ok(receipt) => acknowledged.push(receipt),
            Err(Refused::UnknownDirective) => {}
            Err(refused) => panic!("{refused}"),
        }
    }
}

fn misbehave(world: &World, dice: &mut Dice) {
    for far in world.systems.values() {
        let mut dice = Dice::new(dice.next());
        far.script(move |_| match dice.in_range(0..32) {
            0..8 => Answer::Fail,
            8 => Answer::FailFor(Duration::from_secs(dice.in_range(1..100_000))),
            9 => Answer::Reject,
            10 => Answer::Hang,
            11 => Answer::Panic,
            _ => Answer::Take,
        });
    }
}

fn live(seed: u64) {
    let mut dice = Dice::new(seed);
    let world = World::with_settings(dice.next(), "timeout_ms = 5\nconcurrency_max = 2");
    let mut acknowledged = Vec::new();
    misbehave(&world, &mut dice);
    for _ in 0..dice.in_range(1..4) {
        let hub = world.start();
        for _ in 0..dice.in_range(3..12) {
            act(&world, &hub, &mut dice, &mut acknowledged);
            if dice.is_one_in(3) {
                let seconds = dice.in_range(0..40_000) as i64;
                world.clock.pass(SignedDuration::from_secs(seconds));
            }
        }
        if dice.is_one_in(2) { hub.crash() } else { hub.stop() }
    }
    let hub = world.start();
    hub.pass_until("everything to end", |pending| pending.is_empty());
    tell_all(&world, &hub);
    laws::check(&world, &hub, &acknowledged);
    hub.stop();
}

/// Every sender that is owed a word gets it, or a person has it.
fn tell_all(world: &World, hub: &Hub<'_>) {
    while let Some(due) = hub.next_untold() {
        world.clock.move_to(due);
        // After a start the hub settles first.
        world.clock.pass(SignedDuration::from_secs(5));
        hub.wait_until("it to be told", || hub.next_untold().is_none_or(|next| next > due));
    }
    hub.pass_until("what was told to end", |pending| pending.is_empty());
}

fn seeds() -> Range<u64> {
    let Ok(text) = env::var("LUOTSI_SEEDS") else { return SEEDS };
    let (from, to) = text.split_once("..").expect("from..to");
    from.parse().unwrap()..to.parse().unwrap()
}

#[test]
fn the_laws_hold_in_every_life() {
    let Range { start, end } = seeds();
    let next = AtomicU64::new(start);
    let failed = Mutex::new(Vec::new());
    let work = || loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return;
        }
        if catch_unwind(AssertUnwindSafe(|| live(seed))).is_err() {
            failed.lock().unwrap().push(seed);
        }
    };
    thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(work))));
    assert_eq!(*failed.lock().unwrap(), [0_u64; 0], "seeds");
}
