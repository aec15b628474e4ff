//! RabbitMQ: what is acknowledged when, and what is not a hint.

use crate::{
    Transport,
    rabbitmq::{At, OverRabbitMq, hear, hints, next_hints},
    soon,
};

const LANES: [&str; 2] = ["malli-a", "malli-b"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_taken_comes_again_to_the_next() {
    let Some(bus) = OverRabbitMq::new(&LANES).await else { return };
    let mut first = hear(&bus, "malli-a").await;
    let mut standby = hear(&bus, "malli-a").await;
    bus.tell("malli-a", &[1, 2]).await;
    let mut heard = Vec::new();
    while heard != [1, 2] {
        let (places, receipt) = next_hints(&mut first).await;
        heard.extend(places);
        receipt.taken().await;
    }
    bus.tell("malli-a", &[3]).await;
    let (places, receipt) = next_hints(&mut first).await;
    assert_eq!(places, [3]);
    // As when a hub dies: it says nothing.
    drop(first);
    let (places, again) = next_hints(&mut standby).await;
    assert_eq!(places, [3], "and nothing that was taken");
    again.taken().await;
    drop(receipt);
    bus.tell("malli-a", &[4]).await;
    assert_eq!(next_hints(&mut standby).await.0, [4]);
    bus.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_speaks_for_its_own_hints_alone() {
    let Some(bus) = OverRabbitMq::new(&LANES).await else { return };
    let mut hearing = hear(&bus, "malli-a").await;
    let mut receipts = Vec::new();
    for place in 1..=3 {
        bus.tell("malli-a", &[place]).await;
        let (places, receipt) = next_hints(&mut hearing).await;
        assert_eq!(places, [place]);
        receipts.push(receipt);
    }
    // The last one taken is not the first one taken, which its acknowledgement must not cover.
    receipts.pop().expect("three").taken().await;
    let (second, first) = (receipts.pop().expect("three"), receipts.pop().expect("three"));
    drop(first);
    let (places, again) = next_hints(&mut hearing).await;
    assert_eq!(places, [1]);
    again.taken().await;
    second.taken().await;
    drop(hearing);
    let mut after = hear(&bus, "malli-a").await;
    bus.tell("malli-a", &[4]).await;
    assert_eq!(next_hints(&mut after).await.0, [4], "nothing is left");
    bus.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_there_comes_in_one_go_up_to_a_bound() {
    let Some(bus) = OverRabbitMq::new(&LANES).await else { return };
    let all: Vec<i64> = (1..=3000).collect();
    bus.tell("malli-a", &all).await;
    let mut hearing = hear(&bus, "malli-a").await;
    let (mut heard, mut times, mut kept) = (Vec::new(), 0, Vec::new());
    // 8 messages: of 500 places that are under way at once, 4 each.
    let ahead = 1000;
    while heard.len() < ahead {
        let (places, receipt) = next_hints(&mut hearing).await;
        heard.extend(places);
        kept.push(receipt);
    }
    assert_eq!(heard, all[..ahead], "the broker sends no more ahead");
    for receipt in kept.drain(..) {
        receipt.taken().await;
    }
    while heard.len() < all.len() {
        let (places, receipt) = next_hints(&mut hearing).await;
        assert!(places.len() <= 1024);
        heard.extend(places);
        times += 1;
        receipt.taken().await;
    }
    assert_eq!(heard, all);
    assert!(times < 200, "{times} times for the last 2,000");
    bus.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_hint_goes_to_the_dead_letters_and_holds_up_nothing() {
    let Some(at) = At::new() else { return };
    let bus = at.start(&LANES);
    bus.is_ready().await;
    let outside = at.outside().await;
    let mut hearing = hear(&bus, "malli-a").await;
    outside.publish(&at.queue("malli-a"), b"not of a hub").await;
    assert_eq!(soon("a dead letter", outside.get(&at.dead())).await, b"not of a hub");
    assert_eq!(bus.broker.strangers(), 1);
    bus.tell("malli-a", &[1]).await;
    assert_eq!(next_hints(&mut hearing).await.0, [1]);
    bus.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hint_that_nobody_takes_is_a_dead_letter_in_the_end() {
    let Some(at) = At::new() else { return };
    let bus = at.start(&LANES);
    bus.is_ready().await;
    let outside = at.outside().await;
    let mut hearing = hear(&bus, "malli-a").await;
    assert_eq!(bus.broker.announce(hints("malli-a", &[1])).await, [1]);
    let dead = async {
        loop {
            drop(next_hints(&mut hearing).await);
        }
    };
    let name = at.dead();
    let letter = soon("a dead letter", async {
        tokio::select! {
            letter = outside.get(&name) => letter,
            () = dead => unreachable!("it hears for ever"),
        }
    })
    .await;
    assert_eq!(letter, b"1");
    bus.end().await;
}
