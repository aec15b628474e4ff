//! Mapping files: parse, check, compile.

use std::{collections::BTreeMap, sync::Arc};

use luotsi_model::{Diagnostic, Kind, Schema};

use crate::{Mapping, codes};

/// What a mapping file may refer to.
#[derive(Clone, Copy, Debug)]
pub struct Lookup<'a> {
    /// Record schemas by kind.
    pub schemas: &'a BTreeMap<Kind, Arc<Schema>>,
    /// Code tables by name.
    pub codes: &'a BTreeMap<String, Arc<codes::Table>>,
}

/// Compiles a mapping file. Gives every finding; no mapping where one is an error.
pub fn compile(
    _file: &str,
    _text: &str,
    _lookup: &Lookup<'_>,
) -> (Option<Mapping>, Vec<Diagnostic>) {
    (None, Vec::new())
}
