//! Everything a sender can get wrong: refused with the right status, code and place; repeated
//! nowhere; and nothing of it is kept.

mod cases;

use luotsi_tests::{
    documents::{Referral, Scope, consent},
    http::Request,
    hub::token,
    people::{AINO, AINO_MISSPELT},
    world::{Setup, World},
};

use cases::{Case, SECRET};

#[test]
fn every_refusal_names_the_place_and_never_the_value() {
    let world = World::new();
    for case in cases::all() {
        check(&world, &case);
    }
    nothing_was_kept(&world);
    // After all of it the hub works as before.
    world.accept("serena", &consent("S-1", AINO, Scope::PEER_SUPPORT));
    let message = world.accept("serena", &Referral::to_peer_support("L-1", AINO).xml());
    world.reaches(&message, "malli-ry", "delivered");
    assert!(!world.log().contains(SECRET), "{}", world.log());
}

fn check(world: &World, case: &Case) {
    let name = case.name;
    let path = format!("/in/{}", case.system);
    let mut request = Request::new("POST", &path).body(&case.body);
    for (header, value) in &case.headers {
        request = request.header(header, value.clone());
    }
    let answer = world.send(&request);
    assert_eq!(answer.status, case.status, "{name}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{name}");
    let problem = answer.json();
    assert_eq!(problem["status"], case.status, "{name}");
    let fault = &problem["faults"][0];
    let code = if fault["code"].is_string() { &fault["code"] } else { &problem["code"] };
    assert_eq!(code, case.code, "{name}: {problem:#}");
    if let Some(place) = case.place() {
        let told = (fault["line"].as_u64(), fault["column"].as_u64());
        assert_eq!(told, (Some(place.0), Some(place.1)), "{name}: {problem:#}");
    }
    assert!(!answer.whole().contains(SECRET), "{name}: {}", answer.whole());
}

fn nothing_was_kept(world: &World) {
    let journal = world.journal();
    for table in ["message", "delivery", "directive", "idempotency", "disclosure", "plan"] {
        assert_eq!(journal.count(table), 0, "{table}");
    }
    for standin in [&world.serena, &world.home_care, &world.malli_ry] {
        assert!(standin.received().is_empty());
    }
}

#[test]
fn credentials_are_asked_for_before_the_body_is_read() {
    let world = World::new();
    let check = |system: &str, credential: Option<&str>| {
        let path = format!("/in/{system}");
        // A body of a terabyte of which no byte is ever sent: an answer means that none was awaited.
        let mut request = Request::new("POST", &path).claims(1 << 40);
        if let Some(credential) = credential {
            request = request.header("authorization", credential);
        }
        let answer = world.send(&request).expect(401);
        assert_eq!(answer.json()["code"], "unauthorized");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        (answer.headers.into_iter().filter(|(name, _)| name != "date").collect(), answer.body)
    };
    let reference: (Vec<_>, Vec<u8>) = check("serena", None);
    for (system, credential) in [
        ("serena", "Bearer wrong"),
        ("serena", "Bearer demo-malli-ry-token"),
        ("serena", "Basic ZGVtby1zZXJlbmEtdG9rZW4="),
        ("serena", "demo-serena-token"),
        ("serena", "Bearer "),
        ("nobody", "Bearer demo-serena-token"),
        // A connection without an intake, and one that is no connection at all.
        ("plan", "Bearer demo-serena-token"),
        ("..%2Fserena", "Bearer demo-serena-token"),
    ] {
        assert_eq!(check(system, Some(credential)), reference, "{system} {credential}");
    }
}

#[test]
fn a_lenient_connection_takes_what_a_strict_one_refuses() {
    let setup = Setup::new();
    setup.region.edit("connections/serena.toml", "\"strict\"", "\"lenient\"");
    setup.region.edit("connections/serena.toml", "unmapped = \"refuse\"", "unmapped = \"report\"");
    let world = setup.start();
    let misspelt = Referral::to_peer_support("L-1", AINO_MISSPELT).xml();
    world.accept("serena", &misspelt);

    let unknown = misspelt.replace("</Lahete>", &format!("<Uusi>{SECRET}</Uusi></Lahete>"));
    let answer = world.post("serena", &unknown).expect(202);
    assert_eq!(answer.json()["unmapped"], 1);
    let message = answer.json()["message"].as_str().expect("a message").to_owned();
    let journey = world.api("GET", &format!("/messages/{message}"), "").expect(200);
    assert_eq!(journey.json()["accounting"]["unmapped"][0], "Lahete/Uusi");
    assert!(!journey.text().contains(SECRET));
    assert!(world.metrics().contains("luotsi_unmapped_elements_total"));

    // Even here a directive is understood whole or not at all: this list would read as *anyone*.
    let consent = consent("S-1", AINO, Scope::PEER_SUPPORT);
    let emptied = consent.replace("<Vastaanottaja tunnus=\"malli-ry\"/>", "");
    let other = consent.replace("Vastaanottajat", "Vastaanottaja_t");
    for refused in [emptied, other] {
        world.post("serena", &refused).expect(422);
    }
    assert_eq!(world.journal().count("directive"), 0);
}

#[test]
fn a_broken_off_body_is_no_message() {
    let world = World::new();
    let whole = Referral::to_peer_support("L-1", AINO).xml();
    let (head, _) = whole.split_at(whole.len() / 2);
    let request = Request::new("POST", "/in/serena").bearer(&token("serena"));
    let stream = std::net::TcpStream::connect(world.intake).expect("a connection");
    stream.set_read_timeout(Some(luotsi_tests::wait::LONG)).expect("a timeout");
    let half = Half { stream, closed: false };
    // Whatever is answered, if anything, it is not that it was accepted.
    let answer = request.body(head.as_bytes()).claims(whole.len() as u64).exchange(half, "x");
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status >= 400));
    nothing_was_kept(&world);
}

/// A stream that closes its sending side before it reads.
struct Half {
    stream: std::net::TcpStream,
    closed: bool,
}

impl std::io::Write for Half {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}

impl std::io::Read for Half {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if !std::mem::replace(&mut self.closed, true) {
            self.stream.shutdown(std::net::Shutdown::Write)?;
        }
        self.stream.read(into)
    }
}
