//! A leaf's text to a value of the declared type.

use luotsi_model::{
    Code, Hetu, Type, Value, Ytunnus,
    hetu::{self, Strictness},
};

use crate::{
    compile::rule::Form,
    document::{Sort, is_number},
    phone, time,
};

/// Why a text is refused: the fault's code and the reason, without the text.
pub(crate) type Wrong = (&'static str, String);

/// The value, and what is to be told of it.
pub(crate) type Valued = (Value, Option<Note>);

/// What is taken, and told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Note {
    /// It is not right, and let through.
    Unsound(hetu::Error),
    /// The code table has no code that says as much.
    Lossy,
}

/// The value of a leaf.
pub(crate) fn of_leaf(
    form: &Form,
    sort: Sort,
    text: &str,
    strictness: Strictness,
) -> Result<Valued, Wrong> {
    let fits = match (sort, form.holds) {
        (Sort::Element | Sort::Attribute, _)
        | (Sort::Number, Type::Decimal)
        | (Sort::Boolean, Type::Boolean) => true,
        (Sort::String, holds) => !matches!(holds, Type::Decimal | Type::Boolean),
        _ => false,
    };
    if !fits {
        let wanted = match form.holds {
            Type::Decimal => "a JSON number",
            Type::Boolean => "true or false without quotes",
            _ => "a JSON string",
        };
        return Err(wrong(format!("{wanted} is wanted here")));
    }
    of_text(form, text, strictness)
}

/// The value of a text.
pub(crate) fn of_text(form: &Form, text: &str, strictness: Strictness) -> Result<Valued, Wrong> {
    let value = match form.holds {
        Type::Text => Value::Text(text.into()),
        Type::Code => return code(form, text),
        Type::Date => return date(form, text),
        Type::Instant => return instant(form, text),
        Type::Decimal if is_number(text) => Value::Decimal(text.into()),
        Type::Decimal => return Err(wrong("a decimal is written like 12.50")),
        Type::Boolean => match text {
            "true" | "1" => Value::Boolean(true),
            "false" | "0" => Value::Boolean(false),
            _ => return Err(wrong("true or false is wanted here")),
        },
        Type::Hetu => return hetu(text, strictness),
        Type::Ytunnus => {
            Ytunnus::parse(text).map_err(|error| wrong(error.to_string()))?;
            Value::Text(text.into())
        }
        Type::Oid if is_oid(text) => Value::Text(text.into()),
        Type::Oid => return Err(wrong("an object identifier is numbers parted by dots")),
        Type::Phone => return phone(form, text),
        Type::Municipality if is_municipality(text) => Value::Text(text.into()),
        Type::Municipality => return Err(wrong("a municipality's code is three digits")),
        Type::Group => return Err(wrong("a group has rows, not a value")),
    };
    Ok((value, None))
}

fn wrong(why: impl Into<String>) -> Wrong {
    ("wrong-type", why.into())
}

fn code(form: &Form, text: &str) -> Result<Valued, Wrong> {
    let code = match &form.codes {
        None => Some(text),
        Some(table) => table.target(text),
    };
    let no_row = || ("unknown-code", "the code table has no row for this code".to_owned());
    let code = code.ok_or_else(no_row)?;
    if let Some(closed) = form.closed.as_ref().filter(|closed| !closed.has(code)) {
        let known: Vec<_> = closed.codes().collect();
        return Err(("unknown-code", format!("the field takes one of {}", known.join(", "))));
    }
    let is_lossy = form.codes.as_ref().is_some_and(|table| table.loses_source(text));
    Ok((Value::Code(Code(code.into())), is_lossy.then_some(Note::Lossy)))
}

fn date(form: &Form, text: &str) -> Result<Valued, Wrong> {
    let day = match &form.pattern {
        Some(pattern) => pattern.date(text),
        None => time::date(text),
    };
    match day {
        Some(day) => Ok((Value::Date(day), None)),
        None => Err(wrong(match form.pattern {
            Some(_) => "not a date of the form that the mapping states, or no such day",
            None => "not a date of the form 2026-11-21, or no such day",
        })),
    }
}

fn instant(form: &Form, text: &str) -> Result<Valued, Wrong> {
    let moment = match &form.pattern {
        Some(pattern) => pattern.instant(text),
        None => time::instant(text),
    };
    match moment {
        Some(moment) => Ok((Value::Instant(moment), None)),
        None => Err(wrong(match form.pattern {
            Some(_) => "not a time of the form that the mapping states, or no such local time",
            None => "not a time of the form 2026-11-21T08:00:00Z with Z or an offset",
        })),
    }
}

fn hetu(text: &str, strictness: Strictness) -> Result<Valued, Wrong> {
    let value = || Value::Text(text.into());
    match (Hetu::parse(text, Strictness::Strict), strictness) {
        (Ok(_), _) => Ok((value(), None)),
        (Err(hetu::Error::Check), Strictness::Lenient) => {
            Ok((value(), Some(Note::Unsound(hetu::Error::Check))))
        }
        (Err(error), _) => Err(("wrong-hetu", error.to_string())),
    }
}

fn is_oid(text: &str) -> bool {
    let arc = |arc: &str| {
        !arc.is_empty()
            && arc.bytes().all(|b| b.is_ascii_digit())
            && (arc == "0" || !arc.starts_with('0'))
    };
    text.starts_with(['0', '1', '2']) && text.contains('.') && text.split('.').all(arc)
}

fn is_municipality(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit())
}

fn phone(form: &Form, text: &str) -> Result<Valued, Wrong> {
    let number = match form.region {
        Some(region) => region.international(text),
        None => phone::is_international(text).then(|| text.to_owned()),
    };
    match number {
        Some(number) => Ok((Value::Text(number.into()), None)),
        None => Err(wrong(match form.region {
            Some(_) => "not a phone number as the mapping's region writes it, nor one of E.164",
            None => "a phone number is + and 7 to 15 digits without spaces (E.164)",
        })),
    }
}
