//! What a channel adapter is: the traits it implements, what it is handed, what it gives back.
//!
//! An adapter sees the model, this crate and consent's `Permitted`, and nothing else of the house.
//! It knows one protocol; translation, routing, retrying and the gate are not its business.
//!
//! Most systems post to the hub's own listener, and the hub reads that itself. [`Inbound`] is for
//! those that the hub fetches from.

mod adapter;
mod answer;
mod channels;
mod inbound;
mod outbound;
mod secret;

pub use adapter::{Adapter, Parts, Problem, Services, address, check_url, settings};
pub use answer::{classify, reached};
pub use channels::{Channels, Consume, Header, Publish};
pub use inbound::{Arrived, Inbound, Intake, Taken};
pub use outbound::{BoxFuture, Outbound, Outgoing, PlanStore, Receipt, SendError};
pub use secret::{Secret, Unreadable};
