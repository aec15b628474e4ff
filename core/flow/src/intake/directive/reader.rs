//! Reads the fields of a directive's record, and names the one that does not hold.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use luotsi_consent::Period;
use luotsi_model::{Record, Schema, Value};

use super::{Refused, faults};

/// A directive's record.
pub(super) struct Reader<'a> {
    pub(super) record: &'a Record,
    pub(super) schema: &'a Schema,
}

impl<'a> Reader<'a> {
    pub(super) fn text(&self, path: &str) -> Option<&'a str> {
        self.record.text(self.schema, path)
    }

    pub(super) fn need(&self, path: &str) -> Result<&'a str, Refused> {
        self.text(path).ok_or_else(|| fault("missing-field", path, "a directive needs it"))
    }

    fn value(&self, path: &str) -> Option<&'a Value> {
        self.record.values.get(self.schema.find(path)?)
    }

    pub(super) fn instant(&self, path: &str) -> Option<Timestamp> {
        match self.value(path) {
            Some(Value::Instant(moment)) => Some(*moment),
            _ => None,
        }
    }

    /// A moment from which something holds.
    pub(super) fn beginning(&self, path: &str) -> Option<Timestamp> {
        self.instant(path).and_then(beginning)
    }

    /// Yes or no; no where the record does not say.
    pub(super) fn flag(&self, path: &str) -> bool {
        self.value(path) == Some(&Value::Boolean(true))
    }

    pub(super) fn names(
        &self,
        group: &str,
        member: &str,
        known: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, Refused> {
        let id = self.schema.find(member);
        let rows = self.record.rows(self.schema, group).iter();
        let texts = rows.filter_map(|row| row.get(id?)?.as_text());
        texts
            .map(|text| {
                known(text).then(|| text.to_owned()).ok_or_else(|| {
                    fault("unknown-code", member, "the region declares no such name")
                })
            })
            .collect()
    }

    /// From the start of the first day to the end of the last, in Finland.
    pub(super) fn period(&self) -> Result<Period, Refused> {
        let start = self.day("valid.from").map(midnight).transpose()?;
        let after = self.day("valid.to").map(|day| day.tomorrow().map_err(|_| beyond()));
        let end = after.transpose()?.map(midnight).transpose()?;
        Ok(Period { start, end })
    }

    fn day(&self, path: &str) -> Option<Date> {
        match self.value(path) {
            Some(Value::Date(day)) => Some(*day),
            _ => None,
        }
    }
}

fn midnight(day: Date) -> Result<Timestamp, Refused> {
    let zone = TimeZone::get("Europe/Helsinki").map_err(|_| beyond())?;
    Ok(day.to_zoned(zone).map_err(|_| beyond())?.timestamp())
}

/// A stated beginning as a moment. Systems state local times, and of the hour that comes twice in
/// autumn nobody can tell which was meant: what cannot be told does not hold yet, so it is the later.
/// An end is the earlier, as it is read.
pub(super) fn beginning(stated: Timestamp) -> Option<Timestamp> {
    let local = stated.to_zoned(TimeZone::get("Europe/Helsinki").ok()?);
    local.time_zone().to_ambiguous_timestamp(local.datetime()).later().ok()
}

fn beyond() -> Refused {
    fault("wrong-type", "valid.to", "the day is beyond what the calendar holds")
}

pub(super) fn fault(code: &'static str, field: &str, why: &str) -> Refused {
    Refused::Unmappable(vec![faults::field(code, field, why)])
}
