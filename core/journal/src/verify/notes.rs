//! The checkpoints to hold a log against: its own, and those kept elsewhere.

use luotsi_audit::{Checkpoint, Error as Untrusted, VerifyingKey};

use super::Against;
use crate::{Error, engine::Connection};

/// One checkpoint, opened or not.
pub(super) struct Note {
    /// Where it was read.
    pub(super) from: String,
    /// Of how many entries it says it is.
    pub(super) size: u64,
    /// What it says, if it is signed.
    pub(super) opened: Result<Checkpoint, Untrusted>,
}

/// All of them, the smallest first.
pub(super) fn all(connection: &Connection, against: &Against) -> Result<Vec<Note>, Error> {
    let mut notes = own(connection, against.key.as_ref())?;
    let named = keys(connection)?;
    for (from, text) in &against.notes {
        let keys = against.key.as_ref().map_or(named.as_slice(), std::slice::from_ref);
        let tried = keys.iter().map(|key| Checkpoint::open(text, key));
        // The key that signed it says what it says; the others only that it is not theirs.
        let opened = tried
            .reduce(|one, other| if one == Err(Untrusted::Unsigned) { other } else { one })
            .unwrap_or(Err(Untrusted::Unsigned));
        let size = opened.as_ref().map_or(0, |checkpoint| checkpoint.size);
        notes.push(Note { from: from.clone(), size, opened });
    }
    notes.sort_by_key(|note| note.size);
    Ok(notes)
}

fn own(connection: &Connection, held: Option<&VerifyingKey>) -> Result<Vec<Note>, Error> {
    connection.all("select size, note, key from checkpoint order by size", &[], |row| {
        let size = u64::try_from(row.get::<i64>(0)?).unwrap_or(0);
        // What is no text is no note.
        let (note, named) = (row.text(1).unwrap_or_default(), row.text(2).unwrap_or_default());
        let opened = match held {
            Some(held) => Checkpoint::open(note, held),
            None => named.parse().and_then(|key| Checkpoint::open(note, &key)),
        };
        let opened = opened.and_then(|checkpoint| {
            if checkpoint.size == size { Ok(checkpoint) } else { Err(Untrusted::Checkpoint) }
        });
        Ok(Note { from: format!("the checkpoint of {size} entries"), size, opened })
    })
}

fn keys(connection: &Connection) -> Result<Vec<VerifyingKey>, Error> {
    let named = connection.all("select distinct key from checkpoint", &[], |row| {
        Ok(row.text(0).ok().and_then(|key| key.parse().ok()))
    })?;
    Ok(named.into_iter().flatten().collect())
}
