//! What must hold between rules.

use super::{
    check::Check,
    file::{Body, File, Item},
    rule::{Rule, Scope, What},
};
use crate::{
    Format,
    path::{Path, Select},
    source::Span,
};

impl Check<'_, '_> {
    /// Notes what is wrong between the rules of the whole file.
    pub(super) fn laws(&mut self, record: &Scope, file: &File) {
        self.between(record, &file.body);
        if self.ways.reads {
            self.filled(record, file);
        }
    }

    /// Rules of one scope against each other, then the same for its groups.
    fn between(&mut self, scope: &Scope, body: &Body) {
        // Where a rule was refused, what it would have clashed with is unknown.
        if !self.reader.failed() {
            self.one_source(scope, body);
            self.one_writer(scope, body);
        }
        if !self.reader.failed() {
            self.one_each(scope, body);
            self.steady(scope, body);
        }
        for (inner, each) in scope.each.iter().zip(&body.each) {
            self.between(inner, &each.body);
        }
    }

    /// In reading a field has one source, unless conditions part them.
    fn one_source(&mut self, scope: &Scope, body: &Body) {
        let spans = spans(body);
        let reading = |at: usize| scope.rules[at].reads.then(|| scope.rules[at].field()).flatten();
        for later in 0..scope.rules.len() {
            let Some(id) = reading(later) else { continue };
            let is_parted = |at: usize| scope.rules[at].when.is_some();
            let clash = (0..later)
                .any(|at| reading(at) == Some(id) && !(is_parted(at) && is_parted(later)));
            let is_fixed = scope.fixed.iter().any(|(fixed, ..)| *fixed == id);
            if clash || is_fixed {
                let path = self.schema.field(id).path.clone();
                let what = format!("`{path}` is read from two places");
                let why = "the second would be lost in silence";
                let mend = "keep one, make one `one_way = \"out\"`, or part them by `when`";
                let span = spans.get(later).cloned().unwrap_or_default();
                self.reader.error("LU106", span, what, why, mend);
            }
        }
    }

    /// In writing a place has one writer, and is a value, an object or an array, not two of them.
    fn one_writer(&mut self, scope: &Scope, body: &Body) {
        let spans = spans(body);
        let writing: Vec<usize> =
            (0..scope.rules.len()).filter(|at| scope.rules[*at].writes).collect();
        let groups = scope.each.iter().filter(|each| each.writes);
        let groups: Vec<&Path> = groups.map(|each| &each.at).collect();
        for (nth, later) in writing.iter().enumerate() {
            let at = &scope.rules[*later].at;
            let earlier = writing[..nth].iter().map(|at| &scope.rules[*at].at);
            let span = spans.get(*later).cloned().unwrap_or_default();
            for other in earlier.chain(groups.iter().copied()) {
                let is_group = groups.iter().any(|group| std::ptr::eq(*group, other));
                if let Some((code, why)) = clash(at, other, is_group, self.format) {
                    let what = format!("`{at}` cannot be written beside `{other}`");
                    let mend = "keep one, or make one `one_way = \"in\"`";
                    self.reader.error(code, span.clone(), what, why, mend);
                    break;
                }
            }
        }
    }

    /// Holes between indexed siblings are closed up in writing: what is read back by its index
    /// must not have moved.
    fn steady(&mut self, scope: &Scope, body: &Body) {
        let spans = spans(body);
        for (at, rule) in
            scope.rules.iter().enumerate().filter(|(_, rule)| rule.reads && rule.writes)
        {
            let moving = scope.rules.iter().find(|other| {
                other.writes
                    && is_before(&other.at, &rule.at)
                    && !holds_place(scope, other, &rule.at)
            });
            if let Some(other) = moving {
                let what = format!("`{}` moves up where `{}` has no value", rule.at, other.at);
                let why = "written and read back it would fill another field";
                let mend = "select by [name=value], or put a constant into the earlier one";
                let span = spans.get(at).cloned().unwrap_or_default();
                self.reader.warning("LU108", span, what, why, mend);
            }
        }
    }

    /// A group is read by one [[each]], and written by one at each place.
    fn one_each(&mut self, scope: &Scope, body: &Body) {
        for (at, later) in scope.each.iter().enumerate() {
            let clash = scope.each[..at].iter().any(|earlier| {
                let is_doubled = earlier.writes && later.writes && earlier.at == later.at;
                let meet = earlier.reads && later.reads || is_doubled;
                later.group.is_some() && earlier.group == later.group && meet
            });
            if clash {
                let text = &body.each[at].is;
                let what = format!("`{}` has two [[each]]", text.text);
                let why = "its rows would be mixed or doubled";
                let mend = "keep one, or give them `one_way = \"in\"` and `\"out\"`";
                self.reader.error("LU113", text.span.clone(), what, why, mend);
            }
        }
    }

    /// Each required field is filled by something, else every document would be refused.
    fn filled(&mut self, record: &Scope, file: &File) {
        let span = file.record.as_ref().map(|text| text.span.clone()).unwrap_or_default();
        let scopes = flatten(record);
        for (id, field) in self.schema.leaves().filter(|(_, field)| field.required) {
            let is_its = |scope: &&&Scope| scope.group == field.group && scope.reads;
            let Some(scope) = scopes.iter().find(is_its) else { continue };
            let is_read = scope.rules.iter().any(|rule| rule.reads && rule.field() == Some(id));
            if is_read || scope.fixed.iter().any(|(fixed, ..)| *fixed == id) {
                continue;
            }
            let group = field.group.map(|id| format!("{}.", self.schema.field(id).path));
            let name = group.and_then(|group| field.path.strip_prefix(&*group));
            let name = name.unwrap_or(&field.path);
            let mend = format!("add a rule with `is = \"{name}\"`, or set `one_way = \"out\"`");
            let what = format!("nothing fills the required field `{}`", field.path);
            let why = "every document would be refused";
            self.reader.error("LU110", span.clone(), what, why, mend);
        }
    }
}

/// Where the rules stand that have a place in the document, in order.
fn spans(body: &Body) -> Vec<Span> {
    let rules = body.items.iter().filter_map(|item| match item {
        Item::Rule(rule) => Some(rule),
        Item::Each(_) => None,
    });
    rules.filter(|rule| rule.at.is_some()).map(|rule| rule.span.clone()).collect()
}

/// Whether `a` stands in an earlier sibling of the one that `b` stands in, both by index.
fn is_before(a: &Path, b: &Path) -> bool {
    let shared = a.steps.iter().zip(&b.steps).take_while(|(a, b)| a == b).count();
    match (a.steps.get(shared), b.steps.get(shared)) {
        (Some(a), Some(b)) if a.name == b.name => match (&a.select, &b.select) {
            (Select::Index(a), Select::Index(b)) => a < b,
            _ => false,
        },
        _ => false,
    }
}

/// Whether something is always written in the sibling that `other` stands in.
fn holds_place(scope: &Scope, other: &Rule, later: &Path) -> bool {
    let shared = other.at.steps.iter().zip(&later.steps).take_while(|(a, b)| a == b).count();
    let sibling = &other.at.steps[..=shared];
    scope.rules.iter().any(|rule| {
        let is_constant = matches!(rule.what, What::Constant(_)) && rule.with.is_none();
        let is_sure = is_constant || rule.is_required || rule.fallback.is_some();
        rule.writes && is_sure && rule.at.steps.starts_with(sibling)
    })
}

fn flatten(scope: &Scope) -> Vec<&Scope> {
    let mut all = vec![scope];
    for inner in &scope.each {
        all.extend(flatten(inner));
    }
    all
}

fn clash(
    a: &Path,
    b: &Path,
    is_group: bool,
    format: Format,
) -> Option<(&'static str, &'static str)> {
    let shared = a.steps.iter().zip(&b.steps).take_while(|(a, b)| a == b).count();
    let (rest_a, rest_b) = (&a.steps[shared..], &b.steps[shared..]);
    if rest_a.is_empty() && rest_b.is_empty() && !is_group {
        return Some(("LU106", "two rules write one place"));
    }
    if format != Format::Json {
        return None;
    }
    match (rest_a.first(), rest_b.first()) {
        (Some(a), Some(b)) if a.name == b.name => {
            let is_last = rest_b.len() == 1;
            let is_array = |select: &Select| *select != Select::Any;
            let b_is_array = is_array(&b.select) || (is_group && is_last);
            (is_array(&a.select) != b_is_array)
                .then_some(("LU105", "the same member is an array in one and not in the other"))
        }
        (None, _) | (_, None) if !is_group => {
            Some(("LU106", "the same place is a value in one and an object in the other"))
        }
        (None, Some(_)) => {
            Some(("LU106", "the same place is a value in one and an object in the other"))
        }
        (Some(_), None) => {
            Some(("LU105", "the same member is an array in one and not in the other"))
        }
        (None, None) => {
            Some(("LU106", "the same place is a value in one and an array in the other"))
        }
        _ => None,
    }
}
