//! The hub's inside, driven by hand: time moves when a test says so, recipients misbehave as
//! scripted, and every recipient checks the three laws at each call.

#![expect(clippy::unwrap_used, reason = "a test's case stops where its ground gives way")]

mod clock;
mod crowding;
mod dice;
mod exchanging;
mod failing;
mod far;
mod laws;
mod ordering;
mod papers;
mod pending;
mod place;
mod recalling;
mod retrying;
mod simulation;
mod telling;
mod waiting;
mod withdrawing;
mod world;
