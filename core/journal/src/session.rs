//! A connection to the database, with the keys that its sealed cells open by.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
    sync::Arc,
};

use crate::{
    Error, NodeId,
    engine::Connection,
    read::Payload,
    seal::{Cell, DataKey, Masters, data_key},
};

/// What commands and questions get: the connection, and the way to seal and open what is sealed.
pub struct Session {
    connection: Connection,
    masters: Arc<Masters>,
    /// Who tells other hubs of what is written; nobody where there are no others to tell.
    teller: Option<NodeId>,
}

impl Deref for Session {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Session {
    pub(crate) const fn new(connection: Connection, masters: Arc<Masters>) -> Self {
        Self { connection, masters, teller: None }
    }

    /// The same, with what is written told by that hub.
    pub(crate) fn told_by(self, teller: Option<NodeId>) -> Self {
        Self { teller, ..self }
    }

    pub(crate) const fn teller(&self) -> Option<NodeId> {
        self.teller
    }

    /// Asks everything of one moment: what is committed meanwhile is in no part of the answer.
    pub(crate) fn at_once<T>(
        &self,
        query: impl FnOnce(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.connection.at_once(|| query(self))
    }

    pub(crate) fn masters(&self) -> &Masters {
        &self.masters
    }

    /// The keys that these clients' payloads are sealed under now; one who has none gets hers.
    pub(crate) fn keys<'c>(
        &self,
        clients: impl IntoIterator<Item = &'c str>,
    ) -> Result<BTreeMap<&'c str, DataKey>, Error> {
        data_key::current(self, &BTreeSet::from_iter(clients))
    }

    /// Seals what stands in `cell` under its client's key, which is made now where she has none.
    pub(crate) fn seal(&self, cell: &Cell<'_>, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let keys = self.keys([cell.client])?;
        keys.get(cell.client).ok_or(Error::Keys("a client has none"))?.seal(cell, plain)
    }

    /// Opens what stands in `cell`.
    ///
    /// # Errors
    /// When the database fails. What does not open is a [`Payload`] that says why.
    pub(crate) fn open(&self, cell: &Cell<'_>, sealed: Vec<u8>) -> Result<Payload, Error> {
        let Some(n) = Cell::key_of(&sealed) else { return Ok(Payload::Broken) };
        Ok(match data_key::numbered(self, cell.client, n)? {
            data_key::Found::Key(key) => {
                key.open(cell, sealed).map_or(Payload::Broken, Payload::Open)
            }
            data_key::Found::Erased => Payload::Erased,
            data_key::Found::Missing => Payload::Broken,
        })
    }
}
