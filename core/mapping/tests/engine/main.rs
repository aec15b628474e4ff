//! The engine by its public surface: reading, writing, what holds of both, and what is refused.

#![expect(clippy::unwrap_used, reason = "tests, helpers included, fail by panic")]

mod diagnostics;
mod expressions;
mod hl7;
mod hostile;
mod laws;
mod sample;
mod tables;
mod told;
mod translate;
mod types;
mod xlsx;
