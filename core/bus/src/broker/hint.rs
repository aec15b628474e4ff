//! What crosses the broker.

use lapin::BasicProperties;
use luotsi_model::SystemId;

/// Says what the body is, and in which version. Never registered: only hubs read it.
const CONTENT_TYPE: &str = "application/x.luotsi.place-1";
const PERSISTENT: u8 = 2;

/// That a delivery is to be looked at.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Hint {
    /// Whose dispatcher is meant.
    pub lane: SystemId,
    /// The delivery's place in the journal.
    pub place: i64,
}

pub(super) fn properties() -> BasicProperties {
    BasicProperties::default().with_content_type(CONTENT_TYPE.into()).with_delivery_mode(PERSISTENT)
}

/// Decimal text, which every tool of a broker shows.
pub(super) fn body(place: i64) -> String {
    place.to_string()
}

/// The place, when it is one, written as [`body`] writes it.
pub(super) fn read(properties: &BasicProperties, body: &[u8]) -> Option<i64> {
    let content_type = properties.content_type().as_ref();
    if content_type.is_none_or(|found| found.as_str() != CONTENT_TYPE) {
        return None;
    }
    let text = std::str::from_utf8(body).ok()?;
    text.parse().ok().filter(|place: &i64| place.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_nothing_else_is() {
        for place in [0, 1, 42, i64::MAX, i64::MIN] {
            assert_eq!(read(&properties(), body(place).as_bytes()), Some(place));
        }
        for body in [&b""[..], b"+1", b"01", b"1 ", b"1.0", b"\xff", b"9223372036854775808"] {
            assert_eq!(read(&properties(), body), None, "{body:?}");
        }
        let of =
            |content_type: &str| BasicProperties::default().with_content_type(content_type.into());
        assert_eq!(read(&BasicProperties::default(), b"1"), None);
        assert_eq!(read(&of("application/x.luotsi.place-2"), b"1"), None);
    }
}
