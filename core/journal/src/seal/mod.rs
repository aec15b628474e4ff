//! Encryption at rest: payloads under a data key per client, data keys under a master key.
//!
//! ```text
//! master key (outside the database) ─wraps─► data key of a client ─seals─► record, reference, plan
//! ```
//!
//! AES-256-GCM throughout. What is sealed is bound to its place, so a cell moved into another row
//! does not open. Deliberately absent: a cache of data keys. Finding and unwrapping one takes a few
//! microseconds, and a key that is kept nowhere needs to be forgotten nowhere when it is erased.

mod cell;
pub(crate) mod data_key;
mod first;
mod master;
mod rotate;
mod scrub;

pub(crate) use cell::Cell;
pub(crate) use data_key::{DataKey, ERASED};
pub(crate) use first::seal_all;
pub(crate) use master::random;
pub use master::{Key, KeyId, Masters};
pub(crate) use rotate::{holds_all, needed, take_up};
pub(crate) use scrub::{due, owe, scrub};

/// Bytes that AES-256-GCM adds: a nonce before, a tag after.
const NONCE_LEN: usize = aws_lc_rs::aead::NONCE_LEN;
const TAG_LEN: usize = 16;
