//! JSON, straight from the plan.

use luotsi_model::{Value, Values};

use super::{
    output::{Output, Stem},
    text::Source,
};
use crate::{Fault, trace::Write};

pub(super) fn write<T: Write>(
    plan: &Output,
    source: &mut Source<'_>,
    values: &Values,
    out: &mut String,
    trace: &mut T,
) -> Result<(), Fault> {
    if !value(&plan.root, source, values, out, trace)? && out.is_empty() {
        out.push_str("{}");
    }
    Ok(())
}

/// Writes what the stem holds; whether that is worth keeping. What is not is taken back.
fn value<T: Write>(
    stem: &Stem,
    source: &Source<'_>,
    values: &Values,
    out: &mut String,
    trace: &mut T,
) -> Result<bool, Fault> {
    if let Some(leaf) = &stem.own {
        let Some(written) = source.of(leaf, values)? else { return Ok(false) };
        let start = out.len();
        match written.is_bare {
            true => out.push_str(&written.text),
            false => quote(&written.text, out),
        }
        leaf.told(start..out.len(), false, trace);
        return Ok(leaf.counts);
    }
    let start = out.len();
    let mut is_kept = false;
    out.push(if stem.is_list { '[' } else { '{' });
    for child in &stem.children {
        is_kept |= match child.each {
            Some(group) => rows(child, group, source, values, out, trace)?,
            None => member(child, stem.is_list, source, values, out, trace)?,
        };
    }
    out.push(if stem.is_list { ']' } else { '}' });
    if !is_kept && !stem.is_kept {
        trace.taken_back(start);
        out.truncate(start);
    }
    Ok(is_kept)
}

fn rows<T: Write>(
    stem: &Stem,
    group: luotsi_model::FieldId,
    source: &Source<'_>,
    values: &Values,
    out: &mut String,
    trace: &mut T,
) -> Result<bool, Fault> {
    let Some(Value::Group(rows)) = values.get(group) else { return Ok(false) };
    let mut is_kept = false;
    for (number, row) in rows.iter().enumerate() {
        trace.opened(number);
        let outer = source.enter(number);
        is_kept |= member(stem, true, source, row, out, trace)?;
        source.left(outer);
        trace.closed();
    }
    Ok(is_kept)
}

fn member<T: Write>(
    stem: &Stem,
    is_item: bool,
    source: &Source<'_>,
    values: &Values,
    out: &mut String,
    trace: &mut T,
) -> Result<bool, Fault> {
    let start = out.len();
    if !out.ends_with(['{', '[']) {
        out.push(',');
    }
    if !is_item {
        out.push_str(&stem.open);
    }
    let named = out.len();
    let is_kept = value(stem, source, values, out, trace)?;
    // A selector's key is written though it keeps nothing by itself.
    if out.len() == named {
        out.truncate(start);
    }
    Ok(is_kept)
}

/// Writes a JSON string.
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        match escape {
            "" => control(byte, out),
            escape => out.push_str(escape),
        }
        plain = at + 1;
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

fn control(byte: u8, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push_str("\\u00");
    out.push(char::from(HEX[usize::from(byte >> 4)]));
    out.push(char::from(HEX[usize::from(byte & 15)]));
}
