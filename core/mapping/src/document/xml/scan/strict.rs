//! What the parser lets through though the standards do not: names of processing instructions,
//! references to what is no character, prefixes that are bound to nothing. The conformance suite
//! has a document for each.

use std::ops::Range;

use super::{is_space, past, place};
use crate::Fault;

const BINDING: &str = "xmlns:";

/// A processing instruction has a name without a colon, and none but the declaration is `xml`.
pub(super) fn instruction(input: &str, start: usize) -> Result<(), Fault> {
    let rest = &input[start..];
    let name = &rest[2.min(rest.len())..past(rest, "?>")];
    let name = name.strip_suffix("?>").unwrap_or(name);
    let name = name.split(is_space).next().unwrap_or_default();
    let is_first = input[..start].trim_start_matches('\u{feff}').is_empty();
    let is_declaration = is_first && name == "xml";
    let inner = |c: char| c.is_alphanumeric() || "_-.".contains(c) || c >= '\u{b7}';
    let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c > '\u{b7}')
        && name.chars().all(inner);
    if is_declaration || (is_name && !name.eq_ignore_ascii_case("xml")) {
        return Ok(());
    }
    let why = "a processing instruction has no such name";
    Err(place::fault("not-well-formed", input, start, why.into()))
}

/// A start tag, its references included.
pub(super) fn tag(input: &str, at: Range<usize>) -> Result<(), Fault> {
    let text = &input[at.clone()];
    if text[1..].starts_with(':') {
        let why = "a name begins with a colon".to_owned();
        return Err(place::fault("not-well-formed", input, at.start, why));
    }
    // Asked of every tag: whether there is one is found faster than where.
    let mut from = if text.contains(BINDING) { 0 } else { text.len() };
    while let Some(found) = text[from..].find(BINDING) {
        let start = from + found;
        from = start + BINDING.len();
        if text[..start].ends_with(is_space) && !binds(&text[from..]) {
            let why = "a namespace prefix is bound to nothing, or is not to be bound".to_owned();
            return Err(place::fault("not-well-formed", input, at.start + start, why));
        }
    }
    references(input, at)
}

/// Whether `a="u"`, or what else the parser will judge, and not `a=""` or `xmlns="u"`.
fn binds(declaration: &str) -> bool {
    let end = declaration.find(|c| is_space(c) || c == '=').unwrap_or(declaration.len());
    let (prefix, rest) = declaration.split_at(end);
    let value = rest.trim_start_matches(is_space).strip_prefix('=').unwrap_or(rest);
    let value = value.trim_start_matches(is_space);
    prefix != "xmlns" && !value.starts_with("\"\"") && !value.starts_with("''")
}

/// References by number, where the parser takes half a surrogate pair for a character.
pub(super) fn references(input: &str, within: Range<usize>) -> Result<(), Fault> {
    let text = &input[within.clone()];
    let mut from = 0;
    while let Some(found) = text[from..].find('&') {
        let start = from + found;
        from = start + 1;
        if !text[from..].starts_with('#') {
            continue;
        }
        from += 1;
        let number = text[from..].split(';').next().unwrap_or_default();
        let code = match number.strip_prefix('x') {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        if !code.is_ok_and(is_char) {
            let why = "a reference stands for no character of XML 1.0".to_owned();
            return Err(place::fault("not-well-formed", input, within.start + start, why));
        }
    }
    Ok(())
}

fn is_char(code: u32) -> bool {
    let is_plain = matches!(code, 0x9 | 0xa | 0xd) || code >= 0x20;
    is_plain && !matches!(code, 0xfffe | 0xffff) && char::from_u32(code).is_some()
}
