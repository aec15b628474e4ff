//! The pass: the document's tree and the plan's tree are walked together.

use std::ops::Range;

use luotsi_model::{FieldId, Record, Value, Values, hetu::Strictness};

use super::{
    Decoded,
    account::Account,
    intake::{Branch, Closing, Intake, Take},
    value,
};
use crate::{Document, Fault, Mapping, compile::rule::Form, document::Sort, path::Select};

/// A place of the plan that the current node is at, and the row its values go to.
#[derive(Clone, Copy)]
struct State {
    branch: u32,
    row: u32,
}

/// A record or row being filled.
struct Row {
    plan: u32,
    outer: u32,
    node: u32,
    values: Values,
    /// Fields whose value was refused: they are not missing too.
    refused: Vec<FieldId>,
}

pub(super) struct Walk<'m, 'd, 'i> {
    mapping: &'m Mapping,
    document: &'d Document<'i>,
    strictness: Strictness,
    /// The namespace that elements must be in; none takes any.
    namespace: Option<u16>,
    states: Vec<State>,
    rows: Vec<Row>,
    /// For a branch with an index: its last parent and how many it has had there.
    counted: Vec<(u32, u32)>,
    account: Account<'d, 'i>,
}

impl<'m, 'd, 'i> Walk<'m, 'd, 'i> {
    pub(super) fn new(
        mapping: &'m Mapping,
        document: &'d Document<'i>,
        strictness: Strictness,
    ) -> Self {
        Self {
            mapping,
            document,
            strictness,
            namespace: mapping.guard.namespace_in(document),
            states: Vec::with_capacity(16),
            rows: Vec::with_capacity(4),
            counted: Vec::new(),
            account: Account::new(document),
        }
    }

    pub(super) fn run(mut self) -> Result<Decoded, Vec<Fault>> {
        self.open(0, 0, 0);
        self.states.push(State { branch: 0, row: 0 });
        self.visit(0, 0..1, false);
        self.close();
        let Account { mapped, ignored, unmapped_count, unmapped, faults, warnings, .. } =
            self.account;
        if !faults.is_empty() {
            return Err(faults);
        }
        let values = self.rows.pop().map(|row| row.values).unwrap_or_default();
        let record = Record { kind: self.mapping.schema.kind.clone(), values };
        let places = unmapped.iter().map(|at| self.document.position(*at)).collect();
        let unmapped = unmapped.iter().map(|at| self.document.path(*at)).collect();
        Ok(Decoded { record, mapped, ignored, unmapped_count, unmapped, warnings, places })
    }

    fn branch(&self, at: u32) -> &'m Branch {
        &self.plan().branches[at as usize]
    }

    fn plan(&self) -> &'m Intake {
        &self.mapping.intake
    }

    fn visit(&mut self, node: u32, states: Range<usize>, is_ignored: bool) {
        if self.document.is_leaf(node) {
            self.leaf(node, states.clone(), is_ignored);
        }
        let mut child = node + 1;
        while child < self.document.node(node).end {
            self.child(node, child, states.clone(), is_ignored);
            child = self.document.node(child).end;
        }
    }

    fn child(&mut self, parent: u32, child: u32, states: Range<usize>, is_ignored: bool) {
        let node = self.document.node(child);
        let end = node.end;
        if node.sort != Sort::Array {
            return self.step(parent, child, child, None, states, is_ignored);
        }
        if end == child + 1 {
            return self.empty_list(child, states, is_ignored);
        }
        let (mut item, mut index) = (child + 1, 0);
        while item < end {
            self.step(child, item, child, Some(index), states.clone(), is_ignored);
            item = self.document.node(item).end;
            index += 1;
        }
    }

    /// A list without items is a leaf of its own, known if a rule or group names a list there.
    fn empty_list(&mut self, list: u32, states: Range<usize>, is_ignored: bool) {
        let name = &self.document.node(list).name;
        let branches = self.states[states].iter().flat_map(|at| &self.branch(at.branch).children);
        let (mut is_known, mut is_ignored) = (false, is_ignored);
        for branch in branches.map(|at| self.branch(*at)).filter(|at| *at.step.name == **name) {
            is_known |= branch.is_an_end() || branch.step.select != Select::Any;
            is_ignored |= branch.is_ignored;
        }
        match is_known {
            true => self.account.mapped += 1,
            false => self.account.left(list, is_ignored),
        }
    }

    /// Goes to one node; `named` is the node that bears its name, an array's for an item.
    fn step(
        &mut self,
        parent: u32,
        at: u32,
        named: u32,
        item: Option<u32>,
        states: Range<usize>,
        is_ignored: bool,
    ) {
        let start = self.states.len();
        let mut is_ignored = is_ignored;
        for state in states {
            let State { branch, row } = self.states[state];
            for &next in &self.branch(branch).children {
                let branch = self.branch(next);
                if self.is_named(branch, named) && self.is_selected(next, branch, parent, at, item)
                {
                    is_ignored |= branch.is_ignored;
                    let row = branch.each.map_or(row, |plan| self.open(plan, row, at));
                    self.states.push(State { branch: next, row });
                }
            }
        }
        let end = self.states.len();
        if start == end {
            return self.account.left_all(at, is_ignored);
        }
        self.visit(at, start..end, is_ignored);
        for state in (start..end).rev() {
            if self.branch(self.states[state].branch).each.is_some() {
                self.close();
            }
        }
        self.states.truncate(start);
    }

    fn is_named(&self, branch: &Branch, named: u32) -> bool {
        let node = self.document.node(named);
        let is_in_namespace = match node.sort {
            Sort::Attribute => node.namespace == 0,
            Sort::Element => self.namespace.is_none_or(|wanted| wanted == node.namespace),
            _ => true,
        };
        branch.step.is_attribute == (node.sort == Sort::Attribute)
            && *branch.step.name == *node.name
            && is_in_namespace
    }

    fn is_selected(
        &mut self,
        id: u32,
        branch: &Branch,
        parent: u32,
        at: u32,
        item: Option<u32>,
    ) -> bool {
        let is_json = self.document.format == crate::Format::Json;
        match &branch.step.select {
            // What holds many is not taken for one, nor one for many.
            Select::Any => !is_json || branch.is_ignored || branch.each.is_some() == item.is_some(),
            Select::Index(wanted) if is_json => item == Some(*wanted),
            Select::Index(wanted) => self.count(id, parent) == *wanted,
            Select::Where { key, is_attribute, value } => {
                (!is_json || item.is_some()) && self.document.has(at, key, *is_attribute, value)
            }
        }
    }

    /// Which of the branch's nodes in `parent` this one is, from 0.
    fn count(&mut self, branch: u32, parent: u32) -> u32 {
        if self.counted.is_empty() {
            self.counted.resize(self.plan().branches.len(), (u32::MAX, 0));
        }
        let (last, count) = &mut self.counted[branch as usize];
        *count = if *last == parent { *count + 1 } else { 0 };
        *last = parent;
        *count
    }

    fn leaf(&mut self, leaf: u32, states: Range<usize>, is_ignored: bool) {
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
            true => self.account.mapped += 1,
            false => self.account.left(leaf, is_ignored),
        }
    }

    fn take(&mut self, take: &'m Take, row: u32, leaf: u32) -> bool {
        let node = self.document.node(leaf);
        match take {
            Take::Key => true,
            Take::Constant(constant) => {
                let is_bare = matches!(node.sort, Sort::Number | Sort::Boolean);
                let is_json_form = node.sort == Sort::String || is_bare;
                if *node.text != *constant.text || (is_json_form && constant.is_quoted == is_bare) {
                    let why = "the mapping has a constant here, and the document another value";
                    self.account.fault("constant-differs", leaf, None, why.into());
                }
                true
            }
            Take::Field { id, form, when } => {
                let place = self.rows[row as usize].node;
                let holds = |(path, value): &(_, Box<str>)| {
                    self.document.text_at(place, path).is_some_and(|text| *text == **value)
                };
                let is_free = self.rows[row as usize].values.get(*id).is_none();
                if !is_free || !when.as_ref().is_none_or(holds) {
                    return false;
                }
                self.fill(*id, form, row, leaf);
                true
            }
        }
    }

    fn fill(&mut self, id: FieldId, form: &Form, row: u32, leaf: u32) {
        let node = self.document.node(leaf);
        let field = (&*self.mapping.schema, id);
        match value::of_leaf(form, node.sort, &node.text, self.strictness) {
            Ok((value, let_through)) => {
                if let Some(error) = let_through {
                    self.account.warn(leaf, field, error.to_string());
                }
                self.rows[row as usize].values.set(id, value);
            }
            Err((code, why)) => {
                self.account.fault(code, leaf, Some(field), why);
                self.rows[row as usize].refused.push(id);
            }
        }
    }

    fn open(&mut self, plan: u32, outer: u32, node: u32) -> u32 {
        let values = Values::with_capacity(self.plan().scopes[plan as usize].count);
        self.rows.push(Row { plan, outer, node, values, refused: Vec::new() });
        self.rows.len() as u32 - 1
    }

    /// Completes the innermost row and gives it to its group; the record itself stays.
    fn close(&mut self) {
        let Some(mut row) = self.rows.pop() else { return };
        let closing = &self.plan().scopes[row.plan as usize];
        self.judge(&row, closing);
        if !row.values.is_empty() || closing.group.is_none() {
            for (id, value) in closing.fixed.iter().chain(&closing.defaults) {
                if row.values.get(*id).is_none() {
                    row.values.set(*id, value.clone());
                }
            }
        }
        match closing.group {
            None => self.rows.push(row),
            Some(_) if row.values.is_empty() => {}
            Some(group) => {
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
    fn judge(&mut self, row: &Row, closing: &'m Closing) {
        let schema = &*self.mapping.schema;
        let has_default = |id| closing.defaults.iter().any(|(known, _)| *known == id);
        for (id, at) in &closing.needed {
            if row.values.get(*id).is_none() && !row.refused.contains(id) && !has_default(*id) {
                self.account.missing(row.node, at, (schema, *id));
            }
        }
    }
}
