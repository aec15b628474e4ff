//! One sealed value, bound to the place where it stands.

use luotsi_model::{ClientRef, Envelope};
use uuid::Uuid;

use super::{
    data_key::DataKey,
    master::{open, seal},
};
use crate::Error;

/// The first byte of whatever is sealed in this form. A stored record begins otherwise.
const FORM: u8 = 1;
/// The form, and the number of the client's key.
const HEAD_LEN: usize = 1 + 4;

/// Where a value stands. All of it is authenticated with the value.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'a> {
    /// Table and column.
    pub(crate) column: &'static str,
    /// The row's id.
    pub(crate) row: [u8; 16],
    /// The row's version, where it has versions.
    pub(crate) version: u64,
    /// Whose it is; empty: nobody's, so the hub's.
    pub(crate) client: &'a str,
}

impl<'a> Cell<'a> {
    /// The column of a message's record.
    pub(crate) const RECORD: &'static str = "message.record";
    /// That of the sender's own reference.
    pub(crate) const REFERENCE: &'static str = "message.reference";

    /// The record of a plan.
    pub(crate) fn plan(id: Uuid, version: u64, client: &'a str) -> Self {
        Self { column: "plan.record", row: id.into_bytes(), version, client }
    }

    /// A column of a message.
    pub(crate) fn message(column: &'static str, envelope: &'a Envelope) -> Self {
        let client = envelope.subject.as_ref().map_or("", ClientRef::as_str);
        Self { column, row: envelope.id.0.into_bytes(), version: 0, client }
    }

    /// The number of the key that something was sealed under; `None` for what is not sealed.
    pub(crate) fn key_of(sealed: &[u8]) -> Option<u32> {
        let (form, rest) = sealed.split_first()?;
        let n = rest.first_chunk().map(|n| u32::from_be_bytes(*n))?;
        (*form == FORM).then_some(n)
    }

    /// Unambiguous: the parts before the last are of fixed length or end with a zero byte.
    fn context(&self) -> Vec<u8> {
        let (column, version) = (self.column.as_bytes(), self.version.to_be_bytes());
        [column, &[0], &self.row, &version, self.client.as_bytes()].concat()
    }
}

impl DataKey {
    pub(crate) fn seal(&self, cell: &Cell<'_>, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut head = [FORM; HEAD_LEN];
        head[1..].copy_from_slice(&self.n.to_be_bytes());
        seal(&self.cipher, &cell.context(), &head, plain)
    }

    /// `None` when it was changed, or stands in another's place.
    pub(crate) fn open(&self, cell: &Cell<'_>, mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let plain = open(&self.cipher, &cell.context(), sealed.get_mut(HEAD_LEN..)?)?;
        Some(plain.to_vec())
    }
}
