//! The declared region: a folder of files, read whole into one immutable [`Region`].
//!
//! ```text
//! region.toml ─┐
//! mappings/ ───┤
//! connections/ ┼─load─► check ─► Region (one generation), or everything wrong at once
//! routes.toml ─┤
//! policy.toml ─┘
//! ```
//!
//! What must hold: a [`Region`] exists only when no file of it has an error. Every name in it
//! stands for something that exists, every route ends at a connection that can write the record,
//! and some policy rule addresses every send that a route can make. Each finding carries its file
//! and byte range, why it is wrong, and how to mend it; none hides another.
//!
//! Deliberately absent: a clock, secrets (an adapter resolves its own), knowledge of any adapter
//! but its name, and a way to change a region: a reload makes another.

mod check;
pub mod compare;
mod connection;
pub mod coverage;
mod files;
mod load;
mod region;
mod route;

pub use connection::{Connection, Delivery, Intake, Read, Retry, Unmapped};
pub use files::{Files, Folder, Tree};
pub use load::{Loaded, LoadedMappings, load, load_mappings};
pub use region::{Organisation, Region};
pub use route::{Condition, Destination, Route};
