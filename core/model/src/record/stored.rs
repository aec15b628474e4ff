//! The stored form of a record: JSON, fields by path, so that it outlives a generation.

use std::{cell::Cell, fmt};

use serde::{
    Deserializer,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};

use super::{Code, Record, Value, Values};
use crate::{FieldId, Schema, Type};

/// Why a stored record cannot be read back. Names fields, never values.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// The stored bytes are not of the stored form.
    #[error("the stored record is not readable: {0}")]
    Form(String),
    /// A field that this generation's schema does not have.
    #[error("the stored record has the field {0:?}, which the schema no longer declares")]
    Unknown(String),
    /// A field whose stored value no longer fits its declared type.
    #[error("the stored value of {0:?} does not fit the type that the schema declares")]
    Type(String),
}

/// The bytes to store.
pub fn write(record: &Record, schema: &Schema) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    write_values(&record.values, schema, &mut out);
    out
}

fn write_values(values: &Values, schema: &Schema, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (id, value)) in values.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_text(&schema.field(id).path, out);
        out.push(b':');
        write_value(value, schema, out);
    }
    out.push(b'}');
}

fn write_value(value: &Value, schema: &Schema, out: &mut Vec<u8>) {
    match value {
        Value::Text(text) | Value::Decimal(text) | Value::Code(Code(text)) => write_text(text, out),
        Value::Date(day) => write_text(&day.to_string(), out),
        Value::Instant(moment) => write_text(&moment.to_string(), out),
        Value::Boolean(yes) => out.extend_from_slice(if *yes { b"true" } else { b"false" }),
        Value::Group(rows) => {
            out.push(b'[');
            for (at, row) in rows.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_values(row, schema, out);
            }
            out.push(b']');
        }
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    // Writing a str into a Vec cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// Reads what [`write`] wrote.
///
/// # Errors
/// When the bytes do not fit the schema of today; the field is named, its value is not.
pub fn read(bytes: &[u8], schema: &Schema) -> Result<Record, Error> {
    let misfit = Cell::default();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = Row { schema, misfit: &misfit }.deserialize(&mut json);
    let values = read.and_then(|values| json.end().map(|()| values)).map_err(|error| {
        let form = Error::Form(format!("{:?}", error.classify()));
        misfit.take().filter(|_| error.is_data()).unwrap_or(form)
    })?;
    Ok(Record { kind: schema.kind.clone(), values })
}

/// The values of a record or of one repetition of a group, read straight into fields.
#[derive(Clone, Copy)]
struct Row<'s> {
    schema: &'s Schema,
    /// What the stored form is, and the schema is not.
    misfit: &'s Cell<Option<Error>>,
}

/// One value of one field.
#[derive(Clone, Copy)]
struct Held<'s> {
    row: Row<'s>,
    field: FieldId,
}

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = Values;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Values, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("values by the paths of their fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut json: A) -> Result<Values, A::Error> {
        let mut values = Values::with_capacity(16);
        while let Some(field) = json.next_key_seed(Path(self))? {
            let value = json.next_value_seed(Held { row: self, field })?;
            values.set(field, value);
        }
        Ok(values)
    }
}

/// The path of a field.
struct Path<'s>(Row<'s>);

impl<'de> DeserializeSeed<'de> for Path<'_> {
    type Value = FieldId;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<FieldId, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Path<'_> {
    type Value = FieldId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the path of a field")
    }

    fn visit_str<E: de::Error>(self, path: &str) -> Result<FieldId, E> {
        let Row { schema, misfit } = self.0;
        schema.find(path).ok_or_else(|| {
            misfit.set(Some(Error::Unknown(path.to_owned())));
            E::custom("a field that is not")
        })
    }
}

impl<'de> DeserializeSeed<'de> for Held<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self).inspect_err(|_| {
            let Row { schema, misfit } = self.row;
            let inner = misfit.take();
            misfit.set(inner.or_else(|| Some(Error::Type(schema.field(self.field).path.clone()))));
        })
    }
}

impl<'de> Visitor<'de> for Held<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the declared type")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        let unfit = || E::custom("not of its type");
        Ok(match self.row.schema.field(self.field).holds {
            Type::Code => Value::Code(Code(text.into())),
            Type::Date => Value::Date(text.parse().map_err(|_| unfit())?),
            Type::Instant => Value::Instant(text.parse().map_err(|_| unfit())?),
            Type::Decimal => Value::Decimal(text.into()),
            Type::Boolean | Type::Group => return Err(unfit()),
            Type::Text
            | Type::Hetu
            | Type::Ytunnus
            | Type::Oid
            | Type::Phone
            | Type::Municipality => Value::Text(text.into()),
        })
    }

    fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Value, E> {
        let fits = self.row.schema.field(self.field).holds == Type::Boolean;
        fits.then_some(Value::Boolean(yes)).ok_or_else(|| E::custom("not of its type"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut json: A) -> Result<Value, A::Error> {
        if self.row.schema.field(self.field).holds != Type::Group {
            return Err(de::Error::custom("not of its type"));
        }
        let mut rows = Vec::new();
        while let Some(row) = json.next_element_seed(self.row)? {
            rows.push(row);
        }
        Ok(Value::Group(rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Category, Field, Kind};

    fn schema() -> Schema {
        let mut schema = Schema::new(Kind::new("sample"));
        let mut add = |path: &str, holds, group| {
            schema.add(Field {
                path: path.into(),
                holds,
                category: Category::Need,
                required: false,
                key: false,
                group,
                codes: None,
                fhir: None,
                title: crate::schema::Title::default(),
            })
        };
        add("text", Type::Text, None);
        add("when", Type::Instant, None);
        let goals = add("goals[]", Type::Group, None);
        add("goals[].text", Type::Text, Some(goals));
        schema
    }

    #[test]
    fn what_is_written_is_read() {
        let schema = schema();
        let text = r#"{"text":"a \"b\" ä","when":"2026-01-02T03:04:05Z","goals[]":[{"goals[].text":"x"}]}"#;
        let record = read(text.as_bytes(), &schema).unwrap();
        assert_eq!(read(&write(&record, &schema), &schema), Ok(record));
    }

    #[test]
    fn what_the_schema_lacks_is_named() {
        let schema = schema();
        let unknown = |path: &str| Err(Error::Unknown(path.into()));
        let unfit = |path: &str| Err(Error::Type(path.into()));
        let form = |why: &str| Err(Error::Form(why.into()));
        for (stored, told) in [
            (r#"{"gone":"x"}"#, unknown("gone")),
            (r#"{"goals[]":[{"goals[].gone":"x"}]}"#, unknown("goals[].gone")),
            (r#"{"when":"noon"}"#, unfit("when")),
            (r#"{"text":true}"#, unfit("text")),
            (r#"{"text":null}"#, unfit("text")),
            (r#"{"text":["x"]}"#, unfit("text")),
            (r#"{"goals[]":"x"}"#, unfit("goals[]")),
            (r#"{"goals[]":["x"]}"#, unfit("goals[]")),
            (r#"{"text":"x"} {}"#, form("Syntax")),
            (r#"{"text":"x","#, form("Eof")),
            ("[]", form("Data")),
        ] {
            assert_eq!(read(stored.as_bytes(), &schema), told, "{stored}");
        }
    }
}
