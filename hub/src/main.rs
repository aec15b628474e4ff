//! Luotsi.
fn main() {}
