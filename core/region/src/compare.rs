//! What one region discloses that another does not, before it is put in force.
//!
//! A *way* is one ground on which fields can reach a recipient: a route (or a read), a system that
//! the record comes from, the register it belongs to, and a policy rule. A field widens when some
//! way of the new region carries it and no way of the old one carries it on terms at least as wide.
//!
//! What must hold: if any message with any directives gets a field to a recipient under the new
//! region and not under the old one, that recipient and field are among what widens. The other way
//! round need not hold: where terms cannot be compared, they count as wider.

mod answers;
mod changes;
mod cover;
mod shift;
mod ways;

use serde::Serialize;

use crate::Region;

pub use changes::{Change, Effect, files};
pub use cover::Aspect;
pub use shift::{Cause, Shift};

/// What becomes different.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Comparison {
    /// What can be disclosed that could not be.
    pub widens: Vec<Shift>,
    /// What could be disclosed and no longer can.
    pub narrows: Vec<Shift>,
    /// What is declared otherwise, whether it discloses anything or not.
    pub changes: Vec<Change>,
}

/// Compares two regions.
pub fn compare(old: &Region, new: &Region) -> Comparison {
    let (before, after) = (ways::of(old), ways::of(new));
    Comparison {
        widens: shift::of(&before, &after),
        narrows: shift::of(&after, &before),
        changes: changes::of(old, new),
    }
}
