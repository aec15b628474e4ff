//! A rule's expressions, with what their names stand for.

use std::{ops::Range, sync::Arc};

use luotsi_model::{FieldId, diagnostic::nearest};

use super::{
    Ways,
    check::Check,
    file::{self, Expr, When},
    path,
    rule::{Condition, Formula},
};
use crate::{
    expression::{Expression, Wrong},
    path::Path,
    source::Text,
};

/// The name of the rule's own value in its expressions.
const VALUE: &str = "value";

/// A rule's condition and expression in one direction.
pub(super) struct Formulas<C, T> {
    pub(super) when: Option<C>,
    pub(super) expr: Option<Formula<T>>,
}

impl<C, T> Formulas<C, T> {
    const NONE: Self = Self { when: None, expr: None };
}

type Read = Formulas<Condition, Path>;
type Written = Formulas<Formula<FieldId>, FieldId>;

impl Check<'_, '_> {
    /// The expressions of both directions; nothing where one is wrong, which is noted.
    pub(super) fn formulas(
        &mut self,
        item: &file::Rule,
        ways: Ways,
        group: Option<FieldId>,
    ) -> Option<(Read, Written)> {
        // What is no field or constant only writes, whether it says so or not.
        let is_read = match (&item.is, &item.constant) {
            (Some(is), _) => !is.text.starts_with('$'),
            (None, constant) => constant.is_some(),
        };
        let ways = Ways { reads: ways.reads && is_read, ..ways };
        if !self.is_sound(item, ways) {
            return None;
        }
        let mut read = Read::NONE;
        let mut written = Written::NONE;
        let text = |which: &Option<Expr>, is_reading: bool| match which {
            Some(Expr::OneWay(text)) => Some(text.clone()),
            Some(Expr::Both { reading, .. }) if is_reading => reading.clone(),
            Some(Expr::Both { writing, .. }) => writing.clone(),
            None => None,
        };
        let when = match &item.when {
            Some(When::Expr(text)) => Some(text),
            _ => None,
        };
        if let Some(When::Text(at, value)) = &item.when {
            let at = path(self.reader, at, self.format, self.level, true)?;
            read.when = Some(Condition::Text(at, value.text.as_str().into()));
        }
        if ways.reads {
            let inputs = self.each_input(item, |check, at| {
                path(check.reader, at, check.format, check.level, true)
            })?;
            read.expr = self.formula(text(&item.expr, true).as_ref(), item, &inputs)?;
            let when = self.formula(when, item, &inputs)?;
            read.when = read.when.or(when.map(Condition::Formula));
        }
        if ways.writes {
            let inputs = self.each_input(item, |check, is| check.leaf(is, group))?;
            written.expr = self.formula(text(&item.expr, false).as_ref(), item, &inputs)?;
            written.when = self.formula(when, item, &inputs)?;
        }
        self.are_used(item, &read, &written);
        Some((read, written))
    }

    /// Whether the rule's directions are those of its expressions.
    fn is_sound(&mut self, item: &file::Rule, ways: Ways) -> bool {
        let is_two_way = ways.reads && ways.writes;
        let mut wrong = |text: &Text, what: &str, why: &str, mend: &str| {
            self.error("LU108", text, what, why, mend);
            false
        };
        let one_way = "an expression cannot be turned around";
        let what = "an expression in a rule that goes both ways";
        match (&item.expr, &item.when) {
            (Some(Expr::OneWay(text) | Expr::Both { reading: Some(text), .. }), _)
                if item.constant.is_some() =>
            {
                return wrong(text, "`expr` on a constant", "it has one value", "remove it");
            }
            (_, Some(When::Expr(text))) if item.constant.is_some() && ways.reads => {
                let why = "a constant is held to wherever it stands";
                return wrong(text, "`when` on a constant that is read", why, "make it `out`");
            }
            (Some(Expr::OneWay(text)), _) if is_two_way => {
                let mend =
                    "give the rule a direction, or write `expr = { in = \"…\", out = \"…\" }`";
                return wrong(text, what, one_way, mend);
            }
            (_, Some(When::Expr(text))) if is_two_way => {
                return wrong(text, what, one_way, "give the rule a direction");
            }
            (Some(Expr::Both { reading: Some(text), .. }), _) if !ways.reads => {
                return wrong(text, "this has no effect", "the rule does not read", "remove it");
            }
            (Some(Expr::Both { writing: Some(text), .. }), _) if !ways.writes => {
                return wrong(text, "this has no effect", "the rule does not write", "remove it");
            }
            (Some(Expr::Both { reading, writing }), _) if is_two_way => {
                let alone = if reading.is_none() { writing } else { reading };
                if let (Some(text), true) = (alone, reading.is_none() || writing.is_none()) {
                    let mend = "give both `in` and `out`, or give the rule a direction";
                    return wrong(text, what, one_way, mend);
                }
            }
            _ => {}
        }
        let Some((name, _)) = item.inputs.first() else { return true };
        if is_two_way {
            let why = "an input is a place in reading and a field in writing";
            return wrong(
                name,
                "`inputs` in a rule that goes both ways",
                why,
                "give it a direction",
            );
        }
        if item.expr.is_none() && !matches!(item.when, Some(When::Expr(_))) {
            let why = "the rule has no expression";
            return wrong(name, "this has no effect", why, "remove it");
        }
        true
    }

    fn each_input<T>(
        &mut self,
        item: &file::Rule,
        mut find: impl FnMut(&mut Self, &Text) -> Option<T>,
    ) -> Option<Arc<[T]>> {
        let found: Vec<_> = item.inputs.iter().map(|(_, what)| find(self, what)).collect();
        found.into_iter().collect::<Option<Vec<_>>>().map(Into::into)
    }

    /// The compiled expression; `Some(None)` where there is none.
    #[expect(clippy::option_option, reason = "the outer one is what is wrong, and noted")]
    fn formula<T>(
        &mut self,
        text: Option<&Text>,
        item: &file::Rule,
        inputs: &Arc<[T]>,
    ) -> Option<Option<Formula<T>>> {
        let Some(text) = text else { return Some(None) };
        let names = item.inputs.iter().map(|(name, _)| &*name.text);
        let names: Vec<&str> = std::iter::once(VALUE).chain(names).collect();
        match Expression::compile(&text.text, &names) {
            Ok(expression) => {
                let expression = Arc::new(expression);
                Some(Some(Formula { expression, inputs: inputs.clone() }))
            }
            Err(Wrong { at, why }) => {
                let what = "the expression is wrong";
                let mend = "see the mapping language's page on expressions";
                self.reader.error("LU114", self.within(text, at), what, why, mend);
                None
            }
        }
    }

    /// Where a byte of a text stands in the file. An escape in the text moves what follows it, so
    /// then it is the whole.
    fn within(&self, text: &Text, at: Option<usize>) -> Range<usize> {
        let whole = text.span.clone();
        let raw = self.text.get(whole.clone()).unwrap_or_default();
        match (at, raw.find(&text.text)) {
            (Some(at), Some(inner)) => {
                let start = (whole.start + inner + at).min(whole.end);
                start..start
            }
            _ => whole,
        }
    }

    /// What is asked for and never used would be disclosed for nothing.
    fn are_used(&mut self, item: &file::Rule, read: &Read, written: &Written) {
        let read_when = match &read.when {
            Some(Condition::Formula(formula)) => Some(&formula.expression),
            _ => None,
        };
        let formulas = [
            read_when,
            read.expr.as_ref().map(|formula| &formula.expression),
            written.when.as_ref().map(|formula| &formula.expression),
            written.expr.as_ref().map(|formula| &formula.expression),
        ];
        let uses = |name: &str| formulas.iter().flatten().any(|expression| expression.uses(name));
        for (name, _) in &item.inputs {
            if name.text == VALUE {
                let why = "`value` is the rule's own place or field";
                self.error("LU114", name, "`value` among `inputs`", why, "give it another name");
            } else if !uses(&name.text) {
                let near = nearest(&name.text, [VALUE]).is_some();
                let mend = if near { "write `value`, or remove it" } else { "remove it" };
                let why = "no expression of the rule uses it";
                self.error("LU114", name, "the input `{}` is not used", why, mend);
            }
        }
    }
}
