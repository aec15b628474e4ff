//! What people ask of the hub: where a message is, why a send was let through or not, and what was
//! disclosed about a client. Names fields and rules; holds no value of any record.

mod directives;
mod explained;
mod owed;
mod recalls;
mod report;
mod trace;
mod unfinished;
mod used;
mod why;
mod words;

pub use directives::{ClientDirectives, DirectiveVersions};
pub use owed::{Heard, Wanted};
pub use recalls::RecallShown;
pub use report::{Disclosure, Report, Use};
pub use trace::{DeliveryTrace, Journey};
pub use unfinished::Unfinished;
pub use used::Asked;
pub use why::Why;
pub use words::{FieldWord, Words};
