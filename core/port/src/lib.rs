//! What adapters implement.
