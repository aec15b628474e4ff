//! What arrived at the sink.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
};

use serde::{Deserialize, Serialize};

/// Counts since the last reset.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stats {
    /// Deliveries taken.
    pub received: u64,
    /// Different ids among them.
    pub distinct: u64,
    /// Deliveries of an id that had been taken already.
    pub duplicates: u64,
    /// Deliveries taken in which no id was found.
    pub without_id: u64,
    /// Deliveries refused on purpose.
    pub refused: u64,
    /// Deliveries left without an answer on purpose.
    pub hung: u64,
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { received, without_id, refused, hung, .. } = self;
        write!(f, "{received} taken, {without_id} without id, {refused} refused, {hung} hung")
    }
}

/// One id that arrived.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Arrival {
    /// The id as found in the body.
    pub id: String,
    /// When it arrived first, in µs since 1970.
    pub at_us: u64,
    /// How often it arrived.
    pub times: u32,
}

/// Every id that arrived, with the time of its first arrival.
#[derive(Default)]
pub struct Register {
    stats: Stats,
    seen: HashMap<Box<str>, (u64, u32)>,
}

impl Register {
    /// Counts a delivery taken.
    pub fn take(&mut self, id: Option<&str>, at_us: u64) {
        self.stats.received += 1;
        let Some(id) = id else {
            self.stats.without_id += 1;
            return;
        };
        match self.seen.entry(id.into()) {
            Entry::Vacant(place) => {
                place.insert((at_us, 1));
                self.stats.distinct += 1;
            }
            Entry::Occupied(mut place) => {
                place.get_mut().1 += 1;
                self.stats.duplicates += 1;
            }
        }
    }

    /// Counts a delivery refused on purpose.
    pub fn refuse(&mut self) {
        self.stats.refused += 1;
    }

    /// Counts a delivery left without an answer on purpose.
    pub fn hang(&mut self) {
        self.stats.hung += 1;
    }

    /// The counts.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    /// Every id, in no order.
    #[must_use]
    pub fn arrivals(&self) -> Vec<Arrival> {
        let rows = self.seen.iter();
        rows.map(|(id, (at_us, times))| Arrival {
            id: id.to_string(),
            at_us: *at_us,
            times: *times,
        })
        .collect()
    }
}

/// The id in a JSON body: the text of the first of `keys` that is found, up to a quote, white
/// space or escape. A scan, not a parse: a quote inside a JSON text is always escaped, so
/// `"key":` cannot stand in one.
#[must_use]
pub fn find_id<'b>(body: &'b [u8], keys: &[String]) -> Option<&'b str> {
    keys.iter().find_map(|key| find_member(body, key.as_bytes()))
}

fn find_member<'b>(body: &'b [u8], key: &[u8]) -> Option<&'b str> {
    let mut rest = body;
    while let Some(quote) = rest.iter().position(|byte| *byte == b'"') {
        rest = &rest[quote + 1..];
        if let Some(id) = rest.strip_prefix(key).and_then(text_of) {
            return Some(id);
        }
    }
    None
}

/// What follows a key: its closing quote, a colon, and a text that is not empty.
fn text_of(after_key: &[u8]) -> Option<&str> {
    let value = after_key.strip_prefix(b"\"")?.trim_ascii_start().strip_prefix(b":")?;
    let text = value.trim_ascii_start().strip_prefix(b"\"")?;
    let end = text.iter().position(|byte| byte.is_ascii_whitespace() || b"\"\\".contains(byte))?;
    std::str::from_utf8(&text[..end]).ok().filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, want: Option<&str>) {
        let keys = ["reference".to_owned(), "need".to_owned()];
        assert_eq!(find_id(body.as_bytes(), &keys), want, "{body}");
    }

    #[test]
    fn ids_are_found() {
        check(r#"{"reference":"b-1"}"#, Some("b-1"));
        check("{\n  \"data\" : { \"reference\" :\t\"b-1\" }\n}", Some("b-1"));
        check(r#"{"need":"b-1 a text","reference":"b-2"}"#, Some("b-2"));
        check(r#"{"need":"b-1 a text"}"#, Some("b-1"));
        check(r#"{"need":"b-1\na text"}"#, Some("b-1"));
        check(r#"{"text":"\"need\":\"b-9\"","need":"b-1"}"#, Some("b-1"));
        check(r#"{"needs":"b-9","x":"need","need":["b-8"]}"#, None);
        check(r#"{"need":"","x":1}"#, None);
        check(r#"{"need":"cut off"#, Some("cut"));
        check(r#"{"need":"cut"#, None);
        check("", None);
    }
}
