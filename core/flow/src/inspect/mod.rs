//! What people ask of the hub: where a message is, why a send was let through or not, and what was
//! disclosed about a client. Names fields and rules; holds no value of any record.

mod directives;
mod report;
mod trace;
mod unfinished;
mod why;

pub use directives::{ClientDirectives, DirectiveVersions};
pub use report::{Disclosure, Report};
pub use trace::{DeliveryTrace, Journey};
pub use unfinished::Unfinished;
pub use why::Why;
