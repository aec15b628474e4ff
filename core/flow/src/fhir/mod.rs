//! What a client directs, as a FHIR R4 `Consent`: in by [`read`], out by [`write`].
//!
//! What must hold: a consent is understood whole or refused, and what is written out reads back as
//! the same directive. In a consent absence means *any*, so an element passed over would widen it.

mod code;
mod element;
mod moment;
mod provision;
mod read;
#[cfg(test)]
mod tests;
mod words;
mod write;

pub(crate) use read::{Deed, Patient, Told, read};
pub(crate) use write::write;
