//! Randomness out of a seed.

use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
    thread,
};

use luotsi_flow::Entropy;

/// The name of the threads on which dispatchers and sends run.
pub(crate) const HUB_THREAD: &str = "hub";

/// Splitmix64.
#[derive(Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) const fn in_range(&mut self, range: Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start)
    }

    pub(crate) const fn is_one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }
}

type Hook = Box<dyn FnOnce() + Send>;

/// The hub's randomness. A send draws on it after its permit and before its intent, so a hook here
/// runs between decision and intent.
pub(crate) struct Seeded {
    dice: Mutex<Dice>,
    hook: Mutex<Option<Hook>>,
}

impl Seeded {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { dice: Mutex::new(Dice::new(seed)), hook: Mutex::new(None) }
    }

    /// Does `hook` once, in the middle of the next send.
    pub(crate) fn at_next_send(&self, hook: impl FnOnce() + Send + 'static) {
        *self.hook.lock().unwrap() = Some(Box::new(hook));
    }
}

impl Entropy for Seeded {
    fn bytes(&self) -> [u8; 16] {
        if thread::current().name() == Some(HUB_THREAD) {
            let hook = self.hook.lock().unwrap_or_else(PoisonError::into_inner).take();
            hook.into_iter().for_each(|hook| hook());
        }
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        let (high, low) = (u128::from(dice.next()), u128::from(dice.next()));
        (high << 64 | low).to_be_bytes()
    }
}
