//! What a place gets: the text of a value, a constant, or what the sender knows.

use std::borrow::Cow;

use luotsi_model::{Code, FieldId, Schema, Type, Value, Values};

use super::output::Leaf;
use crate::{
    Fault,
    compile::rule::{CONTEXT, Form, Part, What},
    document::is_number,
    time,
};

/// A text to be written, and whether JSON writes it without quotes.
pub(super) struct Written<'v> {
    pub(super) text: Cow<'v, str>,
    pub(super) is_bare: bool,
}

/// The record's schema and what the sender knows beside the record.
pub(super) struct Source<'s> {
    schema: &'s Schema,
    context: [Option<&'s str>; CONTEXT.len()],
}

impl<'s> Source<'s> {
    pub(super) fn new(schema: &'s Schema, given: &[(&str, &'s str)]) -> Self {
        let of = |name: &str| {
            let is_it =
                |known: &&(&str, &str)| known.0.strip_prefix('$').unwrap_or(known.0) == name;
            given.iter().find(is_it).map(|(_, text)| *text).filter(|text| !text.is_empty())
        };
        Self { schema, context: CONTEXT.map(of) }
    }

    pub(super) fn fault(
        &self,
        code: &'static str,
        at: &str,
        field: Option<FieldId>,
        why: &str,
    ) -> Fault {
        let field = field.map(|id| self.schema.field(id).path.clone());
        Fault { code, at: at.to_owned(), field, line: 0, column: 0, why: why.to_owned() }
    }

    /// A field that the document's kind says must say the same.
    pub(super) fn fixed(&self, values: &Values, id: FieldId, wanted: &Value) -> Result<(), Fault> {
        if values.get(id) == Some(wanted) {
            return Ok(());
        }
        let why = "this document stands for one value of the field, and the record holds another";
        Err(self.fault("constant-differs", "", Some(id), why))
    }

    /// What is written at a place; nothing where the place is left out.
    pub(super) fn of<'v>(
        &'v self,
        leaf: &'v Leaf,
        values: &'v Values,
    ) -> Result<Option<Written<'v>>, Fault> {
        if leaf.with.is_some_and(|id| values.get(id).is_none()) {
            return Ok(None);
        }
        let (text, is_bare) = match &leaf.what {
            What::Constant(constant) => (Some(Cow::Borrowed(&*constant.text)), !constant.is_quoted),
            What::Template(parts) => (self.template(parts), false),
            What::Context { name, form } => (self.context(*name, form, leaf)?, false),
            What::Field { id, form } => {
                let text = match values.get(*id) {
                    Some(value) => Some(self.value(value, form, leaf, *id)?),
                    None => None,
                };
                (text, matches!(form.holds, Type::Decimal | Type::Boolean))
            }
        };
        let fallback = || leaf.fallback.as_deref().map(Cow::Borrowed);
        match text.filter(|text| !text.is_empty()).or_else(fallback) {
            Some(text) => Ok(Some(Written { text, is_bare })),
            None if leaf.is_required => Err(self.missing(leaf)),
            None => Ok(None),
        }
    }

    fn missing(&self, leaf: &Leaf) -> Fault {
        let id = match &leaf.what {
            What::Field { id, .. } => Some(*id),
            _ => None,
        };
        self.fault(
            "missing-field",
            &leaf.at,
            id,
            "the document needs it, and it is not there to send",
        )
    }

    fn template(&self, parts: &[Part]) -> Option<Cow<'_, str>> {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Context(name) => text.push_str(self.context[*name]?),
            }
        }
        Some(text.into())
    }

    fn context(
        &self,
        name: usize,
        form: &Form,
        leaf: &Leaf,
    ) -> Result<Option<Cow<'_, str>>, Fault> {
        let Some(text) = self.context[name] else { return Ok(None) };
        if let Some(table) = &form.codes {
            let code = table.source(text).map(|code| Cow::Owned(code.to_owned()));
            let why = "the code table has no row for what the sender gives";
            return code.map(Some).ok_or_else(|| self.fault("unknown-code", &leaf.at, None, why));
        }
        let Some(pattern) = &form.pattern else { return Ok(Some(text.into())) };
        let why = "the sender's time is not of RFC 3339";
        let moment = time::instant(text);
        let moment = moment.ok_or_else(|| self.fault("wrong-type", &leaf.at, None, why))?;
        let mut local = String::new();
        pattern.write_instant(moment, &mut local);
        Ok(Some(local.into()))
    }

    fn value<'v>(
        &self,
        value: &'v Value,
        form: &'v Form,
        leaf: &Leaf,
        id: FieldId,
    ) -> Result<Cow<'v, str>, Fault> {
        let text = match (value, form.holds) {
            (Value::Code(Code(code)), Type::Code) => match &form.codes {
                None => &**code,
                Some(table) => table.source(code).ok_or_else(|| {
                    let why = "the code table has no row that gives the record's code";
                    self.fault("unknown-code", &leaf.at, Some(id), why)
                })?,
            },
            (Value::Decimal(text), Type::Decimal) if is_number(text) => text,
            (Value::Boolean(yes), Type::Boolean) => {
                if *yes {
                    "true"
                } else {
                    "false"
                }
            }
            (Value::Date(day), Type::Date) => return Ok(date(*day, form).into()),
            (Value::Instant(moment), Type::Instant) => return Ok(instant(*moment, form).into()),
            (
                Value::Text(text),
                Type::Text
                | Type::Hetu
                | Type::Ytunnus
                | Type::Oid
                | Type::Phone
                | Type::Municipality,
            ) => text,
            _ => {
                let why = "the record holds a value of another type";
                return Err(self.fault("wrong-type", &leaf.at, Some(id), why));
            }
        };
        Ok(Cow::Borrowed(text))
    }
}

fn date(day: jiff::civil::Date, form: &Form) -> String {
    let Some(pattern) = &form.pattern else { return day.to_string() };
    let mut text = String::with_capacity(16);
    pattern.write_date(day, &mut text);
    text
}

fn instant(moment: jiff::Timestamp, form: &Form) -> String {
    let Some(pattern) = &form.pattern else { return moment.to_string() };
    let mut text = String::with_capacity(24);
    pattern.write_instant(moment, &mut text);
    text
}
