//! A directive record becomes a change to the client's directives.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use luotsi_consent::{Directive, Effect, Period, Provision, Standing};
use luotsi_journal::command::DirectiveChange;
use luotsi_model::{Categories, Category, DirectiveId, Envelope, Record, Schema, Value};
use luotsi_region::Region;

use super::{Refused, faults};

/// The record kind whose acceptance changes what the gate decides.
pub(super) const KIND: &str = "directive";

/// Reads the change. A name that the region does not know is refused: a prohibition with a
/// misspelt recipient would protect nobody.
pub(super) fn change(
    record: &Record,
    schema: &Schema,
    region: &Region,
    envelope: &Envelope,
) -> Result<DirectiveChange, Refused> {
    let reader = Reader { record, schema };
    let subject = envelope.subject.clone().ok_or(Refused::NoSubject)?;
    let effect = match reader.need("action")? {
        "withdraw" => {
            return Ok(DirectiveChange::Withdraw(DirectiveId::new(reader.need("withdraws")?)));
        }
        "give" => Effect::Permit,
        "prohibit" => Effect::Deny,
        _ => return Err(fault("unknown-code", "action", "it is give, prohibit or withdraw")),
    };
    Ok(DirectiveChange::Put(Box::new(Directive {
        id: DirectiveId::new(reader.need("id")?),
        version: 1,
        subject,
        standing: Standing::Active,
        given: reader.instant("given").unwrap_or(envelope.received),
        recorder: envelope.source.clone(),
        root: provision(&reader, effect, region)?,
        exceptions: Vec::new(),
    })))
}

fn provision(reader: &Reader<'_>, effect: Effect, region: &Region) -> Result<Provision, Refused> {
    Ok(Provision {
        effect,
        period: reader.period()?,
        recipients: reader.names("recipients[]", "recipients[].id", |name| knows(region, name))?,
        purposes: reader
            .names("purposes[]", "purposes[].code", |name| {
                region.purposes.iter().any(|p| p.as_str() == name)
            })?
            .iter()
            .map(|name| name.as_str().into())
            .collect(),
        kinds: Vec::new(),
        services: reader
            .names("services[]", "services[].code", |name| {
                region.service_tasks.iter().any(|s| s.as_str() == name)
            })?
            .iter()
            .map(|name| name.as_str().into())
            .collect(),
        categories: categories(reader, effect)?,
    })
}

fn knows(region: &Region, name: &str) -> bool {
    region.connections.keys().any(|system| system.as_str() == name)
        || region.organisations.keys().any(|organisation| organisation.as_str() == name)
        || region.controllers.keys().any(|controller| controller.as_str() == name)
}

/// A consent that names categories takes the administrative along: codes, times and references
/// tell nothing of the client, and without them nothing that she consented to could be sent.
fn categories(reader: &Reader<'_>, effect: Effect) -> Result<Categories, Refused> {
    let names = reader
        .names("categories[]", "categories[].code", |name| name.parse::<Category>().is_ok())?;
    let named: Categories = names.iter().filter_map(|name| name.parse().ok()).collect();
    let along = effect == Effect::Permit && !named.is_empty();
    Ok(if along { named.with(Category::Administrative) } else { named })
}

struct Reader<'a> {
    record: &'a Record,
    schema: &'a Schema,
}

impl<'a> Reader<'a> {
    fn need(&self, path: &str) -> Result<&'a str, Refused> {
        let found = self.record.text(self.schema, path);
        found.ok_or_else(|| fault("missing-field", path, "a directive needs it"))
    }

    fn value(&self, path: &str) -> Option<&'a Value> {
        self.record.values.get(self.schema.find(path)?)
    }

    fn instant(&self, path: &str) -> Option<Timestamp> {
        match self.value(path) {
            Some(Value::Instant(moment)) => Some(*moment),
            _ => None,
        }
    }

    fn names(
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
    fn period(&self) -> Result<Period, Refused> {
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

fn beyond() -> Refused {
    fault("wrong-type", "valid.to", "the day is beyond what the calendar holds")
}

fn fault(code: &'static str, field: &str, why: &str) -> Refused {
    Refused::Unmappable(vec![faults::field(code, field, why)])
}
