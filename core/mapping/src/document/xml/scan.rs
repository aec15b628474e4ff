//! What must hold before the parser sees a document: its depth and its attributes' number, since
//! the parser's work grows with their square, and the declaration's version and encoding.

use super::{Limits, is_space, place};
use crate::Fault;

mod strict;

pub(super) const DTD: &str = "a document type declaration is refused: send the document without it";
/// The parser compares each attribute of an element with all others.
const ATTRIBUTES_MAX: usize = 256;

/// Looks at the tags alone; whatever else is wrong is the parser's to find.
pub(in crate::document) fn check(input: &str, limits: &Limits) -> Result<(), Fault> {
    declaration(input)?;
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(found) = input[at..].find('<') {
        let start = at + found;
        let rest = &input[start..];
        strict::references(input, at..start)?;
        let end = match rest.as_bytes().get(1) {
            Some(b'!') if rest.starts_with("<!--") => past(rest, "-->"),
            Some(b'!') if rest.starts_with("<![CDATA[") => past(rest, "]]>"),
            Some(b'!') => return Err(place::fault("dtd-refused", input, start, DTD.into())),
            Some(b'?') => {
                strict::instruction(input, start)?;
                past(rest, "?>")
            }
            Some(b'/') => {
                depth = depth.saturating_sub(1);
                rest.find('>').map_or(rest.len(), |at| at + 1)
            }
            _ => {
                let tag = Tag::of(rest);
                strict::tag(input, start..start + tag.end)?;
                depth += usize::from(!tag.is_closed);
                within(input, start, depth + usize::from(tag.is_closed), tag.attributes, limits)?;
                tag.end
            }
        };
        at = start + end;
    }
    strict::references(input, at..input.len())
}

fn within(
    input: &str,
    start: usize,
    depth: usize,
    attributes: usize,
    limits: &Limits,
) -> Result<(), Fault> {
    if depth > limits.depth_max {
        let why = format!("elements are nested over {} deep", limits.depth_max);
        return Err(place::fault("too-deep", input, start, why));
    }
    if attributes > ATTRIBUTES_MAX {
        let why = format!("an element has over {ATTRIBUTES_MAX} attributes");
        return Err(place::fault("too-large", input, start, why));
    }
    Ok(())
}

/// One past the first `mark`, or the end where there is none: that the parser will refuse.
fn past(rest: &str, mark: &str) -> usize {
    rest.find(mark).map_or(rest.len(), |at| at + mark.len())
}

struct Tag {
    end: usize,
    is_closed: bool,
    attributes: usize,
}

impl Tag {
    fn of(rest: &str) -> Self {
        let bytes = rest.as_bytes();
        let (mut at, mut attributes) = (1, 0);
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'>' => break,
                b'"' | b'\'' => {
                    attributes += 1;
                    let quoted = &bytes[at + 1..];
                    at += 1 + quoted.iter().position(|b| *b == byte).unwrap_or(quoted.len());
                }
                _ => {}
            }
            at += 1;
        }
        // Where a quote or the tag is not closed, the document's end is the tag's.
        let is_closed = bytes.get(at - 1) == Some(&b'/');
        Self { end: (at + 1).min(bytes.len()), is_closed, attributes }
    }
}

/// The version must be 1.0 and the encoding UTF-8: the bytes are read as that.
fn declaration(input: &str) -> Result<(), Fault> {
    let text = input.strip_prefix('\u{feff}').unwrap_or(input);
    let Some(rest) = text.strip_prefix("<?xml").filter(|rest| rest.starts_with(is_space)) else {
        return Ok(());
    };
    let rest = &rest[..rest.find("?>").unwrap_or(rest.len())];
    if pseudo(rest, "encoding").is_some_and(|name| !name.eq_ignore_ascii_case("utf-8")) {
        let why = "another encoding than UTF-8 is declared: send UTF-8 and declare that or nothing";
        return Err(place::fault("wrong-encoding", input, 0, why.into()));
    }
    if pseudo(rest, "standalone").is_some_and(|word| !matches!(word, "yes" | "no")) {
        let why = "the XML declaration says neither yes nor no of standalone".to_owned();
        return Err(place::fault("not-well-formed", input, 0, why));
    }
    if pseudo(rest, "version") != Some("1.0") {
        let why = "only XML 1.0 is read".to_owned();
        return Err(place::fault("not-well-formed", input, 0, why));
    }
    Ok(())
}

fn pseudo<'t>(rest: &'t str, name: &str) -> Option<&'t str> {
    let at = rest.find(name)? + name.len();
    let value = rest[at..].trim_start_matches(is_space).strip_prefix('=')?;
    let value = value.trim_start_matches(is_space);
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next()
}
