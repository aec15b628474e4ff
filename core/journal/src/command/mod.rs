//! Everything that changes the journal, one command a file.

mod accept;
mod accept_all;
mod advance;
mod bury;
mod checkpoint;
mod direct;
mod erase;
mod keep;
mod lane;
mod mark;
mod outbox;
mod owe;
mod plan;
mod probe;
mod prune;
mod recall;
mod reconsider;
mod recover;
mod redecide;
mod refuse;
mod release;
mod repeat;
mod undecided;
mod used;

use std::sync::Arc;

use crate::{Error, session::Session};

pub use accept::{Accept, Accepted, Digests, Effect, NewDelivery, Rejected};
pub use accept_all::{AcceptAll, AllRejected};
pub use advance::{Advance, Guard, Lost};
pub use bury::Bury;
pub use checkpoint::Checkpoint;
pub use direct::{DirectiveChange, DirectiveWritten};
pub use erase::{Erase, Erased, Pends};
pub use lane::{Beat, Bequeath, Claim, Fence, Yield};
pub use mark::Mark;
pub(crate) use outbox::{Looks, Telling};
pub use outbox::{SENDING, Told};
pub use plan::{MergePlan, PlanWritten, PutPlan, Stale};
pub use probe::Probe;
pub use prune::{Prune, Pruned};
pub use recall::{ByHand, RecallByHand, RecallMove};
pub use reconsider::Reconsidered;
pub use recover::Recover;
pub use redecide::Redecide;
pub use refuse::Refuse;
pub use release::Release;
pub use undecided::Undecided;
pub use used::Used;

pub(crate) use advance::epoch;

/// One change. It may be applied more than once before a commit succeeds, so it must not give its
/// parts away while applying.
pub trait Command: Send + 'static {
    /// What the asker gets when it is durable. A refusal is a reply too, and then nothing of the
    /// command may have been written.
    type Reply: Send + 'static;

    /// Applies it inside the writer's transaction.
    ///
    /// # Errors
    /// Only when the database fails.
    fn apply(&self, connection: &Session) -> Result<Self::Reply, Error>;

    /// Applies several, to the same end as one after the other in their order. One whose steps can
    /// be taken for all of them at once says how: a server is then waited for less often.
    ///
    /// # Errors
    /// Only when the database fails.
    fn apply_all(commands: &[&Self], connection: &Session) -> Result<Vec<Self::Reply>, Error>
    where
        Self: Sized,
    {
        commands.iter().map(|command| command.apply(connection)).collect()
    }
}

/// A command whose asker keeps it, to ask again when the database fails.
impl<C: Command + Sync> Command for Arc<C> {
    type Reply = C::Reply;

    fn apply(&self, connection: &Session) -> Result<Self::Reply, Error> {
        (**self).apply(connection)
    }

    fn apply_all(commands: &[&Self], connection: &Session) -> Result<Vec<Self::Reply>, Error> {
        let commands: Vec<&C> = commands.iter().map(|command| &***command).collect();
        C::apply_all(&commands, connection)
    }
}

pub(crate) fn json<T: serde::Serialize>(table: &'static str, value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::row(table, &e))
}
