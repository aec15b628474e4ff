//! The region's story, told to the real hub over its sockets: what each system gets, when, and what
//! it never gets.

mod answers;
mod consent;
mod delivery;
mod held;
mod lossy;
mod plan;
mod recall;
mod refusal;
mod rows;
mod withdrawal;
