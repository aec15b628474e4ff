//! The permit: the only way from a record to bytes that leave.

use std::fmt;

use jiff::Timestamp;
use luotsi_model::{
    Categories, ClientRef, FieldId, Kind, Purpose, Record, Schema, SystemId, Values,
};

use crate::{Decision, Directives, Ground, Outcome, Policy, Request, decide};

/// What a permit grants: to whom, about whom, what for, which categories, on what grounds, and as
/// of which epoch of the client's directives.
#[derive(Debug)]
#[non_exhaustive]
pub struct Grant {
    /// The client, if there is one.
    pub subject: Option<ClientRef>,
    /// The system that may get it.
    pub recipient: SystemId,
    /// What for.
    pub purpose: Purpose,
    /// The kind of record it was decided for; no other is projected under it.
    pub kind: Kind,
    /// The categories that may go.
    pub categories: Categories,
    /// Why.
    pub grounds: Vec<Ground>,
    /// The epoch of the client's directives it was decided on.
    pub epoch: u64,
    /// When it was decided.
    pub decided: Timestamp,
}

/// Leave to send one record to one recipient once. It has no public constructor, is neither
/// `Clone` nor serialisable, and is used up by [`Permit::project`].
///
/// ```compile_fail
/// fn twice(permit: luotsi_consent::Permit) -> (luotsi_consent::Permit, luotsi_consent::Permit) {
///     (permit.clone(), permit)
/// }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Permit(Grant);

/// Why there is no permit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The decision.
    pub decision: Decision,
    /// The epoch of the client's directives it stood on; `None` when they could not be read.
    pub epoch: Option<u64>,
}

/// Decides one send and mints its permit.
///
/// # Errors
/// [`Refusal`], with the decision, when nothing may go (yet).
pub fn permit(
    request: &Request<'_>,
    directives: Option<&Directives>,
    policy: &Policy,
) -> Result<Permit, Refusal> {
    let decision = decide(request, directives, policy);
    match (decision.outcome, directives) {
        (Outcome::Permit, Some(directives)) => Ok(Permit(Grant {
            subject: request.subject.cloned(),
            recipient: request.recipient.system.clone(),
            purpose: request.purpose.clone(),
            kind: request.kind.clone(),
            categories: decision.permitted,
            grounds: decision.grounds,
            epoch: directives.epoch,
            decided: request.now,
        })),
        _ => Err(Refusal { decision, epoch: directives.map(|d| d.epoch) }),
    }
}

impl Permit {
    /// What it grants.
    pub const fn grant(&self) -> &Grant {
        &self.0
    }

    /// Builds what may go out of the permitted fields, and names the fields left behind. Of a
    /// record of another kind than was decided, or read by another kind's schema, nothing goes.
    pub fn project(self, record: &Record, schema: &Schema) -> (Permitted<Values>, Vec<FieldId>) {
        let fits = self.0.kind == record.kind && record.kind == schema.kind;
        let keep =
            |field: FieldId| fits && self.0.categories.contains(schema.field(field).category);
        let content = record.values.built_from(&keep);
        let withheld = record.values.present().into_iter().filter(|f| !keep(*f)).collect();
        (Permitted { content, grant: self.0 }, withheld)
    }
}

/// Content that may go to one recipient, once. Only a permit makes it; it is not `Clone`. Its
/// `Debug` tells the grant and nothing of the content.
#[must_use]
pub struct Permitted<T> {
    content: T,
    grant: Grant,
}

impl<T> fmt::Debug for Permitted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permitted").field("grant", &self.grant).finish_non_exhaustive()
    }
}

impl<T> Permitted<T> {
    /// What may go.
    pub const fn content(&self) -> &T {
        &self.content
    }

    /// Under which grant.
    pub const fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The same content in another form, under the same grant.
    ///
    /// # Errors
    /// Those of `translate`; the permit is then used up all the same.
    pub fn translate<U, E>(
        self,
        translate: impl FnOnce(T) -> Result<U, E>,
    ) -> Result<Permitted<U>, E> {
        Ok(Permitted { content: translate(self.content)?, grant: self.grant })
    }

    /// Gives the content to the one that sends it, with the grant to record.
    pub fn release(self) -> (T, Grant) {
        (self.content, self.grant)
    }
}
