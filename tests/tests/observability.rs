//! What operations see and what the hub refuses to start with.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    sync::Arc,
};

use luotsi_tests::{
    documents::{self, Referral, Scope},
    http::Request,
    hub::{Hub, token},
    people::AINO,
    standin::Manner,
    wait,
    world::{Setup, World},
};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::ServerName};

fn referral(reference: &str) -> String {
    Referral::to_peer_support(reference, AINO).xml()
}

fn consented() -> World {
    let world = World::new();
    world.accept("serena", &documents::consent("S-1", AINO, Scope::PEER_SUPPORT));
    world
}

#[test]
fn a_journal_that_cannot_log_a_disclosure_lets_nothing_out() {
    let world = consented();
    let journal = world.journal();
    assert_eq!(world.ask("/livez").expect("an answer").status, 200);
    journal.sabotage("alter table disclosure rename to elsewhere");
    let unready = world.ask("/readyz").expect("an answer").expect(503);
    assert_eq!(unready.json()["status"], "not ready");
    assert_eq!(world.ask("/livez").expect("an answer").status, 200);
    // It can still take in; but without a durable intent no byte may leave.
    let message = world.accept("serena", &referral("L-1"));
    wait::holds("it has tried", || world.log().contains("not sent"));
    for standin in [&world.serena, &world.home_care, &world.malli_ry] {
        assert!(standin.received().is_empty());
    }
    journal.sabotage("alter table elsewhere rename to disclosure");
    world.ask("/readyz").expect("an answer").expect(200);
    world.reaches(&message, "malli-ry", "delivered");
    world.reaches(&message, "home-care", "delivered");
}

#[test]
fn a_journal_that_cannot_commit_acknowledges_nothing() {
    let world = consented();
    let journal = world.journal();
    journal.sabotage("alter table message rename to elsewhere");
    let refused = world.post("serena", &referral("L-1")).expect(503);
    assert_eq!(refused.json()["code"], "not-durable");
    assert!(refused.header("retry-after").is_some());
    journal.sabotage("alter table elsewhere rename to message");
    assert_eq!((journal.count("message"), journal.count("delivery")), (1, 0), "the consent alone");
    let message = world.accept("serena", &referral("L-1"));
    world.reaches(&message, "malli-ry", "delivered");
}

/// The value of a series, by its name and some of its labels.
fn metric(world: &World, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let text = world.metrics();
    let line = text.lines().find(|line| {
        let Some(rest) = line.strip_prefix(name).filter(|rest| rest.starts_with('{')) else {
            return false;
        };
        labels.iter().all(|(label, value)| rest.contains(&format!("{label}=\"{value}\"")))
    });
    line?.rsplit_once(' ')?.1.parse().ok()
}

#[test]
fn the_metrics_tell_what_happens() {
    let world = consented();
    world.malli_ry.be(Manner::Hold);
    world.home_care.be(Manner::Answer(422));
    let message = world.accept("serena", &referral("L-1"));
    world.reaches(&message, "home-care", "dead-letter");
    world.reaches(&message, "malli-ry", "sending");
    world.post("serena", "<Lahete").expect(400);
    let check = |name: &str, labels: &[(&str, &str)], least: f64| {
        wait::holds(&format!("{name}{labels:?} of at least {least}"), || {
            metric(&world, name, labels).is_some_and(|value| value >= least)
        });
    };
    let serena = ("connection", "serena");
    check("luotsi_messages_total", &[serena, ("stage", "accept"), ("outcome", "ok")], 2.0);
    check("luotsi_messages_total", &[serena, ("outcome", "not-well-formed")], 1.0);
    check("luotsi_stage_duration_seconds_bucket", &[("stage", "accept"), ("le", "10")], 1.0);
    check("luotsi_stage_duration_seconds_count", &[("stage", "map")], 1.0);
    check("luotsi_consent_decisions_total", &[("basis", "consent"), ("decision", "permit")], 1.0);
    check("luotsi_oldest_pending_seconds", &[("connection", "malli-ry")], 0.001);
    check("luotsi_dead_letters", &[("connection", "home-care")], 1.0);
    check("luotsi_adapter_up", &[("connection", "home-care")], 1.0);

    world.malli_ry.be(Manner::Answer(503));
    wait::holds("malli-ry is down", || {
        metric(&world, "luotsi_adapter_up", &[("connection", "malli-ry")]) == Some(0.0)
    });
    world.malli_ry.be(Manner::Answer(200));
    check("luotsi_adapter_up", &[("connection", "malli-ry")], 1.0);
    world.reaches(&message, "malli-ry", "delivered");
    let label = [("connection", "malli-ry")];
    assert_eq!(metric(&world, "luotsi_oldest_pending_seconds", &label), Some(0.0));
}

#[test]
fn a_trace_goes_on_at_the_recipients() {
    let world = consented();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let check = |given: &str, kept: bool| {
        let body = referral("L-1");
        let request = Request::new("POST", "/in/serena").bearer(&token("serena"));
        let request = request.header("traceparent", given).body(body.as_bytes());
        let message = world.send(&request).expect(202).json()["message"].to_string();
        for (standin, system) in [(&world.malli_ry, "malli-ry"), (&world.home_care, "home-care")] {
            let delivery = world.reaches(message.trim_matches('"'), system, "delivered");
            let got = standin.wait(system, |r| r.delivery() == delivery["delivery"].as_str());
            let parts: Vec<_> = got.header("traceparent").unwrap_or_default().split('-').collect();
            assert_eq!(
                parts.iter().map(|p| p.len()).collect::<Vec<_>>(),
                [2, 32, 16, 2],
                "{given}"
            );
            assert_eq!(parts[1] == trace, kept, "{given}");
            assert!(!given.contains(parts[2]), "a span of its own");
        }
    };
    check(&format!("00-{trace}-00f067aa0ba902b7-01"), true);
    check(&format!("00-{trace}-0000000000000000-01"), false);
    check("nonsense", false);
}

/// Refused with exit code 2 and words that say how to mend it.
#[track_caller]
fn refuses(hub: &Hub, words: &[&str]) {
    let (code, said) = hub.refuses(&[]);
    assert_eq!(code, Some(2), "{said}");
    assert!(words.iter().all(|word| said.contains(word)), "{words:?} in: {said}");
    assert!(!said.contains("\"ready\""), "{said}");
}

#[test]
fn nothing_speaks_in_clear_beyond_this_machine() {
    for at in ["intake", "ops"] {
        let setup = Setup::new();
        let mut hub = setup.hub();
        let listener = if at == "intake" { &mut hub.intake } else { &mut hub.ops };
        *listener = SocketAddr::from(([0, 0, 0, 0], listener.port()));
        refuses(&hub, &[&format!("the {at} listener"), &format!("[{at}.tls]"), "cert_file"]);
    }
}

#[test]
fn a_listener_with_tls_serves_those_who_trust_it_and_nobody_in_clear() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let mut setup = Setup::new();
    let cert = setup.file("intake.crt", &made.cert.pem());
    let key = setup.file("intake.key", &made.signing_key.serialize_pem());
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("chmod");
    let settings = format!("[intake.tls]\ncert_file = {cert:?}\nkey_file = {key:?}\n");
    let settings = setup.file("luotsi.toml", &settings).display().to_string();
    setup.environment.push(("LUOTSI_SETTINGS".into(), settings));
    let mut hub = setup.hub();
    let near = hub.intake;
    hub.intake = SocketAddr::from(([0, 0, 0, 0], near.port()));
    hub.start();

    let document = documents::consent("S-1", AINO, Scope::PEER_SUPPORT);
    let post = Request::new("POST", "/in/serena").bearer(&token("serena"));
    let post = post.body(document.as_bytes());
    let mut trusted = RootCertStore::empty();
    trusted.add(made.cert.der().clone()).expect("a certificate");
    let accepted = post.exchange(tls(near, trusted), "localhost").expect("an answer").expect(202);
    assert!(accepted.json()["message"].is_string());
    assert!(post.exchange(tls(near, RootCertStore::empty()), "localhost").is_err(), "untrusted");
    let in_clear = post.exchange(TcpStream::connect(near).expect("a connection"), "localhost");
    assert!(in_clear.is_err(), "{in_clear:?}");
    assert_eq!(hub.journal().count("message"), 1);
    hub.terminate();
}

fn tls(to: SocketAddr, trusted: RootCertStore) -> impl Read + Write {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("TLS").with_root_certificates(trusted).with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = TcpStream::connect(to).expect("a connection");
    stream.set_read_timeout(Some(wait::LONG)).expect("a timeout");
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).expect("a client"), stream)
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    for file in ["client.key", "ops.token"] {
        let setup = Setup::new();
        let hub = setup.hub();
        hub.start();
        assert!(hub.terminate().success());
        let path = hub.data.join(file);
        assert_eq!(fs::metadata(&path).expect("made").permissions().mode() & 0o777, 0o600);
        for mode in [0o644, 0o640, 0o604] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
            refuses(&hub, &[file, "can be read by others", "chmod 600"]);
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("chmod");
        hub.start();
    }
}

#[test]
fn what_the_hub_keeps_is_for_its_user_only() {
    let world = consented();
    let mut seen = 0;
    for entry in fs::read_dir(&world.data).expect("the data folder").flatten() {
        let mode = entry.metadata().expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{:?} is {mode:o}", entry.file_name());
        seen += 1;
    }
    assert!(seen >= 3);
}

#[test]
fn a_journal_of_a_newer_hub_is_left_alone() {
    let setup = Setup::new();
    let hub = setup.hub();
    hub.start();
    hub.terminate();
    hub.journal().sabotage("pragma user_version = 99");
    let before = fs::read(hub.data.join("luotsi.db")).expect("a journal");
    refuses(&hub, &["schema version 99", "start the newer hub"]);
    assert_eq!(fs::read(hub.data.join("luotsi.db")).expect("a journal"), before);
}

#[test]
fn a_region_that_does_not_hold_is_not_served() {
    let setup = Setup::new();
    setup.region.edit(
        "routes.toml",
        "\"anonymous question\"\nkind = \"contact\"",
        "\"anonymous question\"\nkind = \"contcat\"",
    );
    refuses(&setup.hub(), &["routes.toml:", "contcat", "contact", "does not hold"]);
}

#[test]
fn one_journal_has_one_hub() {
    let setup = Setup::new();
    let first = setup.hub();
    first.start();
    // Its own ports, the same data folder.
    refuses(&setup.hub(), &["another hub works in", "--data"]);
    first.kill();
    // The dead hold nothing.
    setup.hub().start();
}

#[test]
fn a_token_that_a_crash_left_empty_lets_nobody_in() {
    let setup = Setup::new();
    let hub = setup.hub();
    hub.start();
    hub.terminate();
    fs::write(hub.data.join("ops.token"), "").expect("a writable folder");
    refuses(&hub, &["ops.token", "remove it"]);
    fs::remove_file(hub.data.join("ops.token")).expect("a writable folder");
    hub.start();
    hub.api("GET", "/loads", "").expect(200);
}
