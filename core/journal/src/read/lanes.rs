//! Questions about hubs that share the journal, and what is still to be told.

use luotsi_model::SystemId;
use uuid::Uuid;

use crate::{
    Error, NodeId,
    engine::{Row, params},
    session::Session,
};

/// A hub.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// What people call it.
    pub name: String,
    /// The names of its roles.
    pub roles: Vec<String>,
    /// Another at each of its signs of life.
    pub beat: i64,
}

/// A lane that somebody has worked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// Whose it is, of the hubs that are known.
    pub owner: Option<NodeId>,
}

/// A row of the outbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Untold {
    /// Its place.
    pub seq: i64,
    /// Whose dispatcher is to look.
    pub destination: SystemId,
    /// At which deliveries, by their places.
    pub deliveries: Vec<i64>,
}

/// Every hub.
///
/// # Errors
/// When the journal cannot be read.
pub fn nodes(connection: &Session) -> Result<Vec<Node>, Error> {
    connection.all("select id, name, roles, beat from node order by id", &[], |row| {
        Ok(Node {
            id: NodeId(row.get::<Uuid>(0)?),
            name: row.get(1)?,
            roles: serde_json::from_str(row.text(2)?).map_err(|e| Error::row("node", &e))?,
            beat: row.get(3)?,
        })
    })
}

/// Every lane.
///
/// # Errors
/// When the journal cannot be read.
pub fn lanes(connection: &Session) -> Result<Vec<Lane>, Error> {
    connection.all(
        "select name, (select id from node where id = lane.owner) from lane order by name",
        &[],
        |row| {
            let owner: Option<[u8; 16]> = row.get(1)?;
            Ok(Lane { name: row.get(0)?, owner: owner.map(|id| NodeId(Uuid::from_bytes(id))) })
        },
    )
}

/// What a hub has to tell after place `after`, in order, at most `limit`.
///
/// # Errors
/// When the journal cannot be read.
pub fn outbox(
    connection: &Session,
    node: NodeId,
    after: i64,
    limit: usize,
) -> Result<Vec<Untold>, Error> {
    connection.all(
        "select seq, destination, delivery, more from outbox
         where node = ?1 and seq > ?2 order by seq limit ?3",
        params![node.as_bytes(), after, limit as i64],
        untold,
    )
}

/// What is still to be told of deliveries to a system, by whomever, in order, at most `limit`.
///
/// # Errors
/// When the journal cannot be read.
pub fn outbox_to(
    connection: &Session,
    destination: &SystemId,
    limit: usize,
) -> Result<Vec<Untold>, Error> {
    connection.all(
        "select seq, destination, delivery, more from outbox
         where destination = ?1 order by seq limit ?2",
        params![destination.as_str(), limit as i64],
        untold,
    )
}

fn untold(row: &Row<'_>) -> Result<Untold, Error> {
    let destination = SystemId::new(row.text(1)?);
    let mut deliveries = vec![row.get(2)?];
    for place in row.text_or_null(3)?.into_iter().flat_map(|more| more.split(' ')) {
        let unreadable = |_| Error::Row { table: "outbox", why: "it is not of its form".into() };
        deliveries.push(place.parse().map_err(unreadable)?);
    }
    Ok(Untold { seq: row.get(0)?, destination, deliveries })
}

/// How many deliveries hubs are still to be told of, by all of them.
///
/// # Errors
/// When the journal cannot be read.
pub fn outbox_count(connection: &Session) -> Result<u64, Error> {
    let count: i64 = connection.one(
        "select coalesce(sum(case when more is null then 1
                                  else length(more) - length(replace(more, ' ', '')) + 2 end), 0)
         from outbox",
        &[],
        |row| row.get(0),
    )?;
    Ok(count.unsigned_abs())
}
