//! A body of rules: fields, ignored places, groups, and the order of writing.

use luotsi_model::{FieldId, Type, diagnostic::nearest};

use super::{
    check::Check,
    file::{Body, Each, Ignored, Item},
    path,
    rule::{Rule, Scope, Turn},
    ways,
};
use crate::{Format, path::Path, source::Text, trace::Site};

impl Check<'_, '_> {
    /// Checks a body; what is wrong is noted and left out.
    pub(super) fn body(&mut self, body: &Body, group: Option<FieldId>, at: Path) -> Scope {
        let mut scope = Scope::new(group, at, self.ways);
        let names: Vec<&str> = body.each.iter().map(|each| &*each.is.text).collect();
        let mut placed = vec![false; names.len()];
        for item in &body.items {
            match item {
                Item::Rule(rule) => self.item(rule, &mut scope),
                Item::Each(name) => {
                    if let Some(at) = self.placed(name, &names, &mut placed) {
                        scope.turns.push(Turn::Each(at));
                    }
                }
            }
        }
        scope.ignored = body.ignored.iter().filter_map(|item| self.ignored(item)).collect();
        self.groups(body, &mut scope, &placed);
        scope
    }

    fn ignored(&mut self, item: &Ignored) -> Option<(Path, Site)> {
        if item.why.as_ref().is_none_or(|why| why.text.trim().is_empty()) {
            let what = format!("`{}` is ignored without a reason", item.at.text);
            let why = "nothing is left out in silence";
            let mend = "add `why = \"…\"`";
            self.reader.error("LU109", item.at.span.clone(), what, why, mend);
        }
        let site = Site::at(item.at.span.start);
        path(self.reader, &item.at, self.format, self.level, false).map(|at| (at, site))
    }

    /// Which `each` a place mark names.
    fn placed(&mut self, name: &Text, names: &[&str], placed: &mut [bool]) -> Option<usize> {
        let found = names.iter().position(|known| *known == name.text);
        let (what, why, mend) = match found {
            Some(at) if !placed[at] => {
                placed[at] = true;
                return Some(at);
            }
            Some(_) => ("is placed twice", "it is written once", "remove one".to_owned()),
            None => {
                let mend = match nearest(&name.text, names.iter().copied()) {
                    Some(near) => format!("write `{near}`"),
                    None => "name the `is` of an [[each]] beside these fields".into(),
                };
                ("has no [[each]]", "nothing stands to be written here", mend)
            }
        };
        let what = format!("`{}` {what}", name.text);
        self.reader.error("LU113", name.span.clone(), what, why, mend);
        None
    }

    /// The groups; those without a place of their own are written last, in order.
    fn groups(&mut self, body: &Body, scope: &mut Scope, placed: &[bool]) {
        // A group that is refused leaves an empty one in its place, so that places still fit.
        for (at, each) in body.each.iter().enumerate() {
            let inner = self.group(each, scope.group);
            scope.each.push(inner);
            if !placed[at] {
                scope.turns.push(Turn::Each(at));
            }
        }
    }

    fn group(&mut self, each: &Each, outer: Option<FieldId>) -> Scope {
        let at = path(self.reader, &each.at, self.format, self.level, false).unwrap_or_default();
        if self.format.is_table() {
            let why = "a row is one record: its cells hold one value each";
            let what = format!("`{}` cannot repeat in a table", each.at.text);
            let mend = "use a plain rule for each column";
            self.reader.error("LU113", each.at.span.clone(), what, why, mend);
        } else if at.steps.last().is_none_or(|step| step.is_attribute) {
            let why = "rows are elements or items below this place";
            let what = format!("`{}` cannot repeat", each.at.text);
            let mend = "name the element or member that repeats";
            self.reader.error("LU113", each.at.span.clone(), what, why, mend);
        }
        if self.format == Format::Hl7 && self.level + at.steps.len() > 2 {
            let why = "only segments and fields repeat";
            let what = format!("`{}` cannot repeat", each.at.text);
            self.reader.error("LU113", each.at.span.clone(), what, why, "name a segment or field");
        }
        let group = self.find(&each.is, outer);
        if group.is_some_and(|id| self.schema.field(id).holds != Type::Group) {
            let what = format!("`{}` is no group", each.is.text);
            let why = "an [[each]] fills the rows of a repeating group";
            let mend = "name a field whose path ends in [], or use a plain rule";
            self.reader.error("LU113", each.is.span.clone(), what, why, mend);
        }
        let outer_ways = self.ways;
        let outer_level = self.level;
        self.level += at.steps.len();
        self.ways = ways(self.reader, each.one_way.as_ref(), outer_ways);
        let scope = match group {
            Some(id) => self.body(&each.body, Some(id), at),
            None => Scope::new(None, at, self.ways),
        };
        self.ways = outer_ways;
        self.level = outer_level;
        scope
    }
}

impl Scope {
    /// A rule before all others, in reading and writing.
    pub(super) fn insert_first(&mut self, rule: Rule) {
        self.turns.insert(0, Turn::Rule(self.rules.len()));
        self.rules.push(rule);
    }
}
