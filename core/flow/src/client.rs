//! The opaque reference of a client.

use std::fmt::Write;

use aws_lc_rs::hmac;
use luotsi_model::{ClientRef, Hetu};

/// The key under which this hub turns identifiers into references. The reference is the same for
/// the same identifier, tells nothing without the key, and is all that logs, URLs and the
/// disclosure log ever hold.
pub struct ClientKey(hmac::Key);

impl ClientKey {
    /// A key of 32 secret bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The reference of the person with this code. The separator counts: it identifies.
    pub fn reference(&self, hetu: &Hetu) -> ClientRef {
        self.of_text(hetu.as_str())
    }

    /// Tells this key from others, and nothing else of it.
    pub fn mark(&self) -> i64 {
        // A label that is no code, so no reference is made of it.
        let tag = hmac::sign(&self.0, b"luotsi client key");
        let first = tag.as_ref().iter().take(8);
        first.fold(0, |mark, byte| mark << 8 | i64::from(*byte))
    }

    /// The reference of a code that a record holds already, checked when it was mapped in.
    pub(crate) fn of_text(&self, code: &str) -> ClientRef {
        let tag = hmac::sign(&self.0, code.as_bytes());
        let mut text = String::with_capacity(26);
        text.push_str("c-");
        for byte in &tag.as_ref()[..12] {
            // Writing into a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        ClientRef::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luotsi_model::hetu::Strictness;

    #[test]
    fn the_separator_tells_people_apart() {
        let key = ClientKey::new(&[7; 32]);
        let of = |code| key.reference(&Hetu::parse(code, Strictness::Strict).unwrap());
        assert_ne!(of("100190-999P"), of("100190Y999P"));
        assert_eq!(of("100190-999P"), of("100190-999P"));
        assert!(!of("100190-999P").as_str().contains("1001"));
    }
}
