//! The stored form of a record: JSON, fields by path, so that it outlives a generation.

use serde_json::{Map, Value as Json};

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
    let map: Map<String, Json> =
        serde_json::from_slice(bytes).map_err(|e| Error::Form(format!("{:?}", e.classify())))?;
    Ok(Record { kind: schema.kind.clone(), values: read_values(map, schema)? })
}

fn read_values(map: Map<String, Json>, schema: &Schema) -> Result<Values, Error> {
    let mut values = Values::with_capacity(map.len());
    for (path, json) in map {
        let Some(id) = schema.find(&path) else { return Err(Error::Unknown(path)) };
        let value = read_value(json, id, schema).ok_or(Error::Type(path))?;
        values.set(id, value);
    }
    Ok(values)
}

fn read_value(json: Json, id: FieldId, schema: &Schema) -> Option<Value> {
    Some(match (schema.field(id).holds, json) {
        (Type::Code, Json::String(text)) => Value::Code(Code(text.into())),
        (Type::Date, Json::String(text)) => Value::Date(text.parse().ok()?),
        (Type::Instant, Json::String(text)) => Value::Instant(text.parse().ok()?),
        (Type::Decimal, Json::String(text)) => Value::Decimal(text.into()),
        (Type::Boolean, Json::Bool(yes)) => Value::Boolean(yes),
        (Type::Group, Json::Array(rows)) => {
            let rows = rows.into_iter().map(|row| match row {
                Json::Object(map) => read_values(map, schema).ok(),
                _ => None,
            });
            Value::Group(rows.collect::<Option<_>>()?)
        }
        (
            Type::Text | Type::Hetu | Type::Ytunnus | Type::Oid | Type::Phone | Type::Municipality,
            Json::String(text),
        ) => Value::Text(text.into()),
        _ => return None,
    })
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
        assert_eq!(read(br#"{"gone":"x"}"#, &schema), Err(Error::Unknown("gone".into())));
        assert_eq!(read(br#"{"when":"noon"}"#, &schema), Err(Error::Type("when".into())));
    }
}
