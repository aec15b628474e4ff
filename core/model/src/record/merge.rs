//! Joining two records of one kind.

use super::{Value, Values};
use crate::{FieldId, Schema};

impl Values {
    /// Takes over what `part` holds. A single value replaces; rows of a group replace field by field
    /// where their key is equal and are appended where it is new or the group has no key. Merging
    /// the same keyed part twice changes nothing.
    pub fn merge(&mut self, part: &Self, schema: &Schema) {
        for (id, value) in part.iter() {
            match (value, self.get_mut(id)) {
                (Value::Group(rows), Some(Value::Group(known))) => {
                    merge_rows(known, rows, key_of(schema, id), schema);
                }
                _ => {
                    self.set(id, value.clone());
                }
            }
        }
    }
}

fn key_of(schema: &Schema, group: FieldId) -> Option<FieldId> {
    let is_key = |(_, field): &(FieldId, &crate::Field)| field.key && field.group == Some(group);
    schema.fields().find(is_key).map(|(id, _)| id)
}

fn merge_rows(known: &mut Vec<Values>, rows: &[Values], key: Option<FieldId>, schema: &Schema) {
    for row in rows {
        let name = key.and_then(|key| row.get(key).map(|value| (key, value)));
        let same =
            name.and_then(|(key, value)| known.iter_mut().find(|k| k.get(key) == Some(value)));
        match same {
            Some(same) => same.merge(row, schema),
            None => known.push(row.clone()),
        }
    }
}
