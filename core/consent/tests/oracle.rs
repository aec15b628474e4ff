//! The decision against a naive oracle, over many small worlds.
//!
//! `LUOTSI_CASES` sets how many worlds, `LUOTSI_SEED` where they start. A mismatch is shrunk and
//! told with its seed.

mod naive;
mod world;

use std::time::{SystemTime, UNIX_EPOCH};

use luotsi_consent::{Outcome, decide};
use luotsi_model::Categories;
use world::World;

/// As long as the largest world's string gets.
const CASE_BYTES: usize = 640;

/// What the decision and the oracle say.
type Pair = [(Categories, Outcome); 2];

fn both(bytes: &[u8]) -> Pair {
    let world = World::read(bytes);
    let (request, directives) = (world.request(), world.directives.as_ref());
    let decision = decide(&request, directives, &world.policy);
    let wanted = naive::judge(&request, directives, &world.policy);
    [(decision.permitted, decision.outcome), wanted]
}

fn differs(bytes: &[u8]) -> bool {
    let [got, wanted] = both(bytes);
    got != wanted
}

/// The case's bytes, by splitmix64: reproducible from seed and number alone.
fn case(seed: u64, number: u64) -> [u8; CASE_BYTES] {
    let mut state = seed.wrapping_add(number.wrapping_mul(0xA076_1D64_78BD_642F));
    let mut bytes = [0; CASE_BYTES];
    for chunk in bytes.chunks_exact_mut(8) {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        chunk.copy_from_slice(&(mixed ^ mixed >> 31).to_le_bytes());
    }
    bytes
}

/// Cuts out and lowers bytes for as long as the two still differ.
fn shrunk(mut bytes: Vec<u8>) -> Vec<u8> {
    loop {
        let before = bytes.clone();
        for length in [32, 16, 8, 4, 2, 1] {
            for from in (0..bytes.len()).rev() {
                let mut shorter = bytes.clone();
                shorter.drain(from.min(bytes.len())..(from + length).min(bytes.len()));
                keep_if_differs(&mut bytes, shorter);
            }
        }
        for at in 0..bytes.len() {
            for smaller in 0..bytes[at].min(16) {
                let mut lower = bytes.clone();
                lower[at] = smaller;
                keep_if_differs(&mut bytes, lower);
            }
        }
        if bytes == before {
            return bytes;
        }
    }
}

fn keep_if_differs(bytes: &mut Vec<u8>, simpler: Vec<u8>) {
    let simplest = simpler.len() < bytes.len() || simpler < *bytes;
    if simplest && differs(&simpler) {
        *bytes = simpler;
    }
}

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a whole number: {text:?}")))
}

/// A fresh seed each run unless one is set: together the runs see more worlds than one does.
fn seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    setting("LUOTSI_SEED").unwrap_or(since)
}

#[test]
fn the_decision_is_the_oracles() {
    let (cases, seed) = (setting("LUOTSI_CASES").unwrap_or(1_000_000), seed());
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let found = std::thread::scope(|scope| {
        let search =
            |from| (from..cases).step_by(workers as usize).find(|n| differs(&case(seed, *n)));
        let threads: Vec<_> = (0..workers).map(|from| scope.spawn(move || search(from))).collect();
        threads.into_iter().filter_map(|t| t.join().expect("a worker panicked")).min()
    });
    if let Some(number) = found {
        let bytes = shrunk(case(seed, number).to_vec());
        let [got, wanted] = both(&bytes);
        panic!(
            "LUOTSI_SEED={seed}, case {number}: decided {got:?}, the oracle {wanted:?}, in\n{:#?}",
            World::read(&bytes)
        );
    }
}

/// Worlds that seldom match would prove nothing: every outcome must be frequent.
#[test]
fn the_worlds_reach_every_outcome() {
    let mut seen: Vec<(Outcome, u32)> = Vec::new();
    for number in 0..60_000 {
        let [_, (_, outcome)] = both(&case(1, number));
        match seen.iter_mut().find(|(known, _)| *known == outcome) {
            Some((_, count)) => *count += 1,
            None => seen.push((outcome, 1)),
        }
    }
    assert_eq!(seen.len(), 13, "outcomes seen: {seen:?}");
    assert!(seen.iter().all(|(_, count)| *count >= 200), "too seldom: {seen:?}");
}
