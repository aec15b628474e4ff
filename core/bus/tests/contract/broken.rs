//! A RabbitMQ of the test's own, killed and with an alarm raised.

use std::{collections::BTreeSet, sync::Arc};

use luotsi_bus::broker::{Condition, Heard, Hearing};
use luotsi_tests::{
    broker::{Broker, url},
    dice::count,
};
use tokio::task::spawn_blocking;

use crate::{
    rabbitmq::{At, OverRabbitMq, hear, hints},
    soon,
};

/// Places announced at once.
const BATCH: i64 = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_becomes_of_the_broker_what_it_confirmed_is_heard_and_it_is_found_again() {
    if url().is_none() {
        return;
    }
    let broker = Arc::new(spawn_blocking(Broker::start).await.expect("a broker"));
    let bus = At::of(broker.url()).start(&["malli-a"]);
    let mut hearing = hear(&bus, "malli-a").await;
    on(&broker, Broker::remember_queues).await;
    let cycles = count("LUOTSI_CYCLES", 50).div_ceil(50);
    for from in (0..).step_by(1_000_000).take(cycles as usize) {
        let confirmed = killed(&bus, &broker, from).await;
        println!("{} confirmed before the broker died", confirmed.len());
        hear_all(&mut hearing, confirmed).await;
    }
    alarmed(&bus, &broker).await;
    drop(hearing);
    bus.stop().await;
}

async fn on(broker: &Arc<Broker>, work: impl FnOnce(&Broker) + Send + 'static) {
    let broker = broker.clone();
    spawn_blocking(move || work(&broker)).await.expect("it is done");
}

/// Announces while the broker is killed and started again: all that was confirmed.
async fn killed(bus: &OverRabbitMq, broker: &Arc<Broker>, from: i64) -> BTreeSet<i64> {
    let mut confirmed = BTreeSet::new();
    let until_it_dies = async {
        for first in (from..).step_by(BATCH as usize) {
            let places: Vec<i64> = (first..first + BATCH).collect();
            let taken = bus.broker.announce(hints("malli-a", &places)).await;
            let is_whole = taken.len() == places.len();
            confirmed.extend(taken);
            if !is_whole {
                break;
            }
        }
    };
    soon("it dies", async { tokio::join!(until_it_dies, on(broker, Broker::kill)) }).await;
    bus.is("it is away", |now| matches!(now, Condition::Away { .. })).await;
    assert!(bus.broker.announce(hints("malli-a", &[1])).await.is_empty());
    on(broker, Broker::again).await;
    let last = from + 999_999;
    bus.insist("malli-a", &[last]).await;
    confirmed.insert(last);
    confirmed
}

async fn hear_all(hearing: &mut Hearing, mut open: BTreeSet<i64>) {
    let (mut missed, wanted) = (0, open.len());
    let hearing_all = async {
        while !open.is_empty() {
            match hearing.next().await {
                Heard::Hints { places, receipt } => {
                    places.iter().for_each(|place| _ = open.remove(place));
                    receipt.taken().await;
                }
                Heard::Missed => missed += 1,
            }
        }
    };
    soon("what was confirmed is heard", hearing_all).await;
    assert!(missed > 0 || wanted == 0, "a new link says so");
}

/// A broker with an alarm takes nothing, says so, and takes everything again when it is over.
async fn alarmed(bus: &OverRabbitMq, broker: &Arc<Broker>) {
    on(broker, |broker| broker.ctl(&["set_disk_free_limit", "1000000GB"])).await;
    let announced = bus.broker.announce(hints("malli-a", &[-1]));
    assert!(soon("an end", announced).await.is_empty());
    bus.is("the alarm", |now| matches!(now, Condition::Blocked { .. })).await;
    assert!(bus.broker.announce(hints("malli-a", &[-2])).await.is_empty());
    on(broker, |broker| broker.ctl(&["set_disk_free_limit", "50MB"])).await;
    bus.insist("malli-a", &[-3]).await;
}
