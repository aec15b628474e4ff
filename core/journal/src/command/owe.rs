//! Who is to be told that a directive was withdrawn: everybody who may have received something that
//! now stands on nothing.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use luotsi_consent::{Directive, Standing};
use luotsi_model::{Categories, ClientRef, DeliveryId, DirectiveId, Kind, Purpose, SystemId};
use serde::Deserialize;
use uuid::{Builder, Uuid};

use super::{direct, json};
use crate::{
    Entry, Error, GroundEntry, Phase, RecallState,
    engine::{Connection, params},
    seal,
};

/// The result of an attempt of which nothing reached the recipient.
const UNREACHED: &str = "unreached";
/// The record kind of which a client has one, known to its readers by one id.
const PLAN: &str = "plan";

/// What somebody received: whoever received it in several attempts or reads is told once.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Received {
    recipient: SystemId,
    purpose: Purpose,
    kind: Kind,
    held: Option<Uuid>,
    delivery: Option<DeliveryId>,
}

/// Recipient, purpose, kind, and the id that is held.
type Key = (String, String, String, Option<Uuid>);

impl Received {
    fn key(&self) -> Key {
        let Self { recipient, purpose, kind, held, .. } = self;
        (recipient.to_string(), purpose.to_string(), kind.to_string(), *held)
    }
}

/// What of an outcome matters here.
#[derive(Deserialize)]
struct Outcome<'e> {
    phase: &'e str,
    delivery: Option<DeliveryId>,
    attempt: u32,
    result: Option<&'e str>,
}

/// Notes a recall for everybody who may have received something that rested on `withdrawn`, if that
/// is what became of it, and to whom no recall of the same thing has gone since.
pub(super) fn recalls(
    connection: &Connection,
    withdrawn: &Directive,
    at: Timestamp,
) -> Result<(), Error> {
    if withdrawn.standing != Standing::Withdrawn {
        return Ok(());
    }
    let received = received(connection, withdrawn)?;
    if received.is_empty() {
        return Ok(());
    }
    let recalled = recalled(connection, &withdrawn.subject)?;
    for (received, disclosure) in received {
        if recalled.get(&received.key()).is_none_or(|upto| disclosure > *upto) {
            insert(connection, withdrawn, &received, disclosure, at)?;
        }
    }
    Ok(())
}

/// Each thing received, with the latest entry that shows it.
fn received(
    connection: &Connection,
    withdrawn: &Directive,
) -> Result<BTreeMap<Received, i64>, Error> {
    let client = &withdrawn.subject;
    let mut resting =
        Resting { connection, client, withdrawn: &withdrawn.id, stands: HashMap::new() };
    // The text is looked for before an entry is parsed: most entries of a client cite others.
    let cited = format!("\"directive\":{}", json("directive", &withdrawn.id)?);
    let rows = connection.all("select seq, message, entry from disclosure where client = ?1 and instr(entry, ?2) > 0 order by seq", params![client.as_str(), cited], |row| {
        Ok((row.get(0)?, row.get::<Option<i64>>(1)?, row.get::<String>(2)?))
    })?;
    let mut outcomes = Outcomes { connection, known: HashMap::new() };
    let mut received = BTreeMap::new();
    for (seq, message, body) in rows {
        let entry: Entry = serde_json::from_str(&body).map_err(|e| Error::row("disclosure", &e))?;
        let is_intent = entry.phase == Phase::Intent;
        if !is_intent || !resting.rests(&entry)? || !outcomes.may_have_reached(message, &entry)? {
            continue;
        }
        let held = match entry.delivery {
            Some(delivery) => Some(delivery.0),
            None => entry
                .shown
                .map_or_else(|| plan(connection, client, &entry.kind), |id| Ok(Some(id)))?,
        };
        let Entry { recipient, purpose, kind, delivery, .. } = entry;
        // In the order of the log, so the latest stays.
        received.insert(Received { recipient, purpose, kind, held, delivery }, seq);
    }
    Ok(received)
}

/// Whether what was shown stood on the withdrawn directive alone, in some category.
struct Resting<'c> {
    connection: &'c Connection,
    client: &'c ClientRef,
    withdrawn: &'c DirectiveId,
    stands: HashMap<String, bool>,
}

impl Resting<'_> {
    fn rests(&mut self, entry: &Entry) -> Result<bool, Error> {
        let (mut lost, mut kept) = (Categories::NONE, Categories::NONE);
        for ground in &entry.grounds {
            let cites = ground.directive.as_deref() == Some(self.withdrawn.as_str());
            if cites {
                lost = lost.union(carried(ground, entry.categories));
            } else if self.stands(ground)? {
                kept = kept.union(carried(ground, Categories::NONE));
            }
        }
        Ok(!lost.difference(kept).is_empty())
    }

    /// A ground without a directive stands; one whose directive was withdrawn too does not.
    fn stands(&mut self, ground: &GroundEntry) -> Result<bool, Error> {
        let Some(id) = &ground.directive else { return Ok(true) };
        if let Some(known) = self.stands.get(id) {
            return Ok(*known);
        }
        let found = direct::latest(self.connection, self.client, &DirectiveId::new(id))?;
        let stands = found.is_some_and(|found| found.standing == Standing::Active);
        self.stands.insert(id.clone(), stands);
        Ok(stands)
    }
}

/// An entry that does not say what a ground carried is read to the recall's favour.
fn carried(ground: &GroundEntry, otherwise: Categories) -> Categories {
    if ground.categories.is_empty() { otherwise } else { ground.categories }
}

/// What became of attempts, message by message.
struct Outcomes<'c> {
    connection: &'c Connection,
    known: HashMap<i64, Vec<(DeliveryId, u32)>>,
}

impl Outcomes<'_> {
    /// Unless it is known that nothing of it arrived. A read reaches its reader.
    fn may_have_reached(&mut self, message: Option<i64>, intent: &Entry) -> Result<bool, Error> {
        let (Some(message), Some(delivery)) = (message, intent.delivery) else { return Ok(true) };
        if !self.known.contains_key(&message) {
            let unreached = unreached(self.connection, message)?;
            self.known.insert(message, unreached);
        }
        Ok(!self.known[&message].contains(&(delivery, intent.attempt)))
    }
}

fn unreached(connection: &Connection, message: i64) -> Result<Vec<(DeliveryId, u32)>, Error> {
    let rows = connection.all(
        "select entry from disclosure where message = ?1 and client is null
           and instr(entry, '\"result\":\"unreached\"') > 0",
        params![message],
        |row| row.get::<String>(0),
    )?;
    let mut found = Vec::new();
    for body in rows {
        let outcome: Outcome<'_> =
            serde_json::from_str(&body).map_err(|e| Error::row("disclosure", &e))?;
        if outcome.phase == "outcome" && outcome.result == Some(UNREACHED) {
            found.extend(outcome.delivery.map(|delivery| (delivery, outcome.attempt)));
        }
    }
    Ok(found)
}

/// Entries of earlier versions of the hub do not say which plan: a client has one.
fn plan(connection: &Connection, client: &ClientRef, kind: &Kind) -> Result<Option<Uuid>, Error> {
    if kind.as_str() != PLAN {
        return Ok(None);
    }
    let id: Option<String> = connection.first(
        "select id from plan where client = ?1",
        params![client.as_str()],
        |row| row.get(0),
    )?;
    Ok(id.and_then(|id| id.parse().ok()))
}

/// What was recalled of a client before, each with the latest entry that its recall covers. Read at
/// once: asked one by one, what is recalled would be searched for in what is being recalled.
fn recalled(connection: &Connection, client: &ClientRef) -> Result<HashMap<Key, i64>, Error> {
    let rows = connection.all(
        "select recipient, purpose, kind, held, max(disclosure) from recall
         where client = ?1 group by recipient, purpose, kind, held",
        params![client.as_str()],
        |row| {
            let held = row.get::<Option<[u8; 16]>>(3)?.map(Uuid::from_bytes);
            Ok(((row.get(0)?, row.get(1)?, row.get(2)?, held), row.get(4)?))
        },
    )?;
    Ok(rows.into_iter().collect())
}

fn insert(
    connection: &Connection,
    withdrawn: &Directive,
    received: &Received,
    disclosure: i64,
    at: Timestamp,
) -> Result<(), Error> {
    let id = Builder::from_random_bytes(seal::random()?).into_uuid();
    let delivery: Option<i64> = match received.delivery {
        Some(delivery) => connection.first(
            "select seq from delivery where id = ?1",
            params![delivery.0.as_bytes()],
            |row| row.get(0),
        )?,
        None => None,
    };
    connection.execute(
        "insert into recall
               (id, client, directive, version, recipient, purpose, delivery, held, disclosure, at,
                state, kind)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            id.as_bytes(),
            withdrawn.subject.as_str(),
            withdrawn.id.as_str(),
            withdrawn.version,
            received.recipient.as_str(),
            received.purpose.as_str(),
            delivery,
            received.held.as_ref().map(Uuid::as_bytes),
            disclosure,
            at.as_microsecond(),
            RecallState::Owed,
            received.kind.as_str(),
        ],
    )?;
    Ok(())
}
