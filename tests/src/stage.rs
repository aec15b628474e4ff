//! What a load meets: hubs on one journal, and the systems around them.

use std::{io, time::Duration};

use crate::{
    http::Answer,
    hub::Hub,
    journal::{Journal, Place},
    standin::StandIn,
};

/// How long a sender waits for an answer before it asks another hub.
const PATIENCE: Duration = Duration::from_secs(5);

/// Hubs on one journal, and the systems around them.
#[derive(Clone)]
pub struct Stage<'w> {
    /// Any of them takes what is posted.
    pub hubs: &'w [Hub],
    /// Where their journal is.
    pub place: Place,
    /// The guidance system.
    pub serena: &'w StandIn,
    /// Home care's FHIR server.
    pub home_care: &'w StandIn,
    /// The provider.
    pub malli_ry: &'w StandIn,
}

impl Stage<'_> {
    /// The journal, read beside the hubs.
    pub fn journal(&self) -> Journal {
        Journal::at(&self.place)
    }

    /// Posts to the hub whose turn it is.
    ///
    /// # Errors
    /// When there is no answer in time, so that nobody knows whether it was accepted.
    pub fn post(&self, turn: usize, system: &str, key: &str, document: &str) -> io::Result<Answer> {
        self.hubs[turn % self.hubs.len()].post_keyed_within(PATIENCE, system, key, document)
    }
}
