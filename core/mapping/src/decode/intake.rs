//! The reading plan: the rules as a tree of steps, so that one pass over a document meets each
//! rule where it stands.

use luotsi_model::{FieldId, Schema, Value};

use crate::{
    compile::rule::{Condition, Constant, Form, Formula, Rule, Scope, What},
    path::{Path, Select, Step, key_steps},
    trace::Site,
};

/// A step of one or more rules.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(super) step: Step,
    pub(super) children: Vec<u32>,
    pub(super) takes: Vec<Take>,
    /// Of an ignored place: without a selector it stands for every item of a list.
    pub(super) is_any_item: bool,
    /// By what everything below is ignored unless a rule takes it.
    pub(super) ignored: Option<Site>,
    /// The rows that start here, a place in [`Intake::scopes`].
    pub(super) each: Option<u32>,
}

/// What a leaf is for.
#[derive(Debug)]
pub(crate) enum Take {
    Field {
        id: FieldId,
        form: Form,
        when: Option<Condition>,
        reading: Option<Formula<Path>>,
        by: Site,
    },
    Constant(Constant, Site),
    /// The key of a selector, which has held already, or what an expression looks up.
    Known,
}

/// What is judged when a record or row is complete.
#[derive(Debug)]
pub(crate) struct Closing {
    pub(super) group: Option<FieldId>,
    pub(super) fixed: Vec<(FieldId, Value, Site)>,
    pub(super) defaults: Vec<(FieldId, Value, Site)>,
    /// Fields that must be there, and where they are looked for.
    pub(super) needed: Vec<(FieldId, Path)>,
    /// How many fields there can be.
    pub(super) count: usize,
}

/// The whole plan. Branch 0 is the root.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(super) branches: Vec<Branch>,
    pub(super) scopes: Vec<Closing>,
}

impl Intake {
    pub(crate) fn build(record: &Scope, schema: &Schema) -> Self {
        let root = Step { name: "".into(), is_attribute: false, select: Select::Any };
        let mut plan = Self { branches: vec![Branch::new(root)], scopes: Vec::new() };
        plan.scope(record, 0, schema);
        plan
    }

    /// Whether a rule or an ignored place begins with that name.
    pub(crate) fn knows(&self, name: &str) -> bool {
        let first = &self.branches[0].children;
        first.iter().any(|at| *self.branches[*at as usize].step.name == *name)
    }

    fn scope(&mut self, scope: &Scope, root: u32, schema: &Schema) -> u32 {
        let at = self.scopes.len() as u32;
        self.scopes.push(Closing::of(scope, schema));
        for rule in scope.rules.iter().filter(|rule| rule.reads) {
            let branch = self.reach(root, &rule.at);
            self.branches[branch as usize].takes.extend(take(rule));
            for path in rule.looked_up() {
                let branch = self.reach(root, path);
                self.branches[branch as usize].takes.push(Take::Known);
            }
        }
        for (path, by) in &scope.ignored {
            let branch = path.steps.iter().fold(root, |at, step| {
                let next = self.grow(at, step);
                self.branches[next as usize].is_any_item = true;
                next
            });
            self.branches[branch as usize].ignored = Some(*by);
        }
        for inner in scope.each.iter().filter(|inner| inner.reads) {
            let Some((last, before)) = inner.at.steps.split_last() else { continue };
            let parent = self.reach(root, &Path::of(before.to_vec()));
            // Its own branch, even beside a like one: the rows' values go elsewhere.
            let branch = self.grow(parent, last);
            let each = self.scope(inner, branch, schema);
            self.branches[branch as usize].each = Some(each);
        }
        at
    }

    fn reach(&mut self, from: u32, path: &Path) -> u32 {
        path.steps.iter().fold(from, |at, step| {
            let known = self.branches[at as usize].children.iter().copied();
            let is_same = |child: &u32| {
                let child = &self.branches[*child as usize];
                child.step == *step && child.each.is_none()
            };
            known.into_iter().find(is_same).unwrap_or_else(|| self.grow(at, step))
        })
    }

    fn grow(&mut self, parent: u32, step: &Step) -> u32 {
        let at = self.branches.len() as u32;
        self.branches.push(Branch::new(step.clone()));
        self.branches[parent as usize].children.push(at);
        if let Select::Where { key, is_attribute, .. } = &step.select {
            let key = self.reach(at, &Path::of(key_steps(key, *is_attribute)));
            self.branches[key as usize].takes.push(Take::Known);
        }
        at
    }
}

impl Branch {
    fn new(step: Step) -> Self {
        let (children, takes) = (Vec::new(), Vec::new());
        Self { step, children, takes, is_any_item: false, ignored: None, each: None }
    }

    /// Whether a rule or a group's row ends here, not only leads on.
    pub(super) fn is_an_end(&self) -> bool {
        !self.takes.is_empty() || self.each.is_some()
    }
}

impl Closing {
    fn of(scope: &Scope, schema: &Schema) -> Self {
        let reading = || scope.rules.iter().filter(|rule| rule.reads);
        let filled = |rule: &Rule| Some((rule.field()?, rule.default.clone()?, rule.site));
        let is_needed = |rule: &&Rule| {
            rule.is_required || rule.field().is_some_and(|id| schema.field(id).required)
        };
        let needed = |rule: &Rule| Some((rule.field()?, rule.at.clone()));
        Self {
            group: scope.group,
            fixed: scope.fixed.clone(),
            defaults: reading().filter_map(filled).collect(),
            needed: reading().filter(is_needed).filter_map(needed).collect(),
            count: reading().count() + scope.fixed.len() + scope.each.len(),
        }
    }
}

fn take(rule: &Rule) -> Option<Take> {
    match &rule.what {
        What::Field { id, form } => {
            let (when, reading) = (rule.when.clone(), rule.reading.clone());
            Some(Take::Field { id: *id, form: form.clone(), when, reading, by: rule.site })
        }
        What::Constant(constant) => Some(Take::Constant(constant.clone(), rule.site)),
        What::Context { .. } | What::Template(_) | What::Computed => None,
    }
}
