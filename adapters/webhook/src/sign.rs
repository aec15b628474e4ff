//! The signature of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, symmetric scheme `v1`.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use luotsi_model::Sensitive;
use luotsi_port::Problem;

/// A signing key.
pub(crate) struct Key(hmac::Key);

impl Key {
    /// Reads a secret of the form `whsec_<base64>`.
    pub(crate) fn parse(secret: &Sensitive<String>) -> Result<Self, Problem> {
        let encoded = secret.reveal().strip_prefix("whsec_").unwrap_or(secret.reveal());
        let bytes = STANDARD.decode(encoded).ok().filter(|b| (24..=64).contains(&b.len()));
        let bytes = bytes.ok_or_else(|| {
            Problem::new(
                "the webhook's secret is not base64 of 24 to 64 bytes",
                "make one with: printf 'whsec_%s' \"$(openssl rand -base64 32)\"",
            )
        })?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The value of `webhook-signature`. `timestamp` is in seconds since 1970.
    pub(crate) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks reference libraries.
    #[test]
    fn the_published_example() {
        let key = Key::parse(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned().into()).unwrap();
        let signature =
            key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(Key::parse(&"whsec_AAAA".to_owned().into()).is_err());
    }
}
