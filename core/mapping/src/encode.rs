//! Writing: a record to a document.

use luotsi_model::Values;

use crate::{Fault, Mapping};

pub(crate) fn encode(
    _mapping: &Mapping,
    _values: &Values,
    _context: &[(&str, &str)],
) -> Result<Vec<u8>, Fault> {
    Ok(Vec::new())
}
