//! What a hub stands on is broken under load, over and over: the database it asks, the line to it, the
//! hub itself. Afterwards the ledger of what was acknowledged, the bytes that the systems got, and the
//! journal must agree, and its log must verify.
//!
//! `LUOTSI_CYCLES` is how often each is done, ten times over: 50, so 5, if not said.

mod database;
mod disk;
mod lanes;
mod several;
