//! The gate's law: legal bases, the client's directives, the region's policy, the decision with
//! its explanation, and the permit without which nothing leaves.
//!
//! Deliberately absent: IO, a clock, a cache, and any way to a [`Permit`] but [`permit`].

mod basis;
mod decide;
mod directive;
mod explain;
mod permit;
mod policy;
mod request;

pub use basis::Basis;
pub use decide::{Decision, Ground, Lack, Outcome, Reason, decide};
pub use directive::{Directive, Directives, Effect, Period, Provision, Standing};
pub use explain::{Step, explain};
pub use permit::{Grant, Permit, Permitted, Refusal, permit};
pub use policy::{Policy, Rule};
pub use request::{Recipient, Request, Sort};
