//! HL7 v2, straight from the plan: what stands at one level in the order of its numbers, what is
//! empty at an end left out.

use luotsi_model::{FieldId, Value, Values};

use super::{
    output::{Leaf, Output, Stem},
    text::Source,
};
use crate::{
    Fault,
    compile::rule::What,
    document::{LATIN1, Marks, UTF8, escape},
    trace::Write,
};

/// MSH-1 and MSH-2, which all else is written by.
const HEAD: &str = "MSH|^~\\&";
/// What parts fields, components, subcomponents; and the number before the first of them.
const JOINTS: [(char, usize); 3] =
    [(Marks::USUAL.field, 0), (Marks::USUAL.component, 1), (Marks::USUAL.subcomponent, 1)];

pub(super) fn write<T: Write>(
    plan: &Output,
    source: &Source<'_>,
    values: &Values,
    out: &mut String,
    trace: &mut T,
) -> Result<(), Fault> {
    let mut writer = Writer { source, is_latin: plan.is_latin, out, trace };
    for segment in &plan.root.children {
        writer.each(segment, values, &mut |writer, values| writer.segment(segment, values))?;
    }
    Ok(())
}

/// The bytes of what was written; every character has been checked.
pub(super) fn bytes(plan: &Output, text: String) -> Vec<u8> {
    if plan.is_latin { text.chars().map(|c| c as u8).collect() } else { text.into_bytes() }
}

struct Writer<'w, 's, T> {
    source: &'w Source<'s>,
    is_latin: bool,
    out: &'w mut String,
    trace: &'w mut T,
}

impl<T: Write> Writer<'_, '_, T> {
    /// Writes once, or once for each row.
    fn each(
        &mut self,
        stem: &Stem,
        values: &Values,
        one: &mut impl FnMut(&mut Self, &Values) -> Result<bool, Fault>,
    ) -> Result<bool, Fault> {
        let Some(group) = stem.each else { return one(self, values) };
        self.rows(group, values, one)
    }

    fn rows(
        &mut self,
        group: FieldId,
        values: &Values,
        one: &mut impl FnMut(&mut Self, &Values) -> Result<bool, Fault>,
    ) -> Result<bool, Fault> {
        let Some(Value::Group(rows)) = values.get(group) else { return Ok(false) };
        let mut is_kept = false;
        for (number, row) in rows.iter().enumerate() {
            self.trace.opened(number);
            let outer = self.source.enter(number);
            is_kept |= one(self, row)?;
            self.source.left(outer);
            self.trace.closed();
        }
        Ok(is_kept)
    }

    fn segment(&mut self, stem: &Stem, values: &Values) -> Result<bool, Fault> {
        let start = self.out.len();
        let is_head = stem.name() == "MSH";
        self.out.push_str(if is_head { HEAD } else { stem.name() });
        let is_kept = self.parts(stem, values, 0, if is_head { 2 } else { 0 })?;
        match is_kept || stem.is_kept {
            true => self.out.push('\r'),
            false => self.take_back(start),
        }
        Ok(is_kept)
    }

    /// The parts of a segment, field or component, after the one numbered `last`.
    fn parts(
        &mut self,
        stem: &Stem,
        values: &Values,
        level: usize,
        last: usize,
    ) -> Result<bool, Fault> {
        let joint = JOINTS[level].0;
        let (mut last, mut is_kept, mut written) = (last, false, None);
        for part in &stem.children {
            // The compiler lets numbers from 1 through.
            let number = part.number().unwrap_or(1);
            let mut one = |writer: &mut Self, values: &Values| {
                let before = writer.out.len();
                match written == Some(number) {
                    true => writer.out.push(Marks::USUAL.repetition),
                    false => writer.out.extend((last..number).map(|_| joint)),
                }
                let inner = writer.out.len();
                let is_kept = writer.part(part, values, level)?;
                match writer.out.len() == inner {
                    true => writer.out.truncate(before),
                    false => (last, written) = (number, Some(number)),
                }
                Ok(is_kept)
            };
            is_kept |= self.each(part, values, &mut one)?;
        }
        Ok(is_kept)
    }

    fn part(&mut self, stem: &Stem, values: &Values, level: usize) -> Result<bool, Fault> {
        if let Some(leaf) = &stem.own {
            return Ok(self.text(leaf, values)? && leaf.counts);
        }
        let start = self.out.len();
        let level = level + 1;
        let is_kept = match JOINTS.get(level) {
            Some((_, last)) => self.parts(stem, values, level, *last)?,
            None => false,
        };
        if !is_kept && !stem.is_kept {
            self.take_back(start);
        }
        Ok(is_kept)
    }

    fn take_back(&mut self, start: usize) {
        self.trace.taken_back(start);
        self.out.truncate(start);
    }

    fn text(&mut self, leaf: &Leaf, values: &Values) -> Result<bool, Fault> {
        let Some(written) = self.source.of(leaf, values)? else { return Ok(false) };
        let is_beyond = |c: char| c > '\u{ff}' || matches!(c, '\u{80}'..'\u{a0}');
        let start = self.out.len();
        let why = if self.is_latin && written.text.contains(is_beyond) {
            Some("the text holds a character that ISO-8859-1 lacks")
        } else if !escape(&written.text, self.out) {
            Some("the text holds NUL, which HL7 v2 cannot carry")
        } else {
            None
        };
        if let Some(why) = why {
            let field = match &leaf.what {
                What::Field { id, .. } => Some(*id),
                _ => None,
            };
            return Err(self.source.fault("wrong-type", &leaf.at, field, why));
        }
        leaf.told(start..self.out.len(), false, self.trace);
        Ok(true)
    }
}

/// Whether MSH-18 may say that.
pub(crate) fn is_charset(name: &str) -> bool {
    matches!(name, UTF8 | LATIN1)
}
