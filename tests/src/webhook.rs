//! Standard Webhooks 1.0.0, checked as a recipient checks it.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::standin::Received;

/// The secret that Malli ry and the hub share in these tests.
pub const SECRET: &str = "whsec_dGVzdHMtb25seS1zaGFyZWQtc2VjcmV0LTAwMDE=";

/// Whether the signature is the shared secret's, over id, time and body.
pub fn is_signed(received: &Received) -> bool {
    let header = |name| received.header(name).unwrap_or_default();
    let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).expect("base64");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let head = format!("{}.{}.", header("webhook-id"), header("webhook-timestamp"));
    let signed = [head.as_bytes(), &received.body].concat();
    header("webhook-signature")
        .split(' ')
        .filter_map(|one| one.strip_prefix("v1,"))
        .any(|one| STANDARD.decode(one).is_ok_and(|tag| hmac::verify(&key, &signed, &tag).is_ok()))
}
