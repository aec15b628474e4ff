//! Whether each send has a way out: a delivery, and a mapping that writes the record.

use super::Send;
use crate::load::findings::Place;

/// A named destination without a way is an error. An asker without one is a warning: a region may
/// have systems that ask and cannot be answered, and then a person carries the answer.
pub(super) fn check(send: &Send<'_>, place: Place<'_>) {
    let system = &send.recipient.connection.system;
    let kind = &send.route.route.kind;
    let finding = match &send.recipient.connection.delivery {
        None => (
            "LU224",
            format!("`{system}` has no [delivery]"),
            format!("the route {:?} sends there", send.route.route.name),
            format!("add [delivery] to {}", send.recipient.connection.file),
        ),
        Some(delivery) if !delivery.by_kind.contains_key(kind) => (
            "LU220",
            format!("`{system}` has no mapping that writes `{kind}`"),
            "a record goes out only in a form that a mapping gives it".into(),
            format!("name one under [delivery] in {}", send.recipient.connection.file),
        ),
        Some(_) => return,
    };
    let (code, what, why, mend) = finding;
    if send.is_answer {
        place.warning(code, send.at.clone(), what, why, mend);
    } else {
        place.error(code, send.at.clone(), what, why, mend);
    }
}
