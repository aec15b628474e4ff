//! Who may do what only one hub at a time may do.
//!
//! Nobody's clock is asked. A hub that lives changes its beat; another says that it has gone only
//! while the beat stands where it has seen it stand for a whole lease. Every owner has an epoch of its
//! own, and the moves of a send carry it ([`Fence`]), so what an earlier owner still writes is refused.

use super::Command;
use crate::{Error, NodeId, engine::params, session::Session};

/// The right to a lane, good until the lane's next owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fence {
    /// The lane.
    pub lane: String,
    /// Its epoch under this owner.
    pub epoch: i64,
}

/// A hub's sign of life.
#[derive(Clone, Debug)]
pub struct Beat {
    /// The hub.
    pub node: NodeId,
    /// What people call it.
    pub name: String,
    /// The names of its roles.
    pub roles: Vec<String>,
    /// Another at every beat, and never one that was before: a hub that comes back must not look as
    /// it did when it went.
    pub beat: i64,
}

impl Command for Beat {
    /// Whether the hub was known before: not, when it begins, or when another has said that it has gone.
    type Reply = bool;

    fn apply(&self, connection: &Session) -> Result<bool, Error> {
        let roles = super::json("node", &self.roles)?;
        let give = |sql| {
            connection.execute(sql, params![self.node.as_bytes(), self.name, roles, self.beat])
        };
        let known = give("update node set name = ?2, roles = ?3, beat = ?4 where id = ?1")? > 0;
        if !known {
            give("insert into node (id, name, roles, beat) values (?1, ?2, ?3, ?4)")?;
        }
        Ok(known)
    }
}

/// Takes a lane that is nobody's, or that was this hub's own before it began anew. One of a hub that is
/// not known is nobody's: it took the lane after it was said to have gone, and may never come back.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The lane.
    pub lane: String,
    /// Who takes it.
    pub node: NodeId,
}

impl Command for Claim {
    /// The right to it; `None`: it is another's.
    type Reply = Option<Fence>;

    fn apply(&self, connection: &Session) -> Result<Self::Reply, Error> {
        connection.execute(
            "insert into lane (name, owner, epoch) values (?1, null, 0) on conflict do nothing",
            params![self.lane],
        )?;
        let taken = connection.execute(
            "update lane set owner = ?2, epoch = epoch + 1
             where name = ?1 and (owner is null or owner = ?2
                 or not exists (select 1 from node where id = lane.owner))",
            params![self.lane, self.node.as_bytes()],
        )?;
        if taken == 0 {
            return Ok(None);
        }
        let sql = "select epoch from lane where name = ?1";
        let epoch = connection.one(sql, params![self.lane], |row| row.get(0))?;
        Ok(Some(Fence { lane: self.lane.clone(), epoch }))
    }
}

/// Gives a lane up that is no longer worked.
#[derive(Clone, Debug)]
pub struct Yield(pub Fence);

impl Command for Yield {
    type Reply = ();

    fn apply(&self, connection: &Session) -> Result<(), Error> {
        let Fence { lane, epoch } = &self.0;
        connection.execute(
            "update lane set owner = null where name = ?1 and epoch = ?2",
            params![lane, epoch],
        )?;
        Ok(())
    }
}

/// Frees the lanes of a hub that has gone; what it had not told is told by another.
#[derive(Clone, Debug)]
pub struct Bequeath {
    /// Who has gone.
    pub gone: NodeId,
    /// The beat that it stands at.
    pub beat: i64,
    /// Who tells in its place.
    pub to: NodeId,
}

impl Command for Bequeath {
    /// Whether it had really gone.
    type Reply = bool;

    fn apply(&self, connection: &Session) -> Result<bool, Error> {
        let gone = self.gone.as_bytes();
        let left = connection
            .execute("delete from node where id = ?1 and beat = ?2", params![gone, self.beat])?;
        if left > 0 {
            let to = self.to.as_bytes();
            let sql = "update outbox set node = ?2 where node = ?1";
            connection.execute(sql, params![gone, to])?;
            let sql = "update lane set owner = null where owner = ?1";
            connection.execute(sql, params![gone])?;
        }
        Ok(left > 0)
    }
}
