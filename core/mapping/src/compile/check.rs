//! One rule at a time: does it say something, and does that fit the field.

use std::{collections::BTreeMap, sync::Arc};

use luotsi_model::{FieldId, Schema, Type, diagnostic::nearest};

use super::{
    Ways, file, path,
    rule::{CONTEXT, Constant, Form, Part, ROW, Rule, Scope, Turn, What},
    ways,
};
use crate::{
    Format, codes,
    source::{Reader, Text},
    trace::Site,
};

/// What rules are judged against.
pub(super) struct Check<'c, 'f> {
    pub(super) reader: &'c mut Reader<'f>,
    /// The file's.
    pub(super) text: &'c str,
    pub(super) format: Format,
    pub(super) schema: &'c Schema,
    pub(super) codes: &'c BTreeMap<String, Arc<codes::Table>>,
    pub(super) ways: Ways,
    /// How many steps lead to the rows that are judged.
    pub(super) level: usize,
}

impl Check<'_, '_> {
    pub(super) fn error(
        &mut self,
        code: &'static str,
        text: &Text,
        what: &str,
        why: &str,
        mend: &str,
    ) {
        let what = what.replace("{}", &text.text);
        self.reader.error(code, text.span.clone(), what, why, mend);
    }

    /// Takes one item of `fields` into its scope.
    pub(super) fn item(&mut self, item: &file::Rule, scope: &mut Scope) {
        let ways = ways(self.reader, item.one_way.as_ref(), self.ways);
        self.idle(item, ways);
        match (&item.at, &item.is, &item.constant) {
            (None, Some(is), Some((constant, _))) => {
                self.fixed(is, constant, Site::at(item.span.start), scope);
            }
            (None, ..) => {
                let why = "a rule without a place gives a field a constant: `is` and `constant`";
                let mend = "add `at = \"…\"`";
                self.reader.error("LU101", item.span.clone(), "`at` is missing", why, mend);
            }
            (Some(at), ..) => {
                if let Some(rule) = self.rule(item, at, ways, scope.group) {
                    scope.turns.push(Turn::Rule(scope.rules.len()));
                    scope.rules.push(rule);
                }
            }
        }
    }

    fn rule(
        &mut self,
        item: &file::Rule,
        at: &Text,
        ways: Ways,
        group: Option<FieldId>,
    ) -> Option<Rule> {
        let at = path(self.reader, at, self.format, self.level, true);
        let what = self.what(item, ways, group);
        let default = item.default.as_ref().filter(|_| ways.reads);
        let default =
            default.and_then(|text| self.default(text, what.as_ref().map(|(what, _)| what)));
        let fallback = item.default.as_ref().filter(|_| !ways.reads);
        let with = item.with.as_ref().and_then(|with| self.find(with, group));
        let formulas = self.formulas(item, ways, group);
        let (what, Ways { reads, writes }) = what?;
        let (read, written) = formulas?;
        Some(Rule {
            site: Site::at(item.span.start),
            at: at?,
            what,
            reads,
            writes,
            is_required: item.required,
            default,
            fallback: fallback.map(|text| text.text.as_str().into()),
            with,
            when: read.when,
            reading: read.expr,
            on: written.when,
            writing: written.expr,
        })
    }

    /// Settings that have no effect in the directions the rule goes.
    fn idle(&mut self, item: &file::Rule, ways: Ways) {
        if let Some(file::When::Text(text, _)) = &item.when {
            if !ways.reads {
                let why = "a place of the document is there in reading only";
                let mend = "remove it, or write an expression over fields";
                self.error("LU108", text, "this has no effect", why, mend);
            } else if ways.writes {
                let what = format!("a rule under the condition `{}` writes too", text.text);
                let why = "it is written whether the condition holds or not";
                let mend = "give it `one_way = \"in\"`, and write by a rule of its own";
                self.reader.warning("LU108", text.span.clone(), what, why, mend);
            }
        }
        for text in item.region.iter().filter(|_| ways.writes) {
            let why = "how the number stood in its national form cannot be known from E.164";
            let mend = "give it `one_way = \"in\"`, and write E.164 by a rule of its own";
            self.error("LU108", text, "a national form cannot be written back", why, mend);
        }
        for text in item.with.iter().filter(|_| !ways.writes) {
            let why = "`with` is about writing, and this rule only reads";
            self.error("LU108", text, "this has no effect", why, "remove it, or write too");
        }
    }

    /// What the rule puts at its place, and the directions it can go.
    fn what(
        &mut self,
        item: &file::Rule,
        ways: Ways,
        group: Option<FieldId>,
    ) -> Option<(What, Ways)> {
        let given = [item.is.is_some(), item.constant.is_some(), item.template.is_some()];
        if let ([false, false, false], Some(file::Expr::OneWay(text))) = (given, &item.expr) {
            self.plain(item);
            return Some((What::Computed, self.out_only(text, item, ways)));
        }
        if given.iter().filter(|given| **given).count() != 1 {
            let why =
                "a place holds one thing: a field, a constant, a template or what `expr` gives";
            let mend = "keep one of `is`, `constant` and `template`";
            let what = "not exactly one of `is`, `constant`, `template`";
            self.reader.error("LU107", item.span.clone(), what, why, mend);
            return None;
        }
        match (&item.is, &item.constant, &item.template) {
            (Some(is), ..) if is.text.starts_with('$') => {
                let name = self.context(is, &is.text, group)?;
                let form = self.form(item, Type::Instant, name == 3)?;
                Some((What::Context { name, form }, self.out_only(is, item, ways)))
            }
            (Some(is), ..) => {
                let id = self.leaf(is, group)?;
                let field = self.schema.field(id);
                let form = self.form(item, field.holds, false)?;
                let form = Form { closed: field.closed().cloned(), ..form };
                self.lossy(item, &form, ways);
                self.rows(item, id, &form, ways);
                Some((What::Field { id, form }, ways))
            }
            (_, Some((text, is_quoted)), _) => {
                self.plain(item);
                let constant = Constant { text: text.text.as_str().into(), is_quoted: *is_quoted };
                Some((What::Constant(constant), ways))
            }
            (.., template) => {
                let template = template.as_ref()?;
                self.plain(item);
                let parts = self.template(template, group)?;
                Some((What::Template(parts), self.out_only(template, item, ways)))
            }
        }
    }

    /// `codes`, `format` and `default` shape a field's value: nothing else takes them.
    fn plain(&mut self, item: &file::Rule) {
        for text in [&item.codes, &item.format, &item.default, &item.region].into_iter().flatten() {
            let why = "`codes`, `format`, `default` and `region` shape the value of a field";
            self.error("LU107", text, "this does not fit a constant or template", why, "remove it");
        }
    }

    fn out_only(&mut self, text: &Text, item: &file::Rule, ways: Ways) -> Ways {
        let is_read = matches!(item.when, Some(file::When::Text(..)));
        if !ways.writes || item.default.is_some() || is_read {
            let why = "what is no field is only written, never read";
            self.error("LU108", text, "`{}` in a rule that reads", why, "make the rule `out`");
        }
        Ways { reads: false, ..ways }
    }

    fn context(&mut self, text: &Text, name: &str, group: Option<FieldId>) -> Option<usize> {
        let bare = name.strip_prefix('$').unwrap_or(name);
        let known = CONTEXT.iter().position(|known| *known == bare);
        if known.is_none() {
            let mend = match nearest(bare, CONTEXT) {
                Some(near) => format!("write `${near}`"),
                None => format!("use one of: ${}", CONTEXT.join(", $")),
            };
            let what = format!("unknown context name `${bare}`");
            self.reader.error("LU112", text.span.clone(), what, "no sender gives it", mend);
        }
        if known == Some(ROW) && group.is_none() {
            let why = "only the rows of a group are numbered";
            self.error("LU112", text, "`$row` outside an [[each]]", why, "put it into one");
        }
        known
    }

    fn template(&mut self, text: &Text, group: Option<FieldId>) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        let mut rest = &*text.text;
        while let Some((literal, after)) = rest.split_once("{$") {
            parts.push(Part::Literal(literal.into()));
            let Some((name, after)) = after.split_once('}') else {
                let why = "a { is not closed";
                self.error("LU112", text, "`{}` is no template", why, "write {$name}");
                return None;
            };
            parts.push(Part::Context(self.context(text, name, group)?));
            rest = after;
        }
        parts.push(Part::Literal(rest.into()));
        parts.retain(|part| *part != Part::Literal("".into()));
        Some(parts)
    }

    /// The field that `text` names, relative to the group.
    pub(super) fn find(&mut self, text: &Text, group: Option<FieldId>) -> Option<FieldId> {
        let prefix = group.map_or(String::new(), |id| format!("{}.", self.schema.field(id).path));
        let found = self.schema.find(&format!("{prefix}{}", text.text));
        match found {
            Some(id) if self.schema.field(id).group == group => return Some(id),
            Some(_) => {
                let why = "it repeats with its group's rows";
                let mend = "put the rule into the [[each]] of its group";
                self.error("LU113", text, "`{}` stands in a group", why, mend);
            }
            None => {
                let names = self.schema.fields().filter(|(_, field)| field.group == group);
                let names = names.filter_map(|(_, field)| field.path.strip_prefix(&*prefix));
                let mend = match nearest(&text.text, names) {
                    Some(near) => format!("write `{near}`"),
                    None => format!("declare it in the record `{}`", self.schema.kind),
                };
                let why = format!("the record `{}` has no such field here", self.schema.kind);
                self.error("LU103", text, "unknown field `{}`", &why, &mend);
            }
        }
        None
    }

    pub(super) fn leaf(&mut self, text: &Text, group: Option<FieldId>) -> Option<FieldId> {
        let id = self.find(text, group)?;
        if self.schema.field(id).holds != Type::Group {
            return Some(id);
        }
        let why = "a group has rows, not a value";
        self.error("LU113", text, "`{}` is a group", why, "use [[each]]");
        None
    }
}
