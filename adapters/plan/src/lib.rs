//! Channel adapter: the built-in shared plan store.
