//! The harness: the real `luotsi` as a child process, and around it stand-ins that speak real HTTP
//! and keep every byte they get.
//!
//! Nothing here knows the hub's inside: what it says is read from its sockets, its log and its
//! journal file. Every random choice comes from a [`dice::Seed`], which a failure prints.

pub mod broker;
pub mod canary;
pub mod cluster;
pub mod dice;
pub mod documents;
pub mod fleet;
pub mod http;
pub mod hub;
pub mod journal;
pub mod leaves;
pub mod load;
pub mod mutants;
pub mod paths;
pub mod people;
pub mod postgres;
pub mod proxy;
pub mod region;
pub mod stage;
pub mod standin;
pub mod wait;
pub mod webhook;
pub mod world;
