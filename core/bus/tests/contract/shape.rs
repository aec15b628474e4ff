//! RabbitMQ: what is declared there, and what happens where it is not so.

use luotsi_bus::broker::{Condition, Settings, inspect};
use luotsi_model::Sensitive;

use crate::{
    Transport,
    rabbitmq::{At, hear, hints, lane, next_hints},
};

const LANES: [&str; 2] = ["malli-a", "malli-b"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_queue_takes_is_not_confirmed_and_the_queue_is_declared_anew() {
    let Some(at) = At::new() else { return };
    let bus = at.start(&LANES);
    bus.is_ready().await;
    bus.tell("malli-a", &[1]).await;
    at.outside().await.delete(&at.queue("malli-a")).await;
    let mut both = hints("malli-b", &[2, 3]);
    both.splice(1..1, hints("malli-a", &[4]));
    assert_eq!(bus.broker.announce(both).await, [2, 3]);
    bus.insist("malli-a", &[5]).await;
    let mut hearing = hear(&bus, "malli-a").await;
    assert_eq!(next_hints(&mut hearing).await.0, [5]);
    bus.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_is_deleted_under_its_consumer_is_heard_again() {
    let Some(at) = At::new() else { return };
    let bus = at.start(&LANES);
    let mut hearing = hear(&bus, "malli-a").await;
    at.outside().await.delete(&at.queue("malli-a")).await;
    assert!(matches!(
        crate::soon("it hears again", hearing.next()).await,
        luotsi_bus::broker::Heard::Missed
    ));
    bus.insist("malli-a", &[1]).await;
    assert_eq!(next_hints(&mut hearing).await.0, [1]);
    bus.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_may_be_added_and_one_that_was_not_takes_nothing() {
    let Some(at) = At::new() else { return };
    let bus = at.start(&["malli-a"]);
    bus.is_ready().await;
    assert!(bus.broker.announce(hints("malli-b", &[1])).await.is_empty());
    assert_eq!(bus.broker.condition(), Condition::Ready, "that is nobody's fault");
    bus.broker.add_lane(lane("malli-b")).await;
    bus.broker.add_lane(lane("malli-b")).await;
    bus.tell("malli-b", &[2]).await;
    bus.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_of_another_form_is_named_with_its_mend() {
    let Some(at) = At::new() else { return };
    let (outside, queue) = (at.outside().await, at.queue("malli-a"));
    outside.classic(&queue).await;
    let bus = at.start(&LANES);
    let names_it = |condition: &Condition| {
        let Condition::Away { why } = condition else { return false };
        why.contains(&queue) && why.contains("rabbitmqctl delete_queue")
    };
    bus.is("the mend", names_it).await;
    assert!(bus.broker.announce(hints("malli-a", &[1])).await.is_empty());
    let findings = inspect(&at.settings(), &LANES.map(lane)).await.expect("a broker");
    let wrong: Vec<_> =
        findings.iter().filter(|found| !found.mend.contains("none before")).collect();
    assert_eq!(wrong.len(), 1, "{findings:?}");
    assert!(wrong[0].what.contains(&queue) && wrong[0].mend.contains("delete_queue"), "{wrong:?}");
    // The mend is one.
    outside.delete(&queue).await;
    bus.insist("malli-a", &[2]).await;
    bus.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looking_finds_what_is_missing_and_creates_nothing() {
    let Some(at) = At::new() else { return };
    let lanes = LANES.map(lane);
    let look = async || inspect(&at.settings(), &lanes).await.expect("a broker");
    let dead = at.dead();
    let wanted = [
        format!("exchange {dead}"),
        format!("queue {dead}"),
        format!("exchange {}.lanes", at.prefix),
        format!("queue {}", at.queue("malli-a")),
        format!("queue {}", at.queue("malli-b")),
    ];
    for _ in 0..2 {
        let missing: Vec<_> = look().await.into_iter().map(|found| found.what).collect();
        assert_eq!(missing, wanted);
    }
    let bus = at.start(&LANES);
    bus.is_ready().await;
    assert_eq!(look().await, []);
    at.outside().await.delete(&at.queue("malli-b")).await;
    let missing: Vec<_> = look().await.into_iter().map(|found| found.what).collect();
    assert_eq!(missing, wanted[4..]);
    bus.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_login_is_told_as_one() {
    let Some(at) = At::new() else { return };
    let (scheme, place) = (at.url.split_once("://"), at.url.split_once('@'));
    let (scheme, place) = (scheme.expect("a scheme").0, place.expect("a login").1);
    let wrong = At { url: format!("{scheme}://luotsi:sala-sana@{place}"), ..at.clone() };
    let bus = wrong.start(&LANES);
    let says_so = |condition: &Condition| {
        let Condition::Away { why } = condition else { return false };
        assert!(!why.contains("sala-sana"));
        why.contains("check user and password in bus.url")
    };
    bus.is("the login", says_so).await;
    let unreachable = inspect(&wrong.settings(), &[]).await.expect_err("a refusal").to_string();
    assert!(unreachable.contains("check user and password"), "{unreachable}");
    bus.stop().await;
    let (elsewhere, _) = at.url.rsplit_once('/').expect("a virtual host");
    let elsewhere = Sensitive::new(format!("{elsewhere}/malli-ei-ole"));
    let elsewhere = Settings::new(&elsewhere, "luotsi").expect("settings");
    let unreachable = inspect(&elsewhere, &[]).await.expect_err("a refusal").to_string();
    assert!(unreachable.contains("check the virtual host"), "{unreachable}");
}
