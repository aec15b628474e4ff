//! The pass: the document's tree and the plan's tree are walked together.

use std::ops::Range;

use luotsi_model::{FieldId, Record, Values, hetu::Strictness};

use super::{
    Decoded,
    account::Account,
    intake::{Branch, Intake},
};
use crate::{
    Document, Fault, Format, Mapping,
    compile::rule::Condition,
    document::Sort,
    path::Select,
    trace::{Read, Site},
};

/// A place of the plan that the current node is at, and the row its values go to.
#[derive(Clone, Copy)]
pub(super) struct State {
    pub(super) branch: u32,
    pub(super) row: u32,
}

/// A record or row being filled.
pub(super) struct Row<'m> {
    /// A place in [`Intake::scopes`].
    pub(super) plan: u32,
    /// The row that it stands in.
    pub(super) outer: u32,
    pub(super) node: u32,
    pub(super) values: Values,
    /// Fields whose value was refused: they are not missing too.
    pub(super) refused: Vec<FieldId>,
    /// Conditions that were looked up, and whether they hold.
    pub(super) asked: Vec<(&'m Condition, bool)>,
}

pub(super) struct Walk<'m, 'd, 'i, T> {
    pub(super) mapping: &'m Mapping,
    pub(super) document: &'d Document<'i>,
    pub(super) strictness: Strictness,
    /// The namespace that elements must be in; none takes any.
    namespace: Option<u16>,
    pub(super) states: Vec<State>,
    pub(super) rows: Vec<Row<'m>>,
    /// For a branch with an index: its last parent and how many it has had there.
    counted: Vec<(u32, u32)>,
    pub(super) account: Account<'d, 'i, T>,
}

impl<'m, 'd, 'i, T: Read> Walk<'m, 'd, 'i, T> {
    pub(super) fn new(
        mapping: &'m Mapping,
        document: &'d Document<'i>,
        strictness: Strictness,
        trace: T,
    ) -> Self {
        Self {
            mapping,
            document,
            strictness,
            namespace: mapping.guard.namespace_in(document),
            states: Vec::with_capacity(16),
            rows: Vec::with_capacity(4),
            counted: Vec::new(),
            account: Account::new(document, trace),
        }
    }

    /// The record or the faults, and the listener.
    pub(super) fn run(mut self) -> (Result<Decoded, Vec<Fault>>, T) {
        self.open(0, 0, 0);
        self.states.push(State { branch: 0, row: 0 });
        self.visit(0, 0..1, None);
        self.close();
        let Account {
            trace,
            mapped,
            ignored,
            unmapped_count,
            unmapped,
            faults,
            warnings,
            lossy,
            ..
        } = self.account;
        if !faults.is_empty() {
            return (Err(faults), trace);
        }
        let values = self.rows.pop().map(|row| row.values).unwrap_or_default();
        let record = Record { kind: self.mapping.schema.kind.clone(), values };
        let places = unmapped.iter().map(|at| self.document.position(*at)).collect();
        let unmapped = unmapped.iter().map(|at| self.document.path(*at)).collect();
        let decoded =
            Decoded { record, mapped, ignored, unmapped_count, unmapped, warnings, lossy, places };
        (Ok(decoded), trace)
    }

    pub(super) fn branch(&self, at: u32) -> &'m Branch {
        &self.plan().branches[at as usize]
    }

    pub(super) fn plan(&self) -> &'m Intake {
        &self.mapping.intake
    }

    fn visit(&mut self, node: u32, states: Range<usize>, ignored: Option<Site>) {
        if self.document.is_leaf(node) {
            self.leaf(node, states.clone(), ignored);
        }
        let mut child = node + 1;
        while child < self.document.node(node).end {
            self.child(node, child, states.clone(), ignored);
            child = self.document.node(child).end;
        }
    }

    fn child(&mut self, parent: u32, child: u32, states: Range<usize>, ignored: Option<Site>) {
        let node = self.document.node(child);
        let end = node.end;
        if node.sort != Sort::Array {
            return self.step(parent, child, child, None, states, ignored);
        }
        if end == child + 1 {
            return self.empty_list(child, states, ignored);
        }
        let (mut item, mut index) = (child + 1, 0);
        while item < end {
            self.step(child, item, child, Some(index), states.clone(), ignored);
            item = self.document.node(item).end;
            index += 1;
        }
    }

    /// A list without items is a leaf of its own, known if a rule or group names a list there.
    fn empty_list(&mut self, list: u32, states: Range<usize>, ignored: Option<Site>) {
        let name = &self.document.node(list).name;
        let branches = self.states[states].iter().flat_map(|at| &self.branch(at.branch).children);
        let (mut is_known, mut ignored) = (false, ignored);
        for branch in branches.map(|at| self.branch(*at)).filter(|at| *at.step.name == **name) {
            is_known |= branch.is_an_end() || branch.step.select != Select::Any;
            ignored = ignored.or(branch.ignored);
        }
        self.account.trace.leaf(list);
        match is_known {
            true => self.account.took(),
            false => self.account.left(list, ignored),
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
        ignored: Option<Site>,
    ) {
        let start = self.states.len();
        let mut ignored = ignored;
        for state in states {
            let State { branch, row } = self.states[state];
            for &next in &self.branch(branch).children {
                let branch = self.branch(next);
                if self.is_named(branch, named) && self.is_selected(next, branch, parent, at, item)
                {
                    ignored = ignored.or(branch.ignored);
                    let row = branch.each.map_or(row, |plan| self.open(plan, row, at));
                    self.states.push(State { branch: next, row });
                }
            }
        }
        let end = self.states.len();
        if start == end {
            return self.account.left_all(at, ignored);
        }
        self.visit(at, start..end, ignored);
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
        let is_json = self.document.format == Format::Json;
        match &branch.step.select {
            // What holds many is not taken for one, nor one for many.
            Select::Any => {
                !is_json || branch.is_any_item || branch.each.is_some() == item.is_some()
            }
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
}
