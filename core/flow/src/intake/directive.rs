//! A directive record becomes a change to the client's directives.

mod instrument;
mod reader;

use luotsi_consent::{Directive, Effect, GivenBy, Provision, Standing};
use luotsi_journal::command::DirectiveChange;
use luotsi_model::{Categories, Category, DirectiveId, Envelope, Record, Schema};
use luotsi_region::Region;

use super::{Refused, faults};
use crate::ClientKey;
use reader::{Reader, fault};

/// The record kind whose acceptance changes what the gate decides.
pub(super) const KIND: &str = "directive";

/// Reads the change. A name that the region does not know is refused: a prohibition with a
/// misspelt recipient would protect nobody.
pub(super) fn change(
    record: &Record,
    schema: &Schema,
    region: &Region,
    envelope: &Envelope,
    clients: &ClientKey,
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
    let given = reader.instant("given").unwrap_or(envelope.received);
    let instrument = instrument::read(&reader, region, clients)?;
    let mut root = provision(&reader, effect, region)?;
    instrument::bound(&instrument, &mut root, &reader, given)?;
    Ok(DirectiveChange::Put(Box::new(Directive {
        id: DirectiveId::new(reader.need("id")?),
        version: 1,
        subject,
        standing: Standing::Active,
        given,
        recorder: envelope.source.clone(),
        instrument,
        given_by: given_by(&reader)?,
        root,
        exceptions: Vec::new(),
    })))
}

/// Who gave it; a record that does not say was given by the client.
fn given_by(reader: &Reader<'_>) -> Result<GivenBy, Refused> {
    match reader.text("given_by") {
        None | Some("client") => Ok(GivenBy::Client),
        Some("guardian") => Ok(GivenBy::Guardian),
        Some("delegate") => {
            Ok(GivenBy::Delegate { mandate: DirectiveId::new(reader.need("mandate")?) })
        }
        Some(_) => Err(fault("unknown-code", "given_by", "it is client, guardian or delegate")),
    }
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
        documents: reader.names("documents[]", "documents[].id", |_| true)?,
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
