//! Who is to act about a delivery that has no basis, in words.

use jiff::Timestamp;

use super::{
    layout::{local, span},
    ops::{Heard, Wanted},
};

/// What it waits for: until when, who is to act, what would release it.
pub(crate) fn lines(wanted: &Wanted, now: Timestamp) -> Vec<String> {
    let left = wanted.deadline.duration_since(now);
    let left = if left.is_positive() { format!("in {}", span(left)) } else { "now".to_owned() };
    let who = wanted.who.as_deref().unwrap_or("nobody: the region has lost its sender");
    let mut lines = vec![format!("refused {left}, {}; to act: {who}", local(wanted.deadline))];
    lines.extend(wanted.releases.iter().map(|what| format!("→ released by: {what}")));
    lines
}

/// What the sender of a refused delivery hears, and when.
pub(crate) fn heard(heard: &Heard) -> String {
    let Heard { system, due, message, has_way_back } = heard;
    match (has_way_back, message) {
        (true, Some(message)) => format!("{system} is told by the message {message}"),
        (true, None) => format!("{system} is told {}", local(*due)),
        (false, _) => format!("no way back: nothing tells {system}, a person must"),
    }
}
