//! What makes a log provable: an append-only Merkle tree over its entries, hashed as in RFC 6962,
//! and checkpoints of it, signed notes in the C2SP forms (`tlog-checkpoint`, `signed-note`).
//!
//! ```text
//! entry bytes ─leaf─► Tree (right edge only) ─root─► Checkpoint ─sign─► note: text, blank line,
//!                                                                      signature line
//! ```
//!
//! What must hold: two logs with the same root at the same size hold the same entries, byte for
//! byte and in the same order. A note is of use only with a verifier key that its reader got by
//! another way than the log.
//!
//! Deliberately absent: storage, clocks, randomness but for a new key.

mod checkpoint;
mod note;
mod tree;

pub use checkpoint::Checkpoint;
pub use note::{Error, SigningKey, VerifyingKey};
pub use tree::{Hash, Tree, leaf};
