//! A sample of times and its percentiles.

use std::fmt;

use serde::Serialize;

/// Percentiles of a sample by nearest rank: each is a value that was measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Spread {
    /// Half were no slower, in µs.
    pub p50_us: u32,
    /// 99 of 100 were no slower, in µs.
    pub p99_us: u32,
    /// The slowest, in µs.
    pub max_us: u32,
}

impl Spread {
    /// The spread of a sample in µs; `None` of an empty one.
    #[must_use]
    pub fn of(mut sample: Vec<u32>) -> Option<Self> {
        sample.sort_unstable();
        let at = |percent: usize| sample.get((sample.len() * percent).div_ceil(100).max(1) - 1);
        Some(Self { p50_us: *at(50)?, p99_us: *at(99)?, max_us: *at(100)? })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |us: u32| f64::from(us) / 1000.0;
        let (p50, p99, max) = (ms(self.p50_us), ms(self.p99_us), ms(self.max_us));
        write!(f, "p50 {p50:.3} ms, p99 {p99:.3} ms, max {max:.3} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sample: Vec<u32>, want: Option<(u32, u32, u32)>) {
        let got = Spread::of(sample).map(|got| (got.p50_us, got.p99_us, got.max_us));
        assert_eq!(got, want);
    }

    #[test]
    fn nearest_rank() {
        check(vec![], None);
        check(vec![7], Some((7, 7, 7)));
        check(vec![2, 1], Some((1, 2, 2)));
        check((1..=100).rev().collect(), Some((50, 99, 100)));
        check((1..=1000).collect(), Some((500, 990, 1000)));
    }
}
