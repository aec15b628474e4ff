//! What other hubs are to be told of, until the broker has it.

use luotsi_model::{ClientRef, DeliveryId, SystemId};

use super::{Command, Fence};
use crate::{
    Error, NodeId,
    engine::{Step, Value, params},
    session::Session,
};

/// How the name of a lane begins that sends to a system.
pub const SENDING: &str = "to:";

/// Notes that a dispatcher elsewhere is to look at a delivery. A hub's own dispatchers it tells itself, and
/// whoever takes such a lane over later reads the journal from here on.
macro_rules! tell {
    ($delivery:literal) => {
        concat!(
            "insert into outbox (node, destination, delivery)
             select cast(?1 as blob), cast(?2 as text), (select seq from delivery where ",
            $delivery,
            " = ?3) where not exists
                 (select 1 from lane where name = 'to:' || cast(?2 as text) and owner = ?1)"
        )
    };
}

const TELL_OF: &str = tell!("id");
const TELL_AT: &str = tell!("seq");

/// What tells of deliveries that are being kept; nothing where there is nobody to tell.
pub(super) fn telling<'a>(
    teller: Option<&'a NodeId>,
    deliveries: impl Iterator<Item = (&'a SystemId, &'a DeliveryId)>,
) -> Option<Step<'a>> {
    let teller = Value::Blob(teller?.as_bytes());
    let row = |(to, id): (&'a SystemId, &'a DeliveryId)| {
        [teller, Value::Text(to.as_str()), Value::Blob(id.0.as_bytes())]
    };
    Some(Step::new(TELL_OF, deliveries.map(row)))
}

/// Notes that dispatchers elsewhere are to look at deliveries.
pub(super) fn tell(session: &Session, deliveries: &[(&SystemId, i64)]) -> Result<(), Error> {
    let Some(teller) = session.teller() else { return Ok(()) };
    let teller = Value::Blob(teller.as_bytes());
    let rows = deliveries
        .iter()
        .map(|(to, place)| [teller, Value::Text(to.as_str()), Value::Integer(*place)]);
    let told = session.take(&[Step::new(TELL_AT, rows)])?;
    if told.concat().iter().sum::<i64>() > 0 {
        session.tells();
    }
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
         where subject = ?1 and state + 0 < 10 group by destination",
        params![client.as_str()],
        |row| Ok((SystemId::new(row.text(0)?), row.get::<i64>(1)?)),
    )?;
    let firsts: Vec<_> = firsts.iter().map(|(to, first)| (to, *first)).collect();
    tell(session, &firsts)
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
