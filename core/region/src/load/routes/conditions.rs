//! `when = { … }`: what must hold of a record for a route to take it.

use std::sync::Arc;

use luotsi_model::{Schema, Type, diagnostic::nearest, schema::Closed};

use super::super::{
    findings::{Place, Word, choose, suggest, unknown},
    packs::Packs,
    table::Table,
    words::{FIELD, PRESENCE, SUBJECT},
};
use crate::Condition;

const SUBJECT_KEY: &str = "$subject";
const PRESENCE_KEY: &str = "$presence";
/// The fields by which a record tells how the client was present.
const CLIENT_PRESENT: &str = "grounds.present";
const MANDATE: &str = "grounds.mandate";

/// The conditions, all of which must hold.
pub(super) fn read(table: Table<'_>, schema: &Arc<Schema>, packs: &Packs) -> Vec<Condition> {
    let place = table.place;
    let mut conditions = Vec::new();
    for (key, values) in table.into_lists() {
        if values.is_empty() {
            let why = "no value would ever fit, so the route would never be taken";
            let mend = "list the values accepted";
            place.error("LU204", key.span(), "the condition accepts nothing", why, mend);
        }
        conditions.extend(match key.get_ref().as_str() {
            SUBJECT_KEY => subject(&key, &values, schema, place),
            PRESENCE_KEY => presence(&key, &values, schema, place),
            _ => field(&key, &values, schema, packs, place),
        });
    }
    conditions
}

fn subject(
    key: &Word,
    values: &[Word],
    schema: &Arc<Schema>,
    place: Place<'_>,
) -> Option<Condition> {
    if schema.subject.is_none() && schema.task.is_none() {
        let what = format!("a `{}` is never about a client", schema.kind);
        let why = "its schema has no `subject`, and no `task` whose client it could take over";
        place.error("LU219", key.span(), what, why, "remove the condition");
        return None;
    }
    let choices = [("none", false), ("known", true)];
    let states: Vec<_> =
        values.iter().filter_map(|word| choose(&SUBJECT, word, choices, place)).collect();
    if let [_, second, ..] = values {
        let why = "a message either is about a client or is not: this would always hold";
        let mend = "keep one of \"none\" and \"known\", or remove the condition";
        place.error("LU204", second.span(), "`$subject` has more than one value", why, mend);
    }
    states.first().map(|known| Condition::Subject { known: *known })
}

fn presence(
    key: &Word,
    values: &[Word],
    schema: &Arc<Schema>,
    place: Place<'_>,
) -> Option<Condition> {
    let choices = [("client", CLIENT_PRESENT), ("mandate", MANDATE)];
    let chosen: Vec<_> =
        values.iter().filter_map(|word| choose(&PRESENCE, word, choices, place)).collect();
    let accepted = |path| chosen.contains(&path).then(|| schema.find(path)).flatten();
    let (client, mandate) = (accepted(CLIENT_PRESENT), accepted(MANDATE));
    if client.is_none() && mandate.is_none() && !chosen.is_empty() {
        let what = format!("a `{}` does not tell how the client was present", schema.kind);
        let why = "its schema has neither `grounds.present` nor `grounds.mandate`";
        place.error("LU219", key.span(), what, why, "remove the condition");
        return None;
    }
    (!chosen.is_empty()).then_some(Condition::Presence { client, mandate })
}

fn field(
    key: &Word,
    values: &[Word],
    schema: &Arc<Schema>,
    packs: &Packs,
    place: Place<'_>,
) -> Option<Condition> {
    let Some(field) = schema.find(key.get_ref()) else {
        let known = schema
            .leaves()
            .map(|(_, field)| field.path.as_str())
            .chain([SUBJECT_KEY, PRESENCE_KEY]);
        unknown(&FIELD, key, known, place);
        return None;
    };
    let declared = schema.field(field);
    if declared.group.is_some() || !matches!(declared.holds, Type::Text | Type::Code) {
        let what = format!("`{}` cannot be compared", key.get_ref());
        let why = "a condition compares one text or code of the record, not of a group's rows";
        place.error("LU219", key.span(), what, why, "use a text or code field");
        return None;
    }
    if declared.holds == Type::Code {
        match declared.closed() {
            Some(closed) => values.iter().for_each(|value| check_closed(value, closed, place)),
            None => values.iter().for_each(|value| check_code(value, packs, place)),
        }
    }
    let values = values.iter().map(|value| value.get_ref().as_str().into()).collect();
    Some(Condition::Field { field, values })
}

/// A field that takes the codes of a set and no other never holds another.
fn check_closed(value: &Word, closed: &Closed, place: Place<'_>) {
    let code = value.get_ref();
    if closed.has(code) {
        return;
    }
    let what = format!("the field never holds `{code}`");
    let why = "its code set is closed and does not list it: the condition never holds";
    place.warning("LU244", value.span(), what, why, suggest(code, closed.codes()));
}

/// Codes are opaque, so an unheard-of one is no error. But one that almost is what some code table
/// gives is likely a slip, and a slip here sends records elsewhere in silence.
fn check_code(value: &Word, packs: &Packs, place: Place<'_>) {
    let code = value.get_ref();
    let known = packs.codes.iter().map(String::as_str);
    let Some(near) = nearest(code, known).filter(|_| !packs.codes.contains(code)) else { return };
    let what = format!("no code table gives `{code}`");
    let why = "records hold the codes that code tables give; this condition may never hold";
    place.warning("LU244", value.span(), what, why, format!("write `{near}` if that is meant"));
}
