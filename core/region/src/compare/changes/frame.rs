//! What the rest speaks of: record kinds, organisations, controllers, purposes, service tasks.

use luotsi_model::{FieldId, Schema, schema::Field};

use super::{Change, Effect, between, hidden, sets, values};
use crate::{Organisation, Region};

pub(super) fn changes(old: &Region, new: &Region) -> Vec<Change> {
    [
        between("record kind", kinds(old), kinds(new), kind),
        between("organisation", organisations(old), organisations(new), organisation),
        region(old, new),
    ]
    .concat()
}

fn kinds(region: &Region) -> impl Iterator<Item = (String, &Schema)> {
    region.schemas.iter().map(|(kind, schema)| (kind.to_string(), &**schema))
}

fn kind(old: &Schema, new: &Schema) -> Vec<String> {
    let paths = |schema: &Schema| schema.fields().map(|(_, f)| f.path.clone()).collect::<Vec<_>>();
    let mark = |label, of: fn(&Schema) -> Option<FieldId>| {
        let path =
            |schema: &Schema| of(schema).map_or("none", |f| &schema.field(f).path).to_owned();
        values(label, &path(old), &path(new))
    };
    let mut parts = vec![
        sets("fields", paths(old), paths(new)),
        mark("subject", |schema| schema.subject),
        mark("service", |schema| schema.service),
        mark("task", |schema| schema.task),
    ];
    for (_, one) in old.fields() {
        let other = new.find(&one.path).map(|id| new.field(id));
        parts.extend(other.into_iter().flat_map(|other| field(one, other)));
    }
    parts.into_iter().flatten().collect()
}

fn field(old: &Field, new: &Field) -> [Option<String>; 4] {
    let path = &old.path;
    let holds = |field: &Field| format!("{:?}", field.holds).to_lowercase();
    [
        values(&format!("category of {path}"), &old.category, &new.category),
        values(&format!("type of {path}"), &holds(old), &holds(new)),
        values(&format!("{path} required"), &old.required, &new.required),
        hidden(&format!("key or codes of {path}"), &(old.key, &old.codes), &(new.key, &new.codes)),
    ]
}

fn organisations(region: &Region) -> impl Iterator<Item = (String, &Organisation)> {
    region.organisations.iter().map(|(name, organisation)| (name.to_string(), organisation))
}

fn organisation(old: &Organisation, new: &Organisation) -> Vec<String> {
    let parts = [
        values("controller", &old.controller, &new.controller),
        values("sort", &old.sort, &new.sort),
        hidden("title", &old.title, &new.title),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() { hidden("it", old, new).into_iter().collect() } else { parts }
}

fn region(old: &Region, new: &Region) -> Vec<Change> {
    let parts = [
        values("name", &old.name, &new.name),
        sets("controllers", old.controllers.keys(), new.controllers.keys()),
        sets("purposes", &old.purposes, &new.purposes),
        sets("service tasks", &old.service_tasks, &new.service_tasks),
        values("recall acknowledge", &old.acknowledge, &new.acknowledge),
        hidden("languages", &old.languages, &new.languages),
    ];
    let details: Vec<_> = parts.into_iter().flatten().collect();
    let change =
        Change { noun: "region", name: new.name.clone(), effect: Effect::Changed, details };
    if change.details.is_empty() { Vec::new() } else { vec![change] }
}
