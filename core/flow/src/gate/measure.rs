//! What a permit costs when the store holds a million clients. Not an ordinary test: it fills a
//! journal for a minute and means nothing in a debug build.
//!
//! ```text
//! tests/run --measure
//! ```

use std::time::{Duration, Instant};

use jiff::Timestamp;
use luotsi_consent::{
    Attested, Basis, Directive, Effect, GivenBy, Instrument, Policy, Provision, Recipient, Rule,
    Sort, Standing,
};
use luotsi_journal::{Key, Masters};
use luotsi_model::{Categories, Category, ClientRef};
use rusqlite::{Connection, params};
use tempfile::TempDir;

use super::{Gate, Journal, KEPT_MAX, Request};

const CLIENTS: usize = 1_000_000;
/// One in so many has twenty directives, the others have one.
const MANY_ONCE_IN: usize = 1000;
const MANY: usize = 20;

fn client(n: usize) -> ClientRef {
    ClientRef::new(format!("c-{:024x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

/// All in force, all but a prohibition to others speaking to the recipient, with an exception: the
/// dearest to decide.
fn directive(n: usize, of: &ClientRef) -> Directive {
    let named = |recipients: &[&str], effect| Provision {
        recipients: recipients.iter().map(ToString::to_string).collect(),
        purposes: vec!["care".into(), "peer-support".into()],
        ..Provision::everything(effect)
    };
    let root = match n % 5 {
        4 => named(&["parish", "private-oy"], Effect::Deny),
        _ => named(&["parish", "serena", "malli-ry"], Effect::Permit),
    };
    let health = Categories::NONE.with(Category::Health);
    Directive {
        id: luotsi_model::DirectiveId::new(format!("S-{n}")),
        version: 1,
        subject: of.clone(),
        standing: Standing::Active,
        given: Timestamp::UNIX_EPOCH,
        recorder: "serena".into(),
        instrument: Instrument::Will,
        given_by: GivenBy::Client,
        root,
        exceptions: vec![Provision { categories: health, ..named(&["malli-ry"], Effect::Deny) }],
    }
}

fn fill(connection: &mut Connection) {
    let transaction = connection.transaction().unwrap();
    {
        let mut row = transaction.prepare("insert into directive values (?1, ?2, 1, ?3)").unwrap();
        let mut epoch = transaction.prepare("insert into client values (?1, ?2)").unwrap();
        for n in 0..CLIENTS {
            let client = client(n);
            let count = if n % MANY_ONCE_IN == 0 { MANY } else { 1 };
            for directive in (0..count).map(|n| directive(n, &client)) {
                let body = serde_json::to_string(&directive).unwrap();
                row.execute(params![client.as_str(), directive.id.as_str(), body]).unwrap();
            }
            epoch.execute(params![client.as_str(), count]).unwrap();
        }
    }
    transaction.commit().unwrap();
}

fn policy() -> Policy {
    let rule = |basis| Rule {
        name: "rule".into(),
        basis,
        sorts: Sort::ALL.to_vec(),
        systems: vec![],
        purposes: vec!["care".into(), "peer-support".into()],
        kinds: vec!["assessment".into(), "referral".into()],
        categories: Categories::ALL,
        over_prohibition: false,
        protected_address: false,
        reasons: vec![],
    };
    Policy { rules: [Basis::SameRegister, Basis::NoSubject, Basis::Consent].map(rule).to_vec() }
}

/// Permits for each of the clients by turns, `rounds` times: the median of one. A mean would count
/// the time in which the machine did something else.
async fn permits(gate: &Gate, clients: &[ClientRef], rounds: usize) -> Duration {
    let (policy, name) = (policy(), "malli-ry");
    let recipient = Recipient {
        system: name.into(),
        organisation: name.into(),
        controller: name.into(),
        sort: Sort::ThirdSector,
        sector: None,
    };
    let mut times = Vec::new();
    for _ in 0..rounds {
        for client in clients {
            let request = Request {
                subject: Some(client),
                controller: &"county".into(),
                source: None,
                recipient: &recipient,
                purpose: &"peer-support".into(),
                kind: &"referral".into(),
                service: None,
                attested: Attested::default(),
                now: Timestamp::constant(50, 0),
            };
            let started = Instant::now();
            let permit = gate.permit(&request, &policy).await;
            times.push(started.elapsed());
            drop(std::hint::black_box(permit).expect("consent is given"));
        }
    }
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test]
#[ignore = "it fills a journal for a minute, and means nothing in a debug build"]
async fn a_permit_among_a_million_clients() {
    let place = TempDir::new().unwrap();
    let path = place.path().join("journal.db");
    let open = || Journal::open(&path, Masters::new(&Key::new([7; 32]), &[]).unwrap()).unwrap();
    drop(open());
    fill(&mut Connection::open(&path).unwrap());
    let gate = Gate::new(open());
    let many: Vec<_> = (0..CLIENTS).step_by(MANY_ONCE_IN).map(client).collect();
    // As full as it gets, so that what is at hand is found among many.
    let others: Vec<_> =
        (0..CLIENTS).filter(|n| n % MANY_ONCE_IN != 0).step_by(15).map(client).collect();
    permits(&gate, &others[..KEPT_MAX - many.len()], 1).await;
    permits(&gate, &many, 1).await;
    let at_hand = permits(&gate, &many, 31).await;
    let same = permits(&gate, &many[..1], 1000).await;
    let one = permits(&gate, &others[..1000], 31).await;
    many.iter().for_each(|client| gate.forget(client));
    let read = permits(&gate, &many, 1).await;
    println!("{CLIENTS} clients; a permit for one with {MANY} directives, at hand");
    println!("  a thousand such clients by turns: {at_hand:?}; the same client again: {same:?}");
    println!("  read from the journal, its pages warm: {read:?}");
    println!("for one with one directive, a thousand by turns, at hand: {one:?}");
    assert!(at_hand < Duration::from_micros(15), "{at_hand:?}");
}
