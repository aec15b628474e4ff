//! What crosses the broker.

use lapin::BasicProperties;
use luotsi_model::SystemId;

/// Says what the body is, and in which version. Never registered: only hubs read it.
const CONTENT_TYPE: &str = "application/x.luotsi.places-1";
const PERSISTENT: u8 = 2;
/// Places of one lane that go in one message: a message costs a broker of quorum queues far more than
/// what stands in it.
pub(super) const PLACES_MAX: usize = 128;

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

/// Decimal texts, which every tool of a broker shows.
pub(super) fn body(places: &[i64]) -> String {
    places.iter().map(i64::to_string).collect::<Vec<_>>().join(" ")
}

/// The places, when it is such ones, written as [`body`] writes them.
pub(super) fn read(properties: &BasicProperties, bytes: &[u8]) -> Option<Vec<i64>> {
    let content_type = properties.content_type().as_ref();
    if content_type.is_none_or(|found| found.as_str() != CONTENT_TYPE) {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let places =
        text.split(' ').take(PLACES_MAX + 1).map(str::parse).collect::<Result<Vec<_>, _>>();
    places.ok().filter(|places| places.len() <= PLACES_MAX && body(places) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_were_written_and_nothing_else_is() {
        let (most, more) = ([7; PLACES_MAX], [7; PLACES_MAX + 1]);
        for places in [&[0][..], &[1, 42], &[i64::MAX, i64::MIN], &most] {
            assert_eq!(read(&properties(), body(places).as_bytes()).as_deref(), Some(places));
        }
        assert_eq!(read(&properties(), body(&more).as_bytes()), None);
        for body in [
            &b""[..],
            b"+1",
            b"01",
            b"1 ",
            b" 1",
            b"1  2",
            b"1,2",
            b"1.0",
            b"\xff",
            b"9223372036854775808",
        ] {
            assert_eq!(read(&properties(), body), None, "{body:?}");
        }
        let of =
            |content_type: &str| BasicProperties::default().with_content_type(content_type.into());
        assert_eq!(read(&BasicProperties::default(), b"1"), None);
        assert_eq!(read(&of("application/x.luotsi.places-2"), b"1"), None);
    }
}
