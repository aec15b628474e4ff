//! What holds over every bus.

use std::{collections::BTreeSet, sync::Mutex};

use tokio::sync::Notify;

use crate::{Ear, Told, Transport, soon};

/// Hears until all of these places are known: by hints, or since it was told to look, where the
/// journal has them all. The places that came as hints, in their order.
async fn hear_all(ear: &mut impl Ear, wanted: &[i64]) -> Vec<i64> {
    let mut heard = Vec::new();
    let mut open: BTreeSet<i64> = wanted.iter().copied().collect();
    while !open.is_empty() {
        match soon("all is heard", ear.next()).await {
            Told::Places(places) => {
                places.iter().for_each(|place| _ = open.remove(place));
                heard.extend(places);
            }
            Told::Look => open.clear(),
            Told::Over => panic!("nobody else hears"),
        }
    }
    heard
}

/// Whoever begins to hear is told to look, since nobody knows what was told before.
async fn begins(ear: &mut impl Ear) {
    assert_eq!(soon("it hears", ear.next()).await, Told::Look);
}

pub(crate) async fn what_is_told_is_heard_in_its_lane_and_nowhere_else(bus: &impl Transport) {
    let (mut a, mut b) = (bus.hear("malli-a").await, bus.hear("malli-b").await);
    begins(&mut a).await;
    begins(&mut b).await;
    bus.tell("malli-a", &[1, 2, 3]).await;
    bus.tell("malli-b", &[4]).await;
    assert_eq!(hear_all(&mut a, &[1, 2, 3]).await, [1, 2, 3]);
    assert_eq!(hear_all(&mut b, &[4]).await, [4]);
}

pub(crate) async fn the_order_of_a_lane_holds(bus: &impl Transport) {
    let mut ear = bus.hear("malli-a").await;
    begins(&mut ear).await;
    let all: Vec<i64> = (1..=300).collect();
    for some in all.chunks(7) {
        bus.tell("malli-a", some).await;
    }
    assert_eq!(hear_all(&mut ear, &all).await, all);
}

pub(crate) async fn a_flood_holds_nobody_up_and_what_is_dropped_is_told(bus: &impl Transport) {
    let mut ear = bus.hear("malli-a").await;
    begins(&mut ear).await;
    let all: Vec<i64> = (1..=3000).collect();
    for some in all.chunks(500) {
        soon("it is taken while nobody hears", bus.tell("malli-a", some)).await;
    }
    bus.tell("malli-b", &[9]).await;
    hear_all(&mut ear, &all).await;
    let mut other = bus.hear("malli-b").await;
    hear_all(&mut other, &[9]).await;
}

pub(crate) async fn one_of_two_hears(bus: &impl Transport) {
    let mut first = bus.hear("malli-a").await;
    begins(&mut first).await;
    let mut second = bus.hear("malli-a").await;
    begins(&mut second).await;
    for place in 1..=50 {
        bus.tell("malli-a", &[place]).await;
    }
    let (heard, all_heard) = (Mutex::new([Vec::new(), Vec::new()]), Notify::new());
    let hearing = async |ear: &mut _, who: usize| {
        while let Told::Places(places) = Ear::next(ear).await {
            let mut heard = heard.lock().expect("no panic");
            heard[who].extend(places);
            if heard.iter().map(Vec::len).sum::<usize>() >= 50 {
                all_heard.notify_one();
            }
        }
    };
    soon("all is heard", async {
        let both = async { tokio::join!(hearing(&mut first, 0), hearing(&mut second, 1)) };
        tokio::select! {
            _ = both => {}
            () = all_heard.notified() => {}
        }
    })
    .await;
    let heard = heard.into_inner().expect("no panic");
    let all: Vec<i64> = (1..=50).collect();
    assert!(heard.contains(&all) && heard.contains(&Vec::new()), "{heard:?}");
}

pub(crate) async fn whoever_comes_after_goes_on(bus: &impl Transport) {
    let mut before = bus.hear("malli-a").await;
    begins(&mut before).await;
    bus.tell("malli-a", &[1, 2]).await;
    assert_eq!(hear_all(&mut before, &[1, 2]).await, [1, 2]);
    drop(before);
    bus.tell("malli-a", &[3]).await;
    let mut after = bus.hear("malli-a").await;
    // 3 may have come before: this says so.
    begins(&mut after).await;
    bus.tell("malli-a", &[4]).await;
    let heard = hear_all(&mut after, &[4]).await;
    assert!(heard == [3, 4] || heard == [4], "and nothing that was taken: {heard:?}");
}
