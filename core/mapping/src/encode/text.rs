//! What a place gets: the text of a value, a constant, or what the sender knows.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
};

use luotsi_model::{Code, FieldId, Schema, Type, Value, Values};

use super::output::Leaf;
use crate::{
    Fault, Lossy,
    compile::rule::{CONTEXT, Form, Formula, Part, ROW, What},
    document::is_number,
    expression::{Expression, Given},
    lossy, time,
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
    /// Which row is being written, from 1; none outside a group.
    row: Cell<Option<usize>>,
    /// What code tables could not carry whole.
    lossy: RefCell<Vec<Lossy>>,
}

impl<'s> Source<'s> {
    pub(super) fn new(schema: &'s Schema, given: &[(&str, &'s str)]) -> Self {
        let of = |name: &str| {
            let is_it =
                |known: &&(&str, &str)| known.0.strip_prefix('$').unwrap_or(known.0) == name;
            given.iter().find(is_it).map(|(_, text)| *text).filter(|text| !text.is_empty())
        };
        Self { schema, context: CONTEXT.map(of), row: Cell::new(None), lossy: RefCell::default() }
    }

    pub(super) fn into_lossy(self) -> Vec<Lossy> {
        self.lossy.into_inner()
    }

    /// Notes that a row is written now, by its number from 0; gives what [`Self::left`] wants back.
    pub(super) fn enter(&self, number: usize) -> Option<usize> {
        self.row.replace(Some(number + 1))
    }

    pub(super) fn left(&self, outer: Option<usize>) {
        self.row.set(outer);
    }

    fn known(&self, name: usize) -> Option<Cow<'s, str>> {
        match name {
            ROW => self.row.get().map(|row| row.to_string().into()),
            name => self.context[name].map(Cow::Borrowed),
        }
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
        let own = self.own(leaf, values)?;
        if let Some(formula) = &leaf.on
            && !self.evaluated(formula, own.as_ref(), leaf, values, Expression::holds)?
        {
            return Ok(None);
        }
        let made = match &leaf.writing {
            None => own,
            Some(_) if own.is_none() && !matches!(leaf.what, What::Computed) => None,
            Some(formula) => {
                let made = self.evaluated(formula, own.as_ref(), leaf, values, Expression::text)?;
                made.map(|made| Written { text: made.text.into(), is_bare: made.is_bare })
            }
        };
        let fallback = || {
            let text = Cow::Borrowed(&**leaf.fallback.as_ref()?);
            Some(Written { text, is_bare: own_is_bare(leaf) })
        };
        match made.or_else(fallback) {
            Some(written) => Ok(Some(written)),
            None if leaf.is_required => Err(self.missing(leaf)),
            None => Ok(None),
        }
    }

    /// The text before an expression changes it.
    fn own<'v>(&'v self, leaf: &'v Leaf, values: &'v Values) -> Result<Option<Written<'v>>, Fault> {
        let text = match &leaf.what {
            What::Constant(constant) => Some(Cow::Borrowed(&*constant.text)),
            What::Template(parts) => self.template(parts),
            What::Context { name, form } => self.context(*name, form, leaf)?,
            What::Field { id, form } => match values.get(*id) {
                Some(value) => Some(self.value(value, form, leaf, *id)?),
                None => None,
            },
            What::Computed => None,
        };
        let text = text.filter(|text| !text.is_empty());
        Ok(text.map(|text| Written { text, is_bare: own_is_bare(leaf) }))
    }

    fn evaluated<T>(
        &self,
        formula: &Formula<FieldId>,
        own: Option<&Written<'_>>,
        leaf: &Leaf,
        values: &Values,
        evaluate: impl Fn(&Expression, &[Given<'_>]) -> Result<T, &'static str>,
    ) -> Result<T, Fault> {
        let fields = formula.inputs.iter().map(|id| plain(values.get(*id)));
        let fields: Vec<_> = fields.collect();
        let given = fields.iter().map(|(text, yes)| match (text, yes) {
            (_, Some(yes)) => Given::Boolean(*yes),
            (Some(text), None) => Given::Text(text),
            (None, None) => Given::Nothing,
        });
        let own = own.map_or(Given::Nothing, |own| Given::Text(&own.text));
        let given: Vec<_> = std::iter::once(own).chain(given).collect();
        let result = evaluate(&formula.expression, &given);
        result.map_err(|why| self.fault("expression-failed", &leaf.at, own_field(leaf), why))
    }

    fn missing(&self, leaf: &Leaf) -> Fault {
        self.fault(
            "missing-field",
            &leaf.at,
            own_field(leaf),
            "the document needs it, and it is not there to send",
        )
    }

    fn template(&self, parts: &[Part]) -> Option<Cow<'_, str>> {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Context(name) => text.push_str(&self.known(*name)?),
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
        let Some(text) = self.known(name) else { return Ok(None) };
        if let Some(table) = &form.codes {
            let code = table.source(&text).map(|code| Cow::Owned(code.to_owned()));
            let why = "the code table has no row for what the sender gives";
            return code.map(Some).ok_or_else(|| self.fault("unknown-code", &leaf.at, None, why));
        }
        let Some(pattern) = &form.pattern else { return Ok(Some(text)) };
        let why = "the sender's time is not of RFC 3339";
        let moment = time::instant(&text);
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
                Some(table) => {
                    if table.loses_target(code) {
                        let at = leaf.at.to_string();
                        lossy::add(&mut self.lossy.borrow_mut(), table.name(), at);
                    }
                    table.source(code).ok_or_else(|| {
                        let why = "the code table has no row that gives the record's code";
                        self.fault("unknown-code", &leaf.at, Some(id), why)
                    })?
                }
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

fn own_field(leaf: &Leaf) -> Option<FieldId> {
    match &leaf.what {
        What::Field { id, .. } => Some(*id),
        _ => None,
    }
}

/// Whether JSON writes what stands there without quotes.
fn own_is_bare(leaf: &Leaf) -> bool {
    match &leaf.what {
        What::Constant(constant) => !constant.is_quoted,
        What::Field { form, .. } => matches!(form.holds, Type::Decimal | Type::Boolean),
        _ => false,
    }
}

/// A field's value to an expression: its text in the record's own form, or yes and no.
fn plain(value: Option<&Value>) -> (Option<Cow<'_, str>>, Option<bool>) {
    let text = match value {
        Some(Value::Boolean(yes)) => return (None, Some(*yes)),
        Some(Value::Date(day)) => Some(day.to_string().into()),
        Some(Value::Instant(moment)) => Some(moment.to_string().into()),
        Some(value) => value.as_text().map(Cow::Borrowed),
        None => None,
    };
    (text, None)
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
