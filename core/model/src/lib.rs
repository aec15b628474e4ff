//! The vocabulary of the house: identifiers, declared record schemas and their values, the
//! envelope, [`Sensitive`], [`Clock`], the task state machine and diagnostics.
//!
//! Deliberately absent: IO, a runtime, logging, and any knowledge of a wire format.

pub mod category;
pub mod clock;
pub mod diagnostic;
pub mod envelope;
pub mod hetu;
pub mod id;
pub mod record;
pub mod schema;
pub mod sensitive;
pub mod task;
pub mod ytunnus;

pub use category::{Categories, Category};
pub use clock::Clock;
pub use diagnostic::{Diagnostic, Severity};
pub use envelope::Envelope;
pub use hetu::Hetu;
pub use id::{
    ClientRef, DeliveryId, DirectiveId, GenerationId, Kind, MessageId, OrganisationId, Purpose,
    ServiceTask, SystemId,
};
pub use record::{Code, Record, Value, Values};
pub use schema::{Field, FieldId, Schema, Type};
pub use sensitive::Sensitive;
pub use ytunnus::Ytunnus;
