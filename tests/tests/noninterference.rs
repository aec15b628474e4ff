//! What a recipient may not have changes nothing of what it gets: two referrals that differ in
//! forbidden fields alone are one and the same to Malli ry, byte for byte.
//!
//! `LUOTSI_CASES` is how many pairs are tried, 60 if not said.

use luotsi_tests::{
    dice::{Dice, Seed, count},
    documents::{self, Referral, Scope},
    people,
    standin::Received,
    world::World,
};

const CASES: u64 = 60;
/// They differ from one delivery to the next by their nature, whatever the referral says.
const VOLATILE: [&str; 4] = ["webhook-id", "webhook-timestamp", "webhook-signature", "traceparent"];

#[test]
fn forbidden_fields_leave_no_trace() {
    let seed = Seed::take();
    let mut dice = seed.dice();
    let world = World::new();
    let clients = [people::hetu(1), people::hetu(2)];
    for (at, hetu) in clients.iter().enumerate() {
        let consent = documents::consent(&format!("S-{at}"), hetu, Scope::PEER_SUPPORT);
        world.accept("serena", &consent);
    }
    for case in 0..count("LUOTSI_CASES", CASES) {
        let (one, other) = pair(&mut dice, &clients);
        let (a, b) = (delivered(&world, &one), delivered(&world, &other));
        assert_eq!(seen(&a), seen(&b), "case {case}: {one:#?}\n{other:#?}");
        assert_eq!(a.body.len() - stamp(&a).len(), b.body.len() - stamp(&b).len());
    }
}

#[test]
fn a_permitted_field_does_show() {
    let world = World::new();
    world.accept("serena", &documents::consent("S-1", people::AINO, Scope::PEER_SUPPORT));
    let one = Referral::to_peer_support("L-1", people::AINO);
    let other = Referral { need: "Muuta.".into(), ..one.clone() };
    assert_ne!(seen(&delivered(&world, &one)), seen(&delivered(&world, &other)));
}

/// The same to a recipient of the third sector; about the same client or another.
fn pair(dice: &mut Dice, clients: &[String]) -> (Referral, Referral) {
    let hetu: &String = dice.one(clients);
    let mut one = Referral::to_peer_support("L-1", hetu);
    for field in [&mut one.given, &mut one.family, &mut one.need, &mut one.goal] {
        *field = text(dice);
    }
    let mut other = one.clone();
    other.hetu = dice.one(clients).clone();
    for referral in [&mut one, &mut other] {
        forbidden(referral).into_iter().for_each(|field| *field = maybe(dice));
        referral.relative_phone = if dice.once_in(3) { String::new() } else { number(dice) };
    }
    (one, other)
}

fn forbidden(referral: &mut Referral) -> [&mut String; 11] {
    [
        &mut referral.street,
        &mut referral.city,
        &mut referral.relative_name,
        &mut referral.function,
        &mut referral.health,
        &mut referral.social,
        &mut referral.note,
        &mut referral.author_name,
        &mut referral.author_role,
        &mut referral.author_unit,
        &mut referral.print,
    ]
}

fn maybe(dice: &mut Dice) -> String {
    if dice.once_in(3) { String::new() } else { text(dice) }
}

/// A text that begins and ends with a letter, with anything in between.
fn text(dice: &mut Dice) -> String {
    const SIGNS: [char; 16] =
        ['a', 'B', 'ä', 'Ö', '7', ' ', '\n', '&', '<', '>', '"', '\'', '\\', '{', '€', '🛶'];
    let between: String = (0..dice.within(0..120)).map(|_| *dice.one(&SIGNS)).collect();
    format!("A{between}z")
}

fn number(dice: &mut Dice) -> String {
    format!("+999{}", dice.within(1_000_000..9_999_999_999))
}

fn delivered(world: &World, referral: &Referral) -> Received {
    let message = world.accept("serena", &referral.xml());
    let delivery = world.reaches(&message, "malli-ry", "delivered");
    world.malli_ry.wait("the webhook", |r| r.delivery() == delivery["delivery"].as_str())
}

fn stamp(received: &Received) -> String {
    received.json()["timestamp"].as_str().expect("a timestamp").to_owned()
}

/// What the recipient sees, without what must differ: request line, headers, body.
fn seen(received: &Received) -> (String, Vec<(String, String)>, String) {
    let id = received.delivery().expect("an id");
    let blank = |(name, value): &(String, String)| {
        let volatile = VOLATILE.contains(&name.as_str()) || name == "content-length";
        (name.clone(), if volatile { String::new() } else { value.clone() })
    };
    let headers = received.headers.iter().map(blank).collect();
    let body = received.text().replace(id, "<id>").replace(&stamp(received), "<now>");
    (format!("{} {}", received.method, received.path), headers, body)
}
