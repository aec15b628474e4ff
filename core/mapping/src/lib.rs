//! The message translator: untrusted bytes to a [`Document`], a document to a record and back,
//! by mapping files that are checked before they run.
//!
//! ```text
//! bytes ─read─► Document ─Mapping::decode─► Record      Record ─Mapping::encode─► bytes
//! TOML ─schema::parse─► Schema ┐
//! CSV  ─codes::parse──► Table  ┴─compile─► Mapping, and everything wrong in the file at once
//! ```
//!
//! What must hold: nothing is lost in silence. Each leaf of a document is mapped, ignored for a
//! written reason, or listed as unmapped, and [`Decoded`]'s counts add up to the leaves there are.
//!
//! Deliberately absent: IO, and any value of a document or record in an error. A [`Fault`] and a
//! [`Diagnostic`](luotsi_model::Diagnostic) name places and fields only.

pub mod case;
pub mod codes;
mod compile;
mod decode;
pub mod document;
mod encode;
mod expression;
mod fault;
mod held;
mod lossy;
mod mapping;
mod path;
mod phone;
pub mod schema;
mod source;
mod time;
mod trace;
mod xsd;

pub use compile::{Lookup, compile};
pub use decode::Decoded;
pub use document::{Columns, Csv, Document, Encoding, Format, Leaf, Limits, read};
pub use fault::Fault;
pub use held::Gap;
pub use lossy::Lossy;
pub use mapping::{Mapping, Place};
pub use trace::{Given, Reading, Site, Taken, Wrote};
