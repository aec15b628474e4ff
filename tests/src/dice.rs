//! Random choices that can be made again.

use std::{
    hash::{BuildHasher, RandomState},
    ops::Range,
};

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Those of a seed.
    pub const fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of the range, which must not be empty.
    pub const fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.bits() % (range.end - range.start)
    }

    /// True once in `times`, on the average.
    pub const fn once_in(&mut self, times: u64) -> bool {
        self.bits().is_multiple_of(times)
    }

    /// One of them.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.within(0..of.len() as u64) as usize]
    }
}

/// Announces a seed, and shows it when the test fails.
pub struct Seed {
    /// `LUOTSI_SEED`, or a new one.
    pub seed: u64,
}

impl Seed {
    /// Takes the seed of this run.
    ///
    /// # Panics
    /// When `LUOTSI_SEED` is no number.
    pub fn take() -> Self {
        let named = std::env::var("LUOTSI_SEED").ok();
        let named = named.map(|text| text.parse().expect("LUOTSI_SEED is a number"));
        Self { seed: named.unwrap_or_else(|| RandomState::new().hash_one(0)) }
    }

    /// Its dice.
    pub const fn dice(&self) -> Dice {
        Dice::of(self.seed)
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("once more with the same choices: LUOTSI_SEED={}", self.seed);
        }
    }
}

/// A number from the environment, for how much a run does.
///
/// # Panics
/// When it is set and no number.
pub fn count(name: &str, default: u64) -> u64 {
    let named = std::env::var(name).ok().filter(|text| !text.is_empty());
    named.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}
