//! The declared region: load, diagnose, compile.
