//! A compiled mapping.

use std::sync::Arc;

use luotsi_model::{FieldId, Schema, Values, hetu};

use crate::{Decoded, Document, Fault, Format};

/// A compiled mapping: one document form against one record kind.
#[derive(Debug)]
pub struct Mapping {
    pub(crate) name: String,
    pub(crate) schema: Arc<Schema>,
    pub(crate) format: Format,
    pub(crate) reads: bool,
    pub(crate) writes: bool,
}

impl Mapping {
    /// The file it was compiled from, as given to [`compile`](crate::compile).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The record kind's schema.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The document format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether it can read documents.
    pub fn reads(&self) -> bool {
        self.reads
    }

    /// Whether it can write documents.
    pub fn writes(&self) -> bool {
        self.writes
    }

    /// Whether the document is of this mapping's form: root name and namespace, and `match`.
    pub fn matches(&self, _document: &Document<'_>) -> bool {
        false
    }

    /// Reads a record out of a document.
    ///
    /// # Errors
    /// All faults at once.
    pub fn decode(
        &self,
        document: &Document<'_>,
        strictness: hetu::Strictness,
    ) -> Result<Decoded, Vec<Fault>> {
        crate::decode::decode(self, document, strictness)
    }

    /// Writes a document.
    ///
    /// # Errors
    /// The first fault.
    pub fn encode(&self, values: &Values, context: &[(&str, &str)]) -> Result<Vec<u8>, Fault> {
        crate::encode::encode(self, values, context)
    }

    /// The fields that reading can fill, in field order; groups by their members.
    pub fn fields_read(&self) -> Vec<FieldId> {
        Vec::new()
    }

    /// The fields that writing shows, in field order; groups by their members.
    pub fn fields_written(&self) -> Vec<FieldId> {
        Vec::new()
    }

    /// The fields without which writing fails.
    pub fn fields_required_out(&self) -> Vec<FieldId> {
        Vec::new()
    }
}
