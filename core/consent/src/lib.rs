//! The gate's law: legal bases, the client's directives, the region's policy, the decision with
//! its explanation, and the permit without which nothing leaves.
//!
//! Deliberately absent: IO, a clock, a cache, and any way to a [`Permit`] but [`permit`].

mod basis;
mod decide;
mod decision;
mod directive;
mod explain;
mod instrument;
mod permit;
mod policy;
mod powers;
mod refusal;
mod request;

pub use basis::Basis;
pub use decide::decide;
pub use decision::{Decision, Ground, Lack, Outcome, Reason};
pub use directive::{Directive, Directives, Effect, Period, Provision, Standing};
pub use explain::{Step, explain};
pub use instrument::{GivenBy, Instrument, Person, ToGuardians};
pub use permit::{Grant, Permit, Permitted, Refusal, permit};
pub use policy::{Policy, Rule};
pub use request::{Attested, Recipient, Request, Sector, Sort};
