//! What a record, its route and its client's code attest to the gate.

use std::sync::LazyLock;

use jiff::{Timestamp, tz::TimeZone};
use luotsi_consent::{Attested, Recipient};
use luotsi_model::{Envelope, Hetu, Purpose, Record, Schema, SystemId, Value, hetu::Strictness};
use luotsi_region::Region;

/// The sender's own reference: a prohibition names documents by it.
const DOCUMENT: &str = "reference";
/// The reason of a right in law, the mandate acted by, and whether the client relationship exists.
const REASON: &str = "grounds.reason";
const MANDATE: &str = "grounds.mandate";
const RELATIONSHIP: &str = "grounds.relationship";

/// A client's age is that of the day in Finland; without the zone's rules there is no age, and
/// what needs one is denied.
static ZONE: LazyLock<Option<TimeZone>> = LazyLock::new(|| TimeZone::get("Europe/Helsinki").ok());

/// A send whose record is at hand.
pub(crate) struct Attesting<'a> {
    pub(crate) region: &'a Region,
    pub(crate) envelope: &'a Envelope,
    pub(crate) record: &'a Record,
    pub(crate) schema: &'a Schema,
    pub(crate) to: &'a SystemId,
    pub(crate) purpose: &'a Purpose,
    pub(crate) now: Timestamp,
}

impl<'a> Attesting<'a> {
    /// What it attests. A reason that the message states goes before that of its route.
    pub(crate) fn attested(&self) -> Attested<'a> {
        let (record, schema) = (self.record, self.schema);
        let text = |path| record.text(schema, path);
        let stated = text(REASON);
        let of_route = || self.region.reason_of_route(self.envelope, record, self.to, self.purpose);
        Attested {
            document: text(DOCUMENT),
            reason: stated.or_else(of_route),
            mandate: text(MANDATE),
            relationship: flag(record, schema, RELATIONSHIP),
            age: age(record, schema, self.now),
        }
    }

    /// Whose system it came from; one that the region no longer declares is nobody's.
    pub(crate) fn source(&self) -> Option<&'a Recipient> {
        self.region.connection(&self.envelope.source).map(|connection| &connection.recipient)
    }
}

fn flag(record: &Record, schema: &Schema, path: &str) -> bool {
    let value = schema.find(path).and_then(|field| record.values.get(field));
    value == Some(&Value::Boolean(true))
}

/// The client's age in full years; `None` where the record does not hold her code.
pub(crate) fn age(record: &Record, schema: &Schema, now: Timestamp) -> Option<u8> {
    let code = record.values.get(schema.subject?)?.as_text()?;
    let born = Hetu::parse(code, Strictness::Lenient).ok()?.born()?;
    let today = now.to_zoned(ZONE.clone()?).date();
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    u8::try_from(today.year() - born.year() - i16::from(!had_birthday)).ok()
}
