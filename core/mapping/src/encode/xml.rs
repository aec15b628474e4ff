//! XML 1.0, straight from the plan.

use luotsi_model::{Value, Values};
use quick_xml::{escape::partial_escape, events::attributes::Attribute};

use super::{
    output::{Leaf, Output, Stem},
    text::Source,
};
use crate::{Fault, trace::Write};

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

pub(super) fn write<T: Write>(
    plan: &Output,
    source: &mut Source<'_>,
    values: &Values,
    out: &mut String,
    trace: &mut T,
) -> Result<(), Fault> {
    out.push_str(DECLARATION);
    if !element(&plan.root, source, values, out, trace)? {
        out.push_str(&plan.root.open);
        out.push_str("/>");
    }
    Ok(())
}

/// Writes an element; whether it is worth keeping. What is not is taken back.
fn element<T: Write>(
    stem: &Stem,
    source: &Source<'_>,
    values: &Values,
    out: &mut String,
    trace: &mut T,
) -> Result<bool, Fault> {
    let start = out.len();
    out.push_str(&stem.open);
    let mut is_kept = false;
    for attribute in &stem.attributes {
        let before = out.len();
        out.push_str(&attribute.open);
        match &attribute.own {
            Some(leaf) if text(leaf, source, values, true, out, trace)? => {
                is_kept |= leaf.counts;
                out.push_str(&attribute.close);
            }
            _ => out.truncate(before),
        }
    }
    let tag = out.len();
    out.push('>');
    let inner = out.len();
    if let Some(leaf) = &stem.own {
        is_kept |= text(leaf, source, values, false, out, trace)? && leaf.counts;
    }
    for child in &stem.children {
        is_kept |= match child.each {
            Some(group) => rows(child, group, source, values, out, trace)?,
            None => element(child, source, values, out, trace)?,
        };
    }
    match out.len() {
        _ if !is_kept && !stem.is_kept => {
            trace.taken_back(start);
            out.truncate(start);
        }
        len if len == inner => {
            out.truncate(tag);
            out.push_str("/>");
        }
        _ => out.push_str(&stem.close),
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
        is_kept |= element(stem, source, row, out, trace)?;
        source.left(outer);
        trace.closed();
    }
    Ok(is_kept)
}

fn text<T: Write>(
    leaf: &Leaf,
    source: &Source<'_>,
    values: &Values,
    in_attribute: bool,
    out: &mut String,
    trace: &mut T,
) -> Result<bool, Fault> {
    let Some(written) = source.of(leaf, values)? else { return Ok(false) };
    let start = out.len();
    escape(&written.text, in_attribute, out).map_err(|NotXml| {
        let field = match &leaf.what {
            crate::compile::rule::What::Field { id, .. } => Some(*id),
            _ => None,
        };
        let why = "the text holds a control character, which XML 1.0 cannot carry";
        source.fault("wrong-type", &leaf.at, field, why)
    })?;
    leaf.told(start..out.len(), in_attribute, trace);
    Ok(true)
}

/// A character that XML 1.0 has no form for.
#[derive(Debug)]
pub(super) struct NotXml;

/// Writes text so that it is read back as it is; in an attribute its line ends too.
pub(super) fn escape(text: &str, in_attribute: bool, out: &mut String) -> Result<(), NotXml> {
    let is_barred = |c| matches!(c, '\0'..' ' | '\u{fffe}' | '\u{ffff}') && !is_space(c);
    if text.contains(is_barred) {
        return Err(NotXml);
    }
    if in_attribute {
        out.push_str(&Attribute::from(("", text)).value);
    } else {
        out.push_str(&partial_escape(text));
    }
    Ok(())
}

const fn is_space(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t')
}
