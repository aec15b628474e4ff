//! Channel adapter: webhook.
