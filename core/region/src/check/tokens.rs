//! No token may stand for two systems: the reader behind it could not be told.

use std::collections::BTreeMap;

use super::View;
use crate::load::findings::{Findings, Place};

pub(super) fn check(view: &View<'_>, findings: &Findings) {
    let mut owners = BTreeMap::new();
    for drafted in view.systems.values() {
        let connection = &drafted.connection;
        let hashes = connection.intake.iter().flat_map(|intake| &intake.token_sha256);
        for (hash, span) in hashes.zip(&drafted.intake_at.tokens) {
            let Some(owner) = owners.insert(hash, &connection.system) else { continue };
            let place = Place { file: &connection.file, findings };
            let what = format!("`{owner}` accepts this token too");
            let why = "a token says which system is calling, so it can belong to one only";
            place.error("LU228", span.clone(), what, why, "give each system a token of its own");
        }
    }
}
