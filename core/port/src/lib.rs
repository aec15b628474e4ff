//! What a channel adapter is: the traits it implements, what it is handed, what it gives back.
//!
//! An adapter sees the model, this crate and consent's `Permitted`, and nothing else of the house.
//! It knows one protocol; translation, routing, retrying and the gate are not its business.
//!
//! Deliberately absent: an inbound trait. Every system that sends to the hub today posts to the
//! hub's own listener, so the hub reads it; the trait comes with the first adapter that fetches.

mod adapter;
mod answer;
mod outbound;
mod secret;

pub use adapter::{Adapter, Problem, Services, check_url, settings};
pub use answer::{classify, reached};
pub use outbound::{BoxFuture, Outbound, Outgoing, PlanStore, Receipt, SendError};
pub use secret::{Secret, Unreadable};
