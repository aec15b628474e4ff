//! Channel adapter: serena.
