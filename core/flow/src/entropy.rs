//! Randomness, injected.

use aws_lc_rs::rand;
use jiff::Timestamp;
use uuid::{Builder, Uuid};

/// Where randomness comes from. Production has one; a simulation has one with a seed.
pub trait Entropy: Send + Sync + 'static {
    /// Sixteen random bytes.
    fn bytes(&self) -> [u8; 16];
}

impl dyn Entropy {
    /// A time-ordered id.
    pub(crate) fn id(&self, now: Timestamp) -> Uuid {
        let mut random = [0; 10];
        random.copy_from_slice(&self.bytes()[..10]);
        let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// An id that tells nothing, not even its time.
    pub(crate) fn uuid(&self) -> Uuid {
        Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// Uniform in `0.0..1.0`.
    pub(crate) fn unit(&self) -> f64 {
        let [a, b, c, d, ..] = self.bytes();
        f64::from(u32::from_le_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0)
    }
}

/// The machine's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        // Without randomness there are no unique ids: going on would be worse than stopping.
        if rand::fill(&mut bytes).is_err() {
            tracing::error!("the system's randomness has failed");
            std::process::abort();
        }
        bytes
    }
}
