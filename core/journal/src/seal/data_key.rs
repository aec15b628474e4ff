//! A client's data keys: made at her first message, numbered, wrapped under a master key.
//!
//! What must hold: the row of a key never changes its size. SQLite then overwrites it where it
//! stands, and an erased key leaves no copy in a page that was rearranged.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::aead::LessSafeKey;

use super::master::{Key, KeyId, Masters, WRAPPED_LEN, cipher, random};
use crate::{
    Error,
    engine::{Connection, Row, Value, params},
    session::Session,
};

/// What stands in the place of a key that was erased.
pub(crate) const ERASED: [u8; WRAPPED_LEN] = [0; WRAPPED_LEN];

/// A data key at hand.
pub(crate) struct DataKey {
    pub(super) n: u32,
    pub(super) cipher: LessSafeKey,
}

/// What there is of a key.
pub(crate) enum Found {
    Key(DataKey),
    Erased,
    /// There never was one, or it does not unwrap.
    Missing,
}

struct Wrapped {
    n: u32,
    master: KeyId,
    wrapped: [u8; WRAPPED_LEN],
}

fn read(row: &Row<'_>) -> Result<Wrapped, Error> {
    Ok(Wrapped { n: row.get(0)?, master: row.get(1)?, wrapped: row.get(2)? })
}

/// The keys that these clients' payloads are sealed under now.
pub(crate) fn current<'c>(
    session: &Session,
    clients: &BTreeSet<&'c str>,
) -> Result<BTreeMap<&'c str, DataKey>, Error> {
    let rows: Vec<_> = clients.iter().map(|client| [Value::Text(client)]).collect();
    let found = session.first_each(
        "select n, master, wrapped from client_key where client = ?1 order by n desc limit 1",
        &rows,
        read,
    )?;
    let keys = clients.iter().zip(found);
    keys.map(|(client, found)| Ok((*client, taken_up(session, client, found)?))).collect()
}

/// The key that was found; made where there is none, or where it was erased.
fn taken_up(session: &Session, client: &str, found: Option<Wrapped>) -> Result<DataKey, Error> {
    match found {
        Some(found) if found.wrapped == ERASED => make(session, client, found.n + 1),
        Some(found) => unwrap(session.masters(), client, &found)?.map_or_else(
            || {
                // What it sealed is lost with it; what comes in now need not be.
                tracing::error!("a client's key does not unwrap: it was changed");
                make(session, client, found.n + 1)
            },
            Ok,
        ),
        None => make(session, client, 1),
    }
}

/// The keys of those clients and numbers.
pub(crate) fn numbered<'c>(
    session: &Session,
    wanted: &BTreeSet<(&'c str, u32)>,
) -> Result<BTreeMap<(&'c str, u32), Found>, Error> {
    let row = |(client, n): &(&'c str, u32)| [Value::Text(client), Value::Integer((*n).into())];
    let rows: Vec<_> = wanted.iter().map(row).collect();
    let found = session.first_each(
        "select n, master, wrapped from client_key where client = ?1 and n = ?2",
        &rows,
        read,
    )?;
    let keys = wanted.iter().zip(found);
    keys.map(|(key, found)| Ok((*key, found_of(session, *key, found)?))).collect()
}

fn found_of(
    session: &Session,
    (client, n): (&str, u32),
    found: Option<Wrapped>,
) -> Result<Found, Error> {
    Ok(match found {
        // Zeros that no erasure tells of are not the hub's.
        Some(found) if found.wrapped == ERASED && was_erased(session, client, n)? => Found::Erased,
        Some(found) => {
            unwrap(session.masters(), client, &found)?.map_or(Found::Missing, Found::Key)
        }
        None => Found::Missing,
    })
}

fn was_erased(connection: &Connection, client: &str, n: u32) -> Result<bool, Error> {
    Ok(connection
        .first(
            "select 1 from erasure where client = ?1 and n = ?2",
            params![client, n],
            |_| Ok(()),
        )?
        .is_some())
}

fn make(session: &Session, client: &str, n: u32) -> Result<DataKey, Error> {
    let masters = session.masters();
    let key = Key::new(random()?);
    let wrapped = masters.wrap(&key, &context(client, n))?;
    session.execute(
        "insert into client_key (client, n, master, wrapped) values (?1, ?2, ?3, ?4)",
        params![client, n, masters.current(), wrapped],
    )?;
    Ok(DataKey { n, cipher: cipher(&*key)? })
}

fn unwrap(masters: &Masters, client: &str, found: &Wrapped) -> Result<Option<DataKey>, Error> {
    let key = masters.unwrap(found.master, &found.wrapped, &context(client, found.n));
    key.map(|key| Ok(DataKey { n: found.n, cipher: cipher(&*key)? })).transpose()
}

/// The same key under the current master key; `None` when it does not unwrap.
pub(super) fn rewrap(
    masters: &Masters,
    (client, n, master): (&str, u32, KeyId),
    wrapped: &[u8],
) -> Result<Option<Vec<u8>>, Error> {
    let context = context(client, n);
    let key = masters.unwrap(master, wrapped, &context);
    key.map(|key| masters.wrap(&key, &context)).transpose()
}

/// Binds a wrapped key to its row.
fn context(client: &str, n: u32) -> Vec<u8> {
    [b"client key\0".as_slice(), &n.to_be_bytes(), client.as_bytes()].concat()
}
