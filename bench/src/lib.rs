//! The measuring tool: a load generator, a sink that remembers what arrived, and what the two
//! tell together about a hub in between. It knows nothing of the hub but its URL, so peers are
//! measured with the same tool.
//!
//! The generator shares the machine with what it measures. Hence one thread for the load and one
//! for the sink, a request rendered once and only spliced into afterwards, and a client that does
//! no more HTTP/1.1 than it needs.

pub mod account;
pub mod bare;
pub mod connection;
pub mod error;
pub mod fsync;
pub mod load;
pub mod observer;
pub mod options;
pub mod pace;
pub mod people;
pub mod process;
pub mod register;
pub mod report;
pub mod request;
pub mod sink;
pub mod spread;
pub mod target;
pub mod volley;

use std::time::{SystemTime, UNIX_EPOCH};

/// The system's real-time clock in microseconds since 1970: the one clock that load and sink
/// share when they are two processes.
#[must_use]
pub fn wall_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
