//! Filling: leaves into fields, rows into their groups.

use std::ops::Range;

use luotsi_model::{FieldId, Value, Values};

use super::{
    intake::{Closing, Take},
    value::{self, Note},
    walk::{Row, State, Walk},
};
use crate::{
    compile::rule::{Condition, Constant, Form, Formula},
    document::Sort,
    expression::Given,
    path::Path,
    trace::{Read, Site},
};

impl<'m, T: Read> Walk<'m, '_, '_, T> {
    pub(super) fn leaf(&mut self, leaf: u32, states: Range<usize>, ignored: Option<Site>) {
        self.account.trace.leaf(leaf);
        let node = self.document.node(leaf);
        let is_absent = node.text.is_empty() || node.sort == Sort::Null;
        let mut is_taken = false;
        for state in states {
            let State { branch, row } = self.states[state];
            let branch = self.branch(branch);
            if is_absent {
                // Known only where a rule or group ends: an empty list's surroundings say nothing.
                is_taken |= branch.is_an_end();
                continue;
            }
            for take in &branch.takes {
                is_taken |= self.take(take, row, leaf);
            }
        }
        match is_taken {
            true => self.account.took(),
            false => self.account.left(leaf, ignored),
        }
    }

    fn take(&mut self, take: &'m Take, row: u32, leaf: u32) -> bool {
        match take {
            Take::Known => true,
            Take::Constant(constant, by) => {
                self.account.trace.met(*by);
                self.constant(constant, leaf);
                true
            }
            Take::Field { id, form, when, reading, by } => {
                let is_free = self.rows[row as usize].values.get(*id).is_none();
                let is_meant =
                    is_free && when.as_ref().is_none_or(|when| self.holds(when, *id, row, leaf));
                if is_meant {
                    self.fill(*id, form, reading.as_ref(), row, leaf, *by);
                }
                is_meant
            }
        }
    }

    fn constant(&mut self, constant: &Constant, leaf: u32) {
        let node = self.document.node(leaf);
        let is_bare = matches!(node.sort, Sort::Number | Sort::Boolean);
        let is_other_form = match node.sort {
            Sort::Element | Sort::Attribute => false,
            _ => constant.is_quoted == is_bare,
        };
        if *node.text != *constant.text || is_other_form {
            let why = "the mapping has a constant here, and the document another value";
            self.account.fault("constant-differs", leaf, None, why.into());
        }
    }

    /// Whether a rule's condition holds. A text is looked up once a row, for all the leaves that
    /// ask; an expression sees the leaf.
    fn holds(&mut self, when: &'m Condition, id: FieldId, row: u32, leaf: u32) -> bool {
        match when {
            Condition::Text(at, value) => {
                let row = &mut self.rows[row as usize];
                let is_it = |(asked, _): &&(&Condition, bool)| std::ptr::eq(*asked, when);
                if let Some((_, known)) = row.asked.iter().find(is_it) {
                    return *known;
                }
                let found = self.document.text_at(row.node, at);
                let holds = found.is_some_and(|text| *text == **value);
                row.asked.push((when, holds));
                holds
            }
            Condition::Formula(formula) => {
                let held = formula.expression.holds(&self.given(formula, row, leaf));
                // A condition that cannot be told takes the leaf with its fault.
                held.unwrap_or_else(|why| {
                    self.unfit(id, row, leaf, ("expression-failed", why.to_owned()));
                    false
                })
            }
        }
    }

    /// What the names of an expression stand for: the leaf's text, then places of the row.
    fn given(&self, formula: &Formula<Path>, row: u32, leaf: u32) -> Vec<Given<'_>> {
        let row = self.rows[row as usize].node;
        let own = given(&self.document.node(leaf).text);
        let place = |at| self.document.text_at(row, at).map_or(Given::Nothing, given);
        std::iter::once(own).chain(formula.inputs.iter().map(place)).collect()
    }

    fn fill(
        &mut self,
        id: FieldId,
        form: &Form,
        reading: Option<&Formula<Path>>,
        row: u32,
        leaf: u32,
        by: Site,
    ) {
        let node = self.document.node(leaf);
        let valued = match reading {
            None => value::of_leaf(form, node.sort, &node.text, self.strictness).map(Some),
            Some(formula) => match formula.expression.text(&self.given(formula, row, leaf)) {
                Ok(None) => Ok(None),
                Ok(Some(made)) => value::of_text(form, &made.text, self.strictness).map(Some),
                Err(why) => Err(("expression-failed", why.to_owned())),
            },
        };
        match valued {
            Ok(None) => self.account.trace.met(by),
            Ok(Some((value, note))) => {
                match (note, &form.codes) {
                    (Some(Note::Unsound(error)), _) => {
                        let field = (&*self.mapping.schema, id);
                        self.account.warn(leaf, field, error.to_string());
                    }
                    (Some(Note::Lossy), Some(table)) => self.account.lost(leaf, table.name()),
                    _ => {}
                }
                self.account.trace.filled(row, id, by);
                self.rows[row as usize].values.set(id, value);
            }
            Err(wrong) => {
                self.account.trace.met(by);
                self.unfit(id, row, leaf, wrong);
            }
        }
    }

    fn unfit(&mut self, id: FieldId, row: u32, leaf: u32, (code, why): value::Wrong) {
        self.account.fault(code, leaf, Some((&*self.mapping.schema, id)), why);
        self.rows[row as usize].refused.push(id);
    }

    pub(super) fn open(&mut self, plan: u32, outer: u32, node: u32) -> u32 {
        self.account.trace.opened();
        let values = Values::with_capacity(self.plan().scopes[plan as usize].count);
        self.rows.push(Row { plan, outer, node, values, refused: Vec::new(), asked: Vec::new() });
        self.rows.len() as u32 - 1
    }

    /// Completes the innermost row and gives it to its group; the record itself stays.
    pub(super) fn close(&mut self) {
        let Some(mut row) = self.rows.pop() else { return };
        let closing = &self.plan().scopes[row.plan as usize];
        self.judge(&row, closing);
        if !row.values.is_empty() || closing.group.is_none() {
            for (id, value, by) in closing.fixed.iter().chain(&closing.defaults) {
                if row.values.get(*id).is_none() {
                    self.account.trace.given(*id, *by);
                    row.values.set(*id, value.clone());
                }
            }
        }
        match closing.group {
            None => self.rows.push(row),
            Some(_) if row.values.is_empty() => self.account.trace.closed(None),
            Some(group) => {
                self.account.trace.closed(Some(group));
                let values = &mut self.rows[row.outer as usize].values;
                match values.get_mut(group) {
                    Some(Value::Group(rows)) => rows.push(row.values),
                    _ => drop(values.set(group, Value::Group(vec![row.values]))),
                }
            }
        }
    }

    /// What is needed must be there, in an empty row too: an empty recipient must not pass for
    /// no recipient.
    fn judge(&mut self, row: &Row<'_>, closing: &'m Closing) {
        let schema = &*self.mapping.schema;
        let has_default = |id| closing.defaults.iter().any(|(known, ..)| *known == id);
        for (id, at) in &closing.needed {
            if row.values.get(*id).is_none() && !row.refused.contains(id) && !has_default(*id) {
                self.account.missing(row.node, at, (schema, *id));
            }
        }
    }
}

fn given(text: &str) -> Given<'_> {
    if text.is_empty() { Given::Nothing } else { Given::Text(text) }
}
