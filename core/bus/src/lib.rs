//! How work reaches a dispatcher.
