//! A compiled mapping.

use std::sync::Arc;

use luotsi_model::{FieldId, Schema, Values, hetu};

use crate::{
    Decoded, Document, Fault, Format, Lossy,
    codes::Table,
    compile::{
        Guard,
        rule::{Rule, Scope, What},
    },
    decode::{self, Intake},
    document::{Sort, is_type},
    encode::{self, Output},
    trace::{Heard, Reading, Site, Written, Wrote},
};

/// A rule of a mapping, as its file states it.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Where it stands in the file.
    pub site: Site,
    /// Its place in the document; empty for a field that only the document's kind decides.
    pub at: String,
    /// The field that it fills or shows; none for constants, templates and what is ignored.
    pub field: Option<String>,
    /// Its code table.
    pub codes: Option<Arc<Table>>,
    /// Whether it only says that the place is left out.
    pub is_ignored: bool,
}

impl Place {
    fn of(rule: &Rule, schema: &Schema) -> Self {
        let codes = match &rule.what {
            What::Field { form, .. } | What::Context { form, .. } => form.codes.clone(),
            What::Constant(_) | What::Template(_) | What::Computed => None,
        };
        Self {
            site: rule.site,
            at: rule.at.to_string(),
            field: rule.field().map(|id| schema.field(id).path.clone()),
            codes,
            is_ignored: false,
        }
    }
}

/// A compiled mapping: one document form against one record kind.
#[derive(Debug)]
pub struct Mapping {
    pub(crate) name: String,
    pub(crate) schema: Arc<Schema>,
    pub(crate) format: Format,
    pub(crate) reads: bool,
    pub(crate) writes: bool,
    pub(crate) guard: Guard,
    pub(crate) xsd: Option<String>,
    pub(crate) record: Scope,
    pub(crate) intake: Intake,
    pub(crate) output: Output,
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
    pub fn matches(&self, document: &Document<'_>) -> bool {
        self.format == document.format
            && self.guard.admits(document)
            && self.knows_columns(document)
    }

    /// A table without its header row would have a record in its place: then no column is known,
    /// and no name of one may be shown.
    fn knows_columns(&self, document: &Document<'_>) -> bool {
        let is_known = |column| self.intake.knows(&document.node(column).name);
        !self.format.is_table() || document.children(0).any(is_known)
    }

    /// Reads a record out of a document.
    ///
    /// # Errors
    /// All faults at once, up to 256.
    pub fn decode(
        &self,
        document: &Document<'_>,
        strictness: hetu::Strictness,
    ) -> Result<Decoded, Vec<Fault>> {
        decode::decode(self, document, strictness, ()).0
    }

    /// Reads as [`Mapping::decode`] does, and tells what became of each leaf.
    pub fn decode_told(
        &self,
        document: &Document<'_>,
        strictness: hetu::Strictness,
    ) -> (Result<Decoded, Vec<Fault>>, Reading) {
        let (decoded, heard) = decode::decode(self, document, strictness, Heard::default());
        (decoded, heard.told(&self.schema))
    }

    /// Writes a document. `context` gives what the sender knows beside the record, by name with or
    /// without `$`: `("delivery", "…")`; a place whose context is not given or empty is left out.
    ///
    /// # Errors
    /// The first fault: `missing-field`, `unknown-code`, `constant-differs`, `wrong-type`.
    pub fn encode(&self, values: &Values, context: &[(&str, &str)]) -> Result<Vec<u8>, Fault> {
        self.encode_noting(values, context).map(|(document, _)| document)
    }

    /// Writes as [`Mapping::encode`] does, and notes the codes that say less in the document than
    /// they did in the record.
    ///
    /// # Errors
    /// As for [`Mapping::encode`].
    pub fn encode_noting(
        &self,
        values: &Values,
        context: &[(&str, &str)],
    ) -> Result<(Vec<u8>, Vec<Lossy>), Fault> {
        encode::encode(self, values, context, &mut ())
    }

    /// Writes as [`Mapping::encode`] does, and tells which rule wrote what.
    ///
    /// # Errors
    /// As for [`Mapping::encode`].
    pub fn encode_told(
        &self,
        values: &Values,
        context: &[(&str, &str)],
    ) -> Result<(Vec<u8>, Vec<Wrote>), Fault> {
        let mut written = Written::new(&self.schema);
        let (document, _) = encode::encode(self, values, context, &mut written)?;
        Ok((document, written.all))
    }

    /// Every rule, in the order of the file.
    pub fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        self.record.walk(&mut |scope| {
            places.extend(scope.rules.iter().map(|rule| Place::of(rule, &self.schema)));
            places.extend(scope.fixed.iter().map(|(id, _, by)| Place {
                site: *by,
                at: String::new(),
                field: Some(self.schema.field(*id).path.clone()),
                ..Place::default()
            }));
            places.extend(scope.ignored.iter().map(|(at, by)| Place {
                site: *by,
                at: at.to_string(),
                is_ignored: true,
                ..Place::default()
            }));
        });
        places.sort_by_key(|place| place.site);
        places
    }

    /// The fields that reading can fill, in field order; groups by their members.
    pub fn fields_read(&self) -> Vec<FieldId> {
        let mut fields = self.fields(|rule| rule.reads);
        if self.reads {
            self.record.walk(&mut |scope| fields.extend(scope.fixed.iter().map(|(id, ..)| *id)));
        }
        in_order(fields)
    }

    /// The fields that writing shows, in field order; groups by their members. What an expression
    /// sees counts as shown: its result tells of it.
    pub fn fields_written(&self) -> Vec<FieldId> {
        let mut fields = self.fields(|rule| rule.writes);
        self.record.walk(&mut |scope| {
            let writing = scope.rules.iter().filter(|rule| rule.writes);
            fields.extend(writing.flat_map(Rule::inputs));
        });
        in_order(fields)
    }

    /// The fields without which writing fails, in field order: `required` rules, and fields that
    /// the document's kind decides.
    pub fn fields_required_out(&self) -> Vec<FieldId> {
        let mut fields = self.fields(|rule| rule.writes && rule.is_required);
        if self.writes {
            self.record.walk(&mut |scope| fields.extend(scope.fixed.iter().map(|(id, ..)| *id)));
        }
        in_order(fields)
    }

    fn fields(&self, is_meant: impl Fn(&Rule) -> bool) -> Vec<FieldId> {
        let mut fields = Vec::new();
        self.record.walk(&mut |scope| {
            let meant = scope.rules.iter().filter(|rule| is_meant(rule));
            fields.extend(meant.filter_map(Rule::field));
        });
        fields
    }
}

fn in_order(mut fields: Vec<FieldId>) -> Vec<FieldId> {
    fields.sort_unstable();
    fields.dedup();
    fields
}

impl Scope {
    fn walk(&self, visit: &mut impl FnMut(&Self)) {
        visit(self);
        self.each.iter().for_each(|inner| inner.walk(visit));
    }
}

impl Guard {
    fn admits(&self, document: &Document<'_>) -> bool {
        let root = document.node(0);
        let is_root = match &self.root {
            Some(name) if document.format == Format::Hl7 => is_type(name, &root.name),
            Some(name) => **name == *root.name && self.is_namespace(document),
            None => match document.format {
                Format::Csv(_) | Format::Xlsx(_) | Format::Hl7 => root.sort == Sort::Element,
                Format::Xml | Format::Json => root.sort == Sort::Object,
            },
        };
        let is_marked = |(at, value): &(_, Box<str>)| {
            document.text_at(0, at).is_some_and(|text| *text == **value)
        };
        is_root && self.matching.as_ref().is_none_or(is_marked)
    }

    fn is_namespace(&self, document: &Document<'_>) -> bool {
        let Some(wanted) = &self.namespace else { return true };
        let at = usize::from(document.node(0).namespace);
        at > 0 && document.namespaces.get(at - 1) == Some(wanted)
    }

    /// The number in an admitted document of the namespace that elements must be in.
    pub(crate) fn namespace_in(&self, document: &Document<'_>) -> Option<u16> {
        self.namespace.as_ref().map(|_| document.node(0).namespace)
    }
}
