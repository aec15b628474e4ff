//! What other hubs are to be told of, until the broker has it.

use luotsi_model::{ClientRef, SystemId};

use super::{Command, Fence};
use crate::{
    Error,
    engine::{Step, Value, params},
    session::Session,
};

/// How the name of a lane begins that sends to a system.
pub const SENDING: &str = "to:";

/// Notes that dispatchers elsewhere are to look at deliveries. Those of lanes that are this hub's own
/// at this moment are left out: it tells itself, and whoever takes such a lane over later reads the
/// journal from here on.
pub(super) fn tell<'a>(
    session: &Session,
    deliveries: impl IntoIterator<Item = (&'a SystemId, i64)>,
) -> Result<(), Error> {
    let Some(teller) = session.teller() else { return Ok(()) };
    let mut deliveries = deliveries.into_iter().peekable();
    if deliveries.peek().is_none() {
        return Ok(());
    }
    let own = session.all(
        "select name from lane where owner = ?1",
        params![teller.as_bytes()],
        |row| row.get::<String>(0),
    )?;
    let is_own =
        |to: &SystemId| own.iter().any(|lane| lane.strip_prefix(SENDING) == Some(to.as_str()));
    let elsewhere = deliveries.filter(|(destination, _)| !is_own(destination));
    let row = |(destination, delivery): (&'a SystemId, i64)| {
        let destination = Value::Text(destination.as_str());
        [Value::Blob(teller.as_bytes()), destination, Value::Integer(delivery)]
    };
    session.take(&[Step::new(
        "insert into outbox (node, destination, delivery) values (?1, ?2, ?3)",
        elsewhere.map(row),
    )])?;
    Ok(())
}

/// The same for all that pends about a client.
pub(super) fn tell_of(session: &Session, client: &ClientRef) -> Result<(), Error> {
    if session.teller().is_none() {
        return Ok(());
    }
    // One for each destination is enough: whoever looks at it looks at all of hers there.
    let firsts = session.all(
        "select destination, min(seq) from delivery
         where subject = ?1 and state < 10 group by destination",
        params![client.as_str()],
        |row| Ok((SystemId::new(row.text(0)?), row.get::<i64>(1)?)),
    )?;
    tell(session, firsts.iter().map(|(destination, first)| (destination, *first)))
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
