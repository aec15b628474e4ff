//! Every question to the journal.

mod checkpoints;
mod deliveries;
mod directives;
mod disclosures;
mod lanes;
mod messages;
mod payload;
mod plans;
mod recalls;
mod untold;

pub use checkpoints::{checkpoint, log_ends};
pub use deliveries::{
    Delivery, Load, deliveries_at, delivery, expired, loads, of_message, pending, pending_count,
    pending_of, pending_of_all, unfinished,
};
pub use directives::{History, directive_by_id, directives, histories, recorders};
pub use disclosures::{of_client, open_intents, trail};
pub use lanes::{Lane, Node, Untold, lanes, nodes, outbox, outbox_count, outbox_to};
pub use messages::{
    Message, message, message_at, messages_after, messages_at, messages_last, original,
};
pub use payload::{Payload, Shut};
pub use plans::{Plan, plan_by_id, plan_of};
pub use recalls::{
    Held, Recall, recall, recall_counts, recalls, recalls_due, recalls_overdue, reconsidering,
};
pub use untold::{UntoldRefusal, next_untold, untold, untold_of, untold_refusals};
