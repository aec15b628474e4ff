//! `routes.toml`: which records go where, for which purpose.

use std::{ops::Range, sync::Arc};

use jiff::SignedDuration;
use luotsi_model::{Kind, Purpose, Schema, SystemId};

use super::{
    findings::{Findings, Names, Place, Word},
    packs::Packs,
    sources::Sources,
    table::Table,
    words::{check_distinct, duration},
};
use crate::{Destination, Route};

mod conditions;

pub(crate) const FILE: &str = "routes.toml";
const WAIT_DEFAULT: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A route with the places that later findings point at.
pub(crate) struct Drafted {
    pub(crate) route: Route,
    /// The route's own.
    pub(crate) at: Range<usize>,
    /// Each source's, in the order of `route.from`.
    pub(crate) from_at: Vec<Range<usize>>,
    /// Each destination's, in the order of `route.to`.
    pub(crate) to_at: Vec<Range<usize>>,
}

/// What routes may name.
pub(crate) struct Known<'a> {
    pub(crate) packs: &'a Packs,
    pub(crate) systems: &'a Names,
    /// The same, and the hub itself.
    pub(crate) sources: &'a Names,
    pub(crate) purposes: &'a Names,
}

/// The routes that nothing is wrong with, in the order of the file, and whether these are all.
pub(crate) fn read(
    sources: &mut Sources<'_>,
    known: &Known<'_>,
    findings: &Findings,
) -> (Vec<Drafted>, bool) {
    let place = Place { file: FILE, findings };
    let errors = findings.errors();
    let text = sources.text(FILE, findings);
    let Some(mut table) = text.as_deref().and_then(|text| Table::document(place, text)) else {
        return (Vec::new(), false);
    };
    let tables = table.tables("route");
    table.finish();
    let routes: Vec<_> = tables.into_iter().map(|table| route(table, known)).collect();
    check_distinct("route", routes.iter().filter_map(|(name, _)| name.as_ref()), place);
    let sound = routes.into_iter().filter_map(|(_, route)| route).collect();
    (sound, findings.errors() == errors)
}

/// Its name, and the route when nothing is wrong with it.
fn route(mut table: Table<'_>, known: &Known<'_>) -> (Option<Word>, Option<Drafted>) {
    let place = table.place;
    let errors = place.findings.errors();
    let at = table.span.clone();
    let name = table.need_word("name");
    let kind = table.need_word("kind").filter(|word| known.packs.kind_names.has(word, place));
    let kind = kind.map(|kind| Kind::new(kind.get_ref()));
    let schema = kind.as_ref().and_then(|kind| known.packs.schemas.get(kind));
    let from = table.words("from");
    let from_at = from.iter().map(Word::span).collect();
    let from = known.sources.all(&from, place);
    let when = table.table("when");
    let when = when.zip(schema).map(|(when, schema)| conditions::read(when, schema, known.packs));
    let (to, to_at) = destinations(&mut table, schema, known).into_iter().unzip();
    let reason = table.word("reason").map(|word| word.into_inner().into_boxed_str());
    let wait = table.word("wait").and_then(|word| wait(&word, place)).unwrap_or(WAIT_DEFAULT);
    table.finish();
    let route = name.as_ref().zip(kind).map(|(name, kind)| Route {
        name: name.get_ref().clone(),
        kind,
        from,
        when: when.unwrap_or_default(),
        to,
        wait,
        reason,
    });
    let sound = route.filter(|_| place.findings.errors() == errors);
    (name, sound.map(|route| Drafted { route, at, from_at, to_at }))
}

fn destinations(
    table: &mut Table<'_>,
    schema: Option<&Arc<Schema>>,
    known: &Known<'_>,
) -> Vec<(Destination, Range<usize>)> {
    let span = table.span.clone();
    let tables = table.tables("to");
    if tables.is_empty() {
        let why = "a route that leads nowhere would take records and lose them";
        let mend = "add to = [ { system = \"…\", purpose = \"…\" } ]";
        table.place.error("LU203", span, "the route has no destination", why, mend);
    }
    let of = |table: Table<'_>| {
        let span = table.span.clone();
        Some((destination(table, schema, known)?, span))
    };
    tables.into_iter().filter_map(of).collect()
}

fn destination(
    mut table: Table<'_>,
    schema: Option<&Arc<Schema>>,
    known: &Known<'_>,
) -> Option<Destination> {
    let place = table.place;
    let span = table.span.clone();
    let purpose = table.need_word("purpose").filter(|word| known.purposes.has(word, place));
    let named = table.word("system");
    let system = named.clone().filter(|word| known.systems.has(word, place));
    let answer = table.flag("answer").is_some_and(|flag| *flag.get_ref());
    table.finish();
    if answer == named.is_some() {
        let what = "a destination is a system, or `answer = true`";
        let why = "a record goes to a named system, or back to the sender of what it answers";
        place.error("LU204", span, what, why, "write one of the two");
        return None;
    }
    if answer && schema.is_some_and(|schema| schema.task.is_none()) {
        let what = "this record kind answers nothing";
        let why = "its schema names no field `task` by which the original could be found";
        place.error("LU219", span, what, why, "name a system instead");
        return None;
    }
    let purpose = Purpose::new(purpose?.get_ref());
    if answer {
        return Some(Destination::Answer { purpose });
    }
    Some(Destination::System { system: SystemId::new(system?.get_ref()), purpose })
}

fn wait(word: &Word, place: Place<'_>) -> Option<SignedDuration> {
    let why = "a delivery waits for a legal basis until a deadline, and then a person decides";
    duration(word, why, place)
}
