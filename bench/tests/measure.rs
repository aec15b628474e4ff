//! Real loads against real sinks, over sockets.

use clap::Parser;
use luotsi_bench::{
    account::{Account, Match},
    connection::Connection,
    load,
    observer::Observer,
    options::{Cli, Command},
    register::Arrival,
    report::Report,
    request::Request,
    sink,
    target::Target,
    volley::Shot,
};

/// A sink on a free port.
fn sink(options: &str) -> Target {
    let Command::Sink(options) = command(&format!("sink --listen 127.0.0.1:0 {options}")) else {
        unreachable!()
    };
    let address = sink::start(&options).expect("a free port");
    Target::parse(&format!("http://{address}/in/serena")).expect("a URL")
}

/// Posts straight at `hub`, which is a sink too.
async fn load(hub: &Target, sink: Option<&Target>, options: &str) -> Report {
    let url = format!("http://{}{}", hub.authority, hub.path);
    let Command::Load(mut command) = command(&format!("load --url {url} --drain 300ms {options}"))
    else {
        unreachable!()
    };
    command.load.body = Some(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/body.json").into());
    load::measure(&command.load, sink.cloned()).await.expect("a report")
}

fn command(words: &str) -> Command {
    Cli::parse_from(format!("luotsi-bench {words}").split_whitespace()).command
}

#[tokio::test]
async fn all_that_is_posted_arrives_once() {
    let hub = sink("");
    for pace in ["--count 2000", "--count 500 --rate 5000", "--duration 200ms"] {
        let report = load(&hub, Some(&hub), &format!("{pace} --warmup 300 --consents")).await;
        let account = report.delivery.clone().unwrap();
        let answers = &report.answers;
        assert!(answers.posted > 0 && answers.acked == answers.posted, "{report}");
        assert_eq!(account.delivered, answers.posted, "{report}");
        assert_eq!((account.lost, account.duplicated, account.foreign), (0, 0, 0), "{report}");
        assert!(answers.ack.is_some() && account.end_to_end.is_some(), "{report}");
        assert!(report.bench.is_some_and(|usage| usage.rss_kib > 0));
    }
}

#[tokio::test]
async fn refusals_are_errors_and_not_losses() {
    let hub = sink("--refuse 503 --share 0.1");
    let report = load(&hub, Some(&hub), "--count 1000").await;
    let (account, sink) = (report.delivery.unwrap(), report.sink.unwrap());
    assert_eq!((report.answers.posted, report.answers.acked), (1000, 900));
    assert_eq!(report.answers.errors.into_iter().collect::<Vec<_>>(), [("503".to_owned(), 100)]);
    assert_eq!((account.delivered, account.lost, sink.refused), (900, 0, 100));
}

#[tokio::test]
async fn what_hangs_times_out() {
    let hub = sink("--hang --share 0.5");
    let report = load(&hub, None, "--count 8 --concurrency 8 --timeout 500ms").await;
    assert_eq!((report.answers.acked, report.answers.errors.get("timeout")), (4, Some(&4)));
}

#[tokio::test]
async fn what_is_acknowledged_and_does_not_arrive_is_lost() {
    let (hub, sink) = (sink(""), sink(""));
    let report = load(&hub, Some(&sink), "--count 50").await;
    let account = report.delivery.unwrap();
    assert_eq!((report.answers.acked, account.delivered, account.lost), (50, 0, 50));
}

/// Of 100 messages a careless hub loses three, delivers five more than once, and delivers one
/// that it never acknowledged.
#[tokio::test]
async fn lost_and_duplicated_are_told_by_id() {
    let sink = sink("");
    let mut request = Request::new(&sink, "", r#"{"need":"{id} and more"}"#, "b");
    let mut line = Connection::open(sink.address).await.unwrap();
    let copies = |number| match number {
        10..13 => 0,
        20..24 => 2,
        24 => 4,
        _ => 1,
    };
    for number in (0..100).flat_map(|number| std::iter::repeat_n(number, copies(number))) {
        let answer = line.exchange(request.address(number, 0, 0)).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    let arrivals = Observer::new(sink).arrivals().await.unwrap();
    let shots: Vec<_> = (0..100).map(|number| shot(number, &arrivals)).collect();

    let by_id = Account::of(&shots, &arrivals, "b", Match::Id);
    assert_eq!((by_id.delivered, by_id.lost, by_id.duplicated), (97, 3, 7));
    assert_eq!((by_id.unacknowledged, by_id.foreign), (1, 0));
    assert_eq!(by_id.end_to_end.unwrap().p50_us, 5000);
    let by_count = Account::of(&shots, &arrivals, "b", Match::Count);
    assert_eq!((by_count.delivered, by_count.lost, by_count.duplicated), (97, 2, 7));
    let strangers = Account::of(&shots, &arrivals, "c", Match::Id);
    assert_eq!((strangers.delivered, strangers.lost, strangers.foreign), (0, 99, 97));
}

/// Message `number`, posted 5 ms before its arrival; the last is not acknowledged.
fn shot(number: u32, arrivals: &[Arrival]) -> Shot {
    let id = format!("b-{number:08}");
    let found = arrivals.iter().find(|arrival| arrival.id == id);
    let at_us = found.unwrap_or(&arrivals[0]).at_us;
    let outcome = Ok(if number == 99 { 500 } else { 202 });
    Shot { number, due_us: at_us - 5000, answer_us: 100, outcome }
}

/// One connection to a hub that takes 10 ms, at four times the rate it can bear: the queue before
/// the hub is the hub's doing, and the last messages have waited in it for 300 ms.
#[tokio::test]
async fn an_open_loop_counts_from_the_intended_time() {
    let hub = sink("--delay 10ms");
    let report = load(&hub, None, "--count 40 --rate 400 --concurrency 1").await;
    let ack = report.answers.ack.unwrap();
    assert!(ack.max_us > 250_000 && ack.p50_us > 100_000, "{ack}");
}
