//! Escape sequences. The standard's for the marks, for a line end and for bytes are read; those for
//! emphasis are layout and left out; any other is refused, since what it stands for is not known.

use std::borrow::Cow;

use super::{Encoding, head::Marks};

/// Where in the text it is wrong, and why.
type Wrong = (usize, &'static str);

pub(super) fn unescape<'t>(
    text: &'t str,
    marks: &Marks,
    encoding: Encoding,
) -> Result<Cow<'t, str>, Wrong> {
    if let Some(at) = text.find(|c: char| c.is_ascii_control() && c != '\t') {
        return Err((at, "a control character stands here: escape it"));
    }
    if !text.contains(marks.escape) {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(opened) = text[at..].find(marks.escape).map(|found| at + found) {
        out.push_str(&text[at..opened]);
        let inner = &text[opened + 1..];
        let Some(end) = inner.find(marks.escape) else {
            return Err((opened, "an escape is not closed: a bare escape character is \\E\\"));
        };
        sequence(&inner[..end], marks, encoding, &mut out).map_err(|why| (opened, why))?;
        at = opened + 1 + end + 1;
    }
    out.push_str(&text[at..]);
    Ok(Cow::Owned(out))
}

fn sequence(
    name: &str,
    marks: &Marks,
    encoding: Encoding,
    out: &mut String,
) -> Result<(), &'static str> {
    match name {
        "F" => out.push(marks.field),
        "S" => out.push(marks.component),
        "T" => out.push(marks.subcomponent),
        "R" => out.push(marks.repetition),
        "E" => out.push(marks.escape),
        ".br" => out.push('\n'),
        "H" | "N" => {}
        _ => match name.strip_prefix('X') {
            Some(digits) => out.push_str(&hexadecimal(digits, encoding)?),
            None => return Err("an escape that is not read here: send the text itself"),
        },
    }
    Ok(())
}

fn hexadecimal(digits: &str, encoding: Encoding) -> Result<String, &'static str> {
    const WRONG: &str = "an escape \\X…\\ holds pairs of hexadecimal digits, and no NUL";
    let bytes = digits.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        let is_plain = pair.bytes().all(|byte| byte.is_ascii_hexdigit());
        u8::from_str_radix(pair, 16).ok().filter(|byte| is_plain && *byte != 0)
    });
    let bytes: Vec<u8> = bytes.collect::<Option<_>>().ok_or(WRONG)?;
    match encoding {
        Encoding::Latin1 => Ok(bytes.into_iter().map(char::from).collect()),
        Encoding::Utf8 | Encoding::Utf8Marked => String::from_utf8(bytes)
            .map_err(|_| "the bytes of an escape are no text in the message's character set"),
    }
}

/// Writes text so that it reads back as it is; `false` if it holds NUL, which has no form.
pub(crate) fn escape(text: &str, out: &mut String) -> bool {
    // Two quotes by themselves would take a value away.
    if text == "\"\"" {
        out.push_str("\\X22\\\"");
        return true;
    }
    for c in text.chars() {
        match c {
            '|' => out.push_str("\\F\\"),
            '^' => out.push_str("\\S\\"),
            '&' => out.push_str("\\T\\"),
            '~' => out.push_str("\\R\\"),
            '\\' => out.push_str("\\E\\"),
            '\n' => out.push_str("\\.br\\"),
            '\0' => return false,
            c if c.is_ascii_control() && c != '\t' => {
                out.push_str(&format!("\\X{:02X}\\", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    true
}
