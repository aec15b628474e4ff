//! All that holds over RabbitMQ, over TLS.

use std::{
    env,
    path::Path,
    process::{Command, Output},
};

use luotsi_bus::broker::{Condition, inspect};
use luotsi_tests::broker::{Broker, url};
use tokio::runtime::Runtime;

use crate::rabbitmq::At;

/// What holds over any RabbitMQ that runs.
const SUITES: [&str; 4] = ["over_rabbitmq::", "receipts::", "shape::", "apart::"];

/// Runs the suites in a process of their own: which authorities a hub trusts is its environment's.
fn run(url: &str, authorities: &Path) -> Output {
    let mut suites = Command::new(env::current_exe().expect("these tests"));
    suites.args(SUITES).env("LUOTSI_AMQP_URL", url).env("SSL_CERT_FILE", authorities);
    suites.output().expect("they run")
}

#[test]
fn over_tls_all_of_it_holds_by_an_authority_that_is_named_and_nothing_by_another() {
    if url().is_none() {
        return;
    }
    let broker = Broker::start();
    let ran = run(&broker.tls_url(), &broker.authority());
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    let of = |suite| said.lines().any(|line| line.contains(suite) && line.ends_with("... ok"));
    assert!(SUITES.iter().all(of), "{said}");

    // Nobody that this process trusts has signed its certificate.
    let at = At::of(broker.tls_url());
    let says_so = |why: &str| why.contains("certificate") && why.contains("SSL_CERT_FILE");
    Runtime::new().expect("a runtime").block_on(async {
        let unreachable = inspect(&at.settings(), &[]).await.expect_err("a refusal").to_string();
        assert!(says_so(&unreachable), "{unreachable}");
        let bus = at.start(&["malli-a"]);
        let refused = |now: &Condition| matches!(now, Condition::Away { why } if says_so(why));
        bus.is("a refusal that names the mend", refused).await;
        bus.stop().await;
    });
}
