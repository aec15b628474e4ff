//! A record: values by field, of a declared kind.

use std::fmt;

use jiff::{Timestamp, civil::Date};

use crate::{FieldId, Kind, Schema};

mod merge;
mod stored;

pub use stored::{Error, read, write};

/// A code of some code set.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Code(pub Box<str>);

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[code]")
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("[text]"),
            Self::Code(code) => code.fmt(f),
            Self::Date(_) => f.write_str("[date]"),
            Self::Instant(_) => f.write_str("[instant]"),
            Self::Decimal(_) => f.write_str("[decimal]"),
            Self::Boolean(_) => f.write_str("[boolean]"),
            Self::Group(rows) => rows.fmt(f),
        }
    }
}

/// One value. Values are personal data: `Debug` tells the type and never the content.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Text, and every type that is text with a rule (hetu, y-tunnus, oid, phone).
    Text(Box<str>),
    /// A code.
    Code(Code),
    /// A day.
    Date(Date),
    /// A moment.
    Instant(Timestamp),
    /// A decimal as written.
    Decimal(Box<str>),
    /// Yes or no.
    Boolean(bool),
    /// The repetitions of a group.
    Group(Vec<Values>),
}

impl Value {
    /// The text of a text or code.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Decimal(text) => Some(text),
            Self::Code(Code(code)) => Some(code),
            _ => None,
        }
    }
}

/// Values by field, in field order, at most one a field.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Values(Vec<(FieldId, Value)>);

impl Values {
    /// With room for `count` values.
    pub fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// The value of a field.
    pub fn get(&self, field: FieldId) -> Option<&Value> {
        let at = self.0.binary_search_by_key(&field, |(id, _)| *id).ok()?;
        Some(&self.0[at].1)
    }

    /// Sets a field, giving back what it held.
    pub fn set(&mut self, field: FieldId, value: Value) -> Option<Value> {
        match self.0.binary_search_by_key(&field, |(id, _)| *id) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, value)),
            Err(at) => {
                self.0.insert(at, (field, value));
                None
            }
        }
    }

    /// The value of a field, to change.
    pub fn get_mut(&mut self, field: FieldId) -> Option<&mut Value> {
        let at = self.0.binary_search_by_key(&field, |(id, _)| *id).ok()?;
        Some(&mut self.0[at].1)
    }

    /// Every value with its field, in field order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FieldId, &Value)> {
        self.0.iter().map(|(id, value)| (*id, value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Only the fields that `keep` names, in groups too; a group with nothing left is left out.
    /// The result is built from kept values, never cut down from a copy of the whole.
    #[must_use]
    pub fn built_from(&self, keep: &impl Fn(FieldId) -> bool) -> Self {
        let kept = self.0.iter().filter_map(|(id, value)| match value {
            Value::Group(rows) => {
                let rows: Vec<_> = rows
                    .iter()
                    .map(|row| row.built_from(keep))
                    .filter(|row| !row.is_empty())
                    .collect();
                (!rows.is_empty()).then_some((*id, Value::Group(rows)))
            }
            leaf => keep(*id).then(|| (*id, leaf.clone())),
        });
        Self(kept.collect())
    }

    /// Every field that holds a value, groups' members included, each once.
    pub fn present(&self) -> Vec<FieldId> {
        let mut fields = Vec::with_capacity(self.0.len());
        self.note_present(&mut fields);
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    fn note_present(&self, fields: &mut Vec<FieldId>) {
        for (id, value) in self.iter() {
            match value {
                Value::Group(rows) => rows.iter().for_each(|row| row.note_present(fields)),
                _ => fields.push(id),
            }
        }
    }
}

/// A record of a declared kind.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// The kind, and so the schema its field ids belong to.
    pub kind: Kind,
    /// Its values.
    pub values: Values,
}

impl Record {
    /// An empty record of `schema`'s kind.
    pub fn new(schema: &Schema) -> Self {
        Self { kind: schema.kind.clone(), values: Values::default() }
    }

    /// The text or code at `path`, if there is one.
    pub fn text(&self, schema: &Schema, path: &str) -> Option<&str> {
        self.values.get(schema.find(path)?)?.as_text()
    }

    /// The rows of the group at `path`; none when absent.
    pub fn rows(&self, schema: &Schema, path: &str) -> &[Values] {
        match schema.find(path).and_then(|id| self.values.get(id)) {
            Some(Value::Group(rows)) => rows,
            _ => &[],
        }
    }

    /// Sets a text field by its path; a path that the schema lacks is left.
    pub fn set_text(&mut self, schema: &Schema, path: &str, text: &str) {
        if let Some(id) = schema.find(path) {
            let value = match schema.field(id).holds {
                crate::Type::Code => Value::Code(Code(text.into())),
                _ => Value::Text(text.into()),
            };
            self.values.set(id, value);
        }
    }
}
