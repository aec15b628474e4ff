//! The functions of expressions. Each gives a new value and changes none.

use rhai::{Array, Dynamic, Engine, EvalAltResult, INT, ImmutableString, Position};

type Fallible<T> = Result<T, Box<EvalAltResult>>;

/// Every function with how many arguments it takes; a text's method takes itself as the first.
pub(super) const ALL: &[(&str, usize)] = &[
    ("contains", 2),
    ("digits", 1),
    ("ends_with", 2),
    ("join", 2),
    ("left", 2),
    ("len", 1),
    ("lower", 1),
    ("number", 1),
    ("part", 3),
    ("replace", 3),
    ("right", 2),
    ("split", 2),
    ("starts_with", 2),
    ("trim", 1),
    ("upper", 1),
];

pub(super) fn register(engine: &mut Engine) {
    engine
        .register_fn("contains", |text: &str, part: &str| text.contains(part))
        .register_fn("digits", |text: &str| text.replace(|c: char| !c.is_ascii_digit(), ""))
        .register_fn("ends_with", |text: &str, end: &str| text.ends_with(end))
        .register_fn("join", join)
        .register_fn("left", left)
        .register_fn("len", |text: &str| count(text))
        .register_fn("lower", |text: &str| text.to_lowercase())
        .register_fn("number", number)
        .register_fn("part", part)
        .register_fn("replace", replace)
        .register_fn("right", right)
        .register_fn("split", split)
        .register_fn("starts_with", |text: &str, start: &str| text.starts_with(start))
        .register_fn("trim", |text: &str| text.trim().to_owned())
        .register_fn("upper", |text: &str| text.to_uppercase());
}

/// The texts with `between` put between; what is nothing or empty is left out.
#[expect(clippy::needless_pass_by_value, reason = "the library hands arrays over by value")]
fn join(parts: Array, between: &str) -> Fallible<String> {
    let texts = parts.iter().filter(|part| !part.is_unit()).map(Dynamic::to_string);
    let mut joined = String::new();
    for text in texts.filter(|text| !text.is_empty()) {
        fits(joined.len().saturating_add(between.len()).saturating_add(text.len()))?;
        if !joined.is_empty() {
            joined.push_str(between);
        }
        joined.push_str(&text);
    }
    Ok(joined)
}

fn replace(text: &str, from: &str, to: &str) -> Fallible<String> {
    fits(text.matches(from).count().saturating_mul(to.len()).saturating_add(text.len()))?;
    Ok(text.replace(from, to))
}

/// The engine looks at a text's size only when it is there.
fn fits(bytes: usize) -> Fallible<()> {
    if bytes <= super::TEXT_BYTES_MAX {
        return Ok(());
    }
    Err(EvalAltResult::ErrorDataTooLarge("text".into(), Position::NONE).into())
}

/// The first characters.
fn left(text: &str, count: INT) -> String {
    text.chars().take(size(count)).collect()
}

/// The last characters.
fn right(text: &str, wanted: INT) -> String {
    let before = text.chars().count().saturating_sub(size(wanted));
    text.chars().skip(before).collect()
}

/// The whole number that the text is; nothing where it is none.
fn number(text: &str) -> Dynamic {
    text.trim().parse::<INT>().map_or(Dynamic::UNIT, Dynamic::from)
}

/// The part of that place, from 0, between separators; nothing where there is none.
fn part(text: &str, between: &str, at: INT) -> Dynamic {
    let found = usize::try_from(at).ok().and_then(|at| text.split(between).nth(at));
    found.map_or(Dynamic::UNIT, |part| ImmutableString::from(part).into())
}

/// The parts between separators. A list past the limit is refused when it is used.
fn split(text: &str, between: &str) -> Array {
    let parts = text.split(between).take(super::ITEMS_MAX + 1);
    parts.map(|part| ImmutableString::from(part).into()).collect()
}

fn count(text: &str) -> INT {
    INT::try_from(text.chars().count()).unwrap_or(INT::MAX)
}

fn size(count: INT) -> usize {
    usize::try_from(count).unwrap_or(0)
}
