//! Every way by which fields can reach a recipient.

use std::collections::{BTreeMap, BTreeSet};

use luotsi_consent::{Basis, Recipient, Rule};
use luotsi_mapping::Mapping;
use luotsi_model::{Category, FieldId, Kind, OrganisationId, Purpose, Schema, SystemId};

use super::answers::{Source, origins, recipient, sources, threads};
use crate::{Condition, Connection, Region, Route, load::DIRECTIVE};

/// The adapter whose system keeps what is read over `/fhir`.
const STORE: &str = "plan";
/// What the hub itself sets in an answer, whoever sent it.
const SET_BY_HUB: [&str; 2] = ["performer", "reference"];
/// What it says itself where it refuses to send.
const SAID_BY_HUB: [&str; 6] = ["at", "performer", "reason", "reference", "status", "task"];
/// Routes whose conditions have more combinations of values than this are compared as they stand.
const COMBINATIONS_MAX: usize = 256;

/// One ground on which fields can reach a recipient.
#[derive(Clone)]
pub(super) struct Way<'r> {
    pub(super) send: Send<'r>,
    /// Whether the record is about a client.
    pub(super) is_about_client: bool,
    /// Field values that the record must have; all of them.
    pub(super) when: BTreeSet<(&'r str, Vec<&'r str>)>,
    pub(super) rule: &'r Rule,
    /// Paths of the fields that name the subject, the service task and the task answered.
    pub(super) marks: [Option<&'r str>; 3],
    /// Fields without which nothing goes.
    pub(super) required: BTreeSet<&'r str>,
    /// The fields that its source can give; `None`: any.
    pub(super) given: Option<BTreeSet<&'r str>>,
    /// The fields that can go.
    pub(super) fields: BTreeMap<&'r str, Category>,
}

/// Who sends what to whom.
#[derive(Clone, Copy)]
pub(super) struct Send<'r> {
    pub(super) recipient: &'r Recipient,
    pub(super) kind: &'r Kind,
    pub(super) purpose: &'r Purpose,
    /// The route; `None`: the recipient reads it.
    pub(super) route: Option<&'r Route>,
    pub(super) source: Source<'r>,
    /// Whose register the record belongs to.
    pub(super) owner: &'r OrganisationId,
    /// What writes it; `None`: the hub does, whole or not at all.
    mapping: Option<&'r Mapping>,
}

impl Way<'_> {
    /// Whether its source can give the field.
    pub(super) fn gives(&self, field: &str) -> bool {
        self.given.as_ref().is_none_or(|given| given.contains(field))
    }
}

/// Every way of the region.
pub(super) fn of(region: &Region) -> Vec<Way<'_>> {
    let mut all = deliveries(region);
    all.extend(reads(region));
    all.into_iter().flat_map(|send| ways(region, send)).collect()
}

fn deliveries(region: &Region) -> Vec<Send<'_>> {
    let threads = threads(region);
    let mut sends = Vec::new();
    for route in &region.routes {
        for source in sources(region, route) {
            for (owner, asker) in origins(region, route, source, &threads) {
                let send = |to| {
                    let system: &SystemId = recipient(to, source, asker)?;
                    let mapping = Some(&**region.delivery_mapping(system, &route.kind)?);
                    let recipient = &region.connection(system)?.recipient;
                    let (kind, purpose, route) = (&route.kind, to.purpose(), Some(route));
                    Some(Send { recipient, kind, purpose, route, source, owner, mapping })
                };
                sends.extend(route.to.iter().filter_map(send));
            }
        }
    }
    sends
}

fn reads<'r>(region: &'r Region) -> Vec<Send<'r>> {
    let store = region.connections.values().find(|c| c.adapter == STORE);
    let mut sends = Vec::new();
    for connection in region.connections.values() {
        let Some(read) = &connection.read else { continue };
        let send = |kind, source: &'r Connection, mapping| Send {
            recipient: &connection.recipient,
            kind,
            purpose: &read.purpose,
            route: None,
            source: source.into(),
            owner: &source.recipient.controller,
            mapping,
        };
        let kept = store.into_iter().flat_map(|store| read.by_kind.iter().map(move |k| (k, store)));
        sends.extend(kept.map(|((kind, mapping), store)| send(kind, store, Some(&**mapping))));
        // What clients direct is read by the system that recorded it, and by no other.
        let own = region.schemas.keys().find(|kind| read.directives && kind.as_str() == DIRECTIVE);
        sends.extend(own.map(|kind| send(kind, connection, None)));
    }
    sends
}

fn ways<'r>(region: &'r Region, send: Send<'r>) -> Vec<Way<'r>> {
    let Some(schema) = region.schema(send.kind) else { return Vec::new() };
    let when: &[Condition] = send.route.map_or(&[], |route| &route.when);
    let (written, required) = fields_out(send.mapping, schema);
    let given = send.route.map(|_| given(send.source, schema));
    let path = |field: Option<FieldId>| field.map(|field| &*schema.field(field).path);
    let mut ways = Vec::new();
    for is_about_client in subjects(schema, when) {
        for when in combinations(when, schema) {
            let rules = region.policy.rules.iter();
            for rule in rules.filter(|rule| can_hold(rule, send, is_about_client)) {
                let may_go = |(_, category): &(_, &Category)| rule.categories.contains(**category);
                ways.push(Way {
                    send,
                    is_about_client,
                    when: when.clone(),
                    rule,
                    marks: [schema.subject, schema.service, schema.task].map(path),
                    required: required.clone(),
                    given: given.clone(),
                    fields: written.iter().filter(may_go).map(|(f, c)| (*f, *c)).collect(),
                });
            }
        }
    }
    ways
}

/// Whether the rule speaks of the send and its basis could hold there.
fn can_hold(rule: &Rule, send: Send<'_>, is_about_client: bool) -> bool {
    let holds = match rule.basis {
        Basis::SameRegister => send.recipient.controller == *send.owner,
        Basis::NoSubject => !is_about_client,
        // Every other basis rests on something about a client.
        _ => is_about_client,
    };
    holds && rule.speaks_of(send.recipient, send.purpose, send.kind)
}

/// The fields that a document shows, each with its category, and those it must have. A field that
/// the document's kind decides is shown by it.
fn fields_out<'r>(
    mapping: Option<&Mapping>,
    schema: &'r Schema,
) -> (BTreeMap<&'r str, Category>, BTreeSet<&'r str>) {
    let whole = || schema.leaves().map(|(field, _)| field).collect();
    let required: Vec<_> = mapping.map_or_else(whole, Mapping::fields_required_out);
    let written = mapping.map(Mapping::fields_written).unwrap_or_default();
    let shown = written.into_iter().chain(required.iter().copied());
    let shown = shown.map(|field| schema.field(field)).map(|f| (&*f.path, f.category)).collect();
    (shown, required.into_iter().map(|field| &*schema.field(field).path).collect())
}

fn given<'r>(source: Source<'r>, schema: &'r Schema) -> BTreeSet<&'r str> {
    let Some(connection) = source.connection else { return SAID_BY_HUB.into() };
    let mappings = connection.intake.iter().flat_map(|intake| &intake.mappings);
    let own = mappings.filter(|mapping| mapping.schema().kind == schema.kind);
    let read = own.flat_map(|mapping| mapping.fields_read());
    read.map(|field| &*schema.field(field).path).chain(SET_BY_HUB).collect()
}

/// Whether the record may name a client, and whether it may name none.
fn subjects(schema: &Schema, when: &[Condition]) -> Vec<bool> {
    let is_answer = schema.task.is_some();
    let must_name = schema.subject.is_some_and(|field| schema.field(field).required);
    let can = |known: bool| match known {
        true => is_answer || schema.subject.is_some(),
        false => is_answer || !must_name,
    };
    let excluded = |known: bool| when.contains(&Condition::Subject { known: !known });
    [true, false].into_iter().filter(|known| can(*known) && !excluded(*known)).collect()
}

/// The conditions on fields with one value each, so that routes can be compared however they share
/// the values among them.
fn combinations<'r>(
    when: &'r [Condition],
    schema: &'r Schema,
) -> Vec<BTreeSet<(&'r str, Vec<&'r str>)>> {
    let on_fields: Vec<(&str, Vec<&str>)> =
        when.iter().filter_map(|c| on_field(c, schema)).collect();
    let count = on_fields.iter().map(|(_, values)| values.len()).fold(1, usize::saturating_mul);
    if count > COMBINATIONS_MAX {
        return vec![on_fields.into_iter().collect()];
    }
    on_fields.into_iter().fold(vec![BTreeSet::new()], |all, (path, values)| {
        let with = |one: &BTreeSet<_>, value| {
            one.iter().cloned().chain([(path, vec![value])]).collect::<BTreeSet<_>>()
        };
        all.iter().flat_map(|one| values.iter().map(move |value| with(one, *value))).collect()
    })
}

fn on_field<'r>(condition: &'r Condition, schema: &'r Schema) -> Option<(&'r str, Vec<&'r str>)> {
    match condition {
        Condition::Field { field, values } => {
            let mut values: Vec<_> = values.iter().map(|value| &**value).collect();
            values.sort_unstable();
            Some((&schema.field(*field).path, values))
        }
        Condition::Presence { client, mandate } => {
            let client = client.map(|_| "client");
            Some(("$presence", client.into_iter().chain(mandate.map(|_| "mandate")).collect()))
        }
        Condition::Subject { .. } => None,
    }
}
