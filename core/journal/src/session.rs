//! A connection to the database, with the keys that its sealed cells open by.

use std::{
    cell,
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use luotsi_audit::{Hash, leaf};
use luotsi_model::SystemId;

use crate::{
    Error, NodeId,
    command::{Looks, Telling},
    engine::{Backfill, Connection},
    read::Payload,
    seal::{Cell, DataKey, Masters, data_key},
};

/// What commands and questions get: the connection, and the way to seal and open what is sealed.
pub struct Session {
    connection: Connection,
    masters: Arc<Masters>,
    /// Who tells other hubs of what is written; nobody where there are no others to tell.
    teller: Option<NodeId>,
    /// Where other hubs are to be told to look since a transaction began.
    looks: cell::RefCell<Looks>,
    /// The leaves of what was appended to the disclosure log since a transaction began.
    logged: cell::RefCell<Vec<Hash>>,
    /// How often a transaction was committed that put something into the outbox.
    told: Arc<AtomicU64>,
}

impl Deref for Session {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Session {
    pub(crate) fn new(connection: Connection, masters: Arc<Masters>) -> Self {
        let (looks, logged) = (cell::RefCell::default(), cell::RefCell::default());
        Self { connection, masters, teller: None, looks, logged, told: Arc::default() }
    }

    /// Has what it writes taken into its file beside it, where it has a file.
    pub(crate) fn backfill_beside(&mut self) -> Result<Option<Backfill>, Error> {
        self.connection.backfill_beside()
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

    /// Notes that a dispatcher elsewhere is to look at a delivery.
    pub(crate) fn tells(&self, to: &SystemId, place: i64) {
        let mut looks = self.looks.borrow_mut();
        match looks.get_mut(to) {
            Some(places) => drop(places.insert(place)),
            None => drop(looks.insert(to.clone(), BTreeSet::from([place]))),
        }
    }

    /// What is to be told of that, since this was last asked.
    pub(crate) fn telling(&self) -> Telling {
        Telling::of(self.teller, &self.looks.take())
    }

    /// Notes that something in the outbox was committed.
    pub(crate) fn has_told(&self) {
        self.told.fetch_add(1, Ordering::Release);
    }

    /// Moves when something in the outbox was committed.
    pub(crate) fn outbox(&self) -> Arc<AtomicU64> {
        self.told.clone()
    }

    /// Notes what was appended to the disclosure log, in its order: without this it would not be sealed. What
    /// is noted must not be rolled back to a savepoint: the tree would be longer than its log.
    pub(crate) fn logs<'t>(&self, entries: impl IntoIterator<Item = &'t String>) {
        self.logged.borrow_mut().extend(entries.into_iter().map(|text| leaf(text.as_bytes())));
    }

    /// The leaves of what was, since this was last asked.
    pub(crate) fn logged(&self) -> Vec<Hash> {
        self.logged.take()
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
        let mut opened = self.open_all([(*cell, sealed)])?;
        Ok(opened.pop().unwrap_or(Payload::Broken))
    }

    /// The same for several, whose keys are asked for once.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub(crate) fn open_all<'c>(
        &self,
        cells: impl IntoIterator<Item = (Cell<'c>, Vec<u8>)>,
    ) -> Result<Vec<Payload>, Error> {
        let cells: Vec<_> = cells.into_iter().collect();
        let key_of =
            |(cell, sealed): &(Cell<'c>, Vec<u8>)| Cell::key_of(sealed).map(|n| (cell.client, n));
        let keys = data_key::numbered(self, &cells.iter().filter_map(key_of).collect())?;
        let open = |of: (Cell<'c>, Vec<u8>)| match key_of(&of).and_then(|key| keys.get(&key)) {
            Some(data_key::Found::Key(key)) => {
                key.open(&of.0, of.1).map_or(Payload::Broken, Payload::Open)
            }
            Some(data_key::Found::Erased) => Payload::Erased,
            Some(data_key::Found::Missing) | None => Payload::Broken,
        };
        Ok(cells.into_iter().map(open).collect())
    }
}
