//! What other hubs are to be told of, until the broker has it.

use std::collections::{BTreeMap, BTreeSet};

use luotsi_model::{ClientRef, SystemId};

use super::{Command, Fence};
use crate::{
    Error, NodeId,
    engine::{Step, Value, params},
    session::Session,
};

/// How the name of a lane begins that sends to a system.
pub const SENDING: &str = "to:";

/// Places in one row.
const PLACES_MAX: usize = 256;

/// Notes that dispatchers elsewhere are to look at deliveries, once the transaction is committed.
pub(super) fn tell<'a>(
    session: &Session,
    deliveries: impl IntoIterator<Item = (&'a SystemId, i64)>,
) {
    if session.teller().is_some() {
        deliveries.into_iter().for_each(|(to, place)| session.tells(to, place));
    }
}

/// The same for all that pends about a client.
pub(super) fn tell_of(session: &Session, client: &ClientRef) -> Result<(), Error> {
    if session.teller().is_none() {
        return Ok(());
    }
    // One for each destination is enough: whoever looks at it looks at all of hers there.
    let firsts = session.all(
        "select destination, min(seq) from delivery
         where subject = ?1 and state + 0 < 10 group by destination",
        params![client.as_str()],
        |row| Ok((SystemId::new(row.text(0)?), row.get::<i64>(1)?)),
    )?;
    tell(session, firsts.iter().map(|(to, first)| (to, *first)));
    Ok(())
}

/// Where dispatchers are to look, by their places.
pub(crate) type Looks = BTreeMap<SystemId, BTreeSet<i64>>;

const INSERT: &str = "insert into outbox (node, destination, delivery, more)
     select cast(?1 as blob), cast(?2 as text), cast(?3 as bigint), cast(?4 as text)
     where not exists (select 1 from lane where name = 'to:' || cast(?2 as text) and owner = ?1)";

/// What is written down of that with the transaction that it tells of.
pub(crate) struct Telling {
    teller: [u8; 16],
    rows: Vec<(SystemId, i64, Option<String>)>,
}

impl Telling {
    /// By that hub; nothing where there is nobody to tell.
    pub(crate) fn of(teller: Option<NodeId>, looks: &Looks) -> Self {
        let rows = looks.iter().flat_map(|(to, places)| {
            let places: Vec<i64> = places.iter().copied().collect();
            let row = |places: &[i64]| {
                let (first, more) = places.split_first()?;
                let more: Vec<_> = more.iter().map(i64::to_string).collect();
                Some((to.clone(), *first, (!more.is_empty()).then(|| more.join(" "))))
            };
            places.chunks(PLACES_MAX).filter_map(row).collect::<Vec<_>>()
        });
        let rows = if teller.is_some() { rows.collect() } else { Vec::new() };
        Self { teller: teller.map_or([0; 16], |teller| *teller.as_bytes()), rows }
    }

    /// What writes it. A hub's own dispatchers it tells itself, and whoever takes such a lane over later
    /// reads the journal from there on.
    pub(crate) fn step(&self) -> Option<Step<'_>> {
        let rows = self.rows.iter().map(|(to, first, more)| {
            let more = more.as_deref().map_or(Value::Null, Value::Text);
            [Value::Blob(&self.teller), Value::Text(to.as_str()), Value::Integer(*first), more]
        });
        (!self.rows.is_empty()).then(|| Step::new(INSERT, rows))
    }

    /// Whether there was somebody to tell, by the numbers of the steps of which its own is the first.
    pub(crate) fn has_told(&self, numbers: &[Vec<i64>]) -> bool {
        let own = numbers.first().filter(|_| !self.rows.is_empty());
        own.is_some_and(|rows| rows.iter().sum::<i64>() > 0)
    }
}

/// Strikes out what the broker has, or the lane's owner.
pub struct Told {
    /// The places of the rows.
    pub rows: Vec<i64>,
    /// The right to the lane, where its owner itself has looked.
    pub fence: Option<Fence>,
}

impl Command for Told {
    type Reply = ();

    fn apply(&self, connection: &Session) -> Result<(), Error> {
        let lane = self.fence.as_ref().map_or(Value::Null, |fence| Value::Text(&fence.lane));
        let epoch = self.fence.as_ref().map_or(0, |fence| fence.epoch);
        let row = |row: &i64| [Value::Integer(*row), lane, Value::Integer(epoch)];
        connection.take(&[Step::new(
            "delete from outbox where seq = ?1 and (cast(?2 as text) is null
                 or exists (select 1 from lane where name = ?2 and epoch = ?3))",
            self.rows.iter().map(row),
        )])?;
        Ok(())
    }
}
