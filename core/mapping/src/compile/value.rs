//! What shapes a field's value: code tables, date formats, constants of the field's type.

use std::sync::Arc;

use luotsi_model::{FieldId, Type, Value, diagnostic::nearest, hetu::Strictness};

use super::{
    Ways,
    check::Check,
    file,
    rule::{Form, Scope, What},
};
use crate::{
    codes,
    decode::value,
    phone::{REGIONS, Region},
    schema::type_name,
    source::Text,
    time::Pattern,
    trace::Site,
};

impl Check<'_, '_> {
    /// The code table and date format, checked against the type.
    pub(super) fn form(&mut self, item: &file::Rule, holds: Type, is_now: bool) -> Option<Form> {
        let is_context = item.is.as_ref().is_some_and(|is| is.text.starts_with('$'));
        let codes = match &item.codes {
            Some(name) if holds == Type::Code || (is_context && !is_now) => Some(self.table(name)?),
            Some(name) => {
                let why = format!("the field is of type {}, not code", type_name(holds));
                self.error("LU107", name, "`codes` on a field that is no code", &why, "remove it");
                return None;
            }
            None => None,
        };
        let pattern = match &item.format {
            Some(text) => Some(Arc::new(self.pattern(text, holds, !is_context || is_now)?)),
            None => None,
        };
        let region = match &item.region {
            Some(text) => Some(self.region(text, holds)?),
            None => None,
        };
        Some(Form { holds, codes, closed: None, pattern, region })
    }

    fn table(&mut self, name: &Text) -> Option<Arc<codes::Table>> {
        let found = self.codes.get(&name.text).cloned();
        if found.is_none() {
            let mend = match nearest(&name.text, self.codes.keys().map(String::as_str)) {
                Some(near) => format!("write `{near}`"),
                None => format!("add codes/{}.csv", name.text),
            };
            self.error(
                "LU104",
                name,
                "unknown code table `{}`",
                "no file in codes/ has that name",
                &mend,
            );
        }
        found
    }

    fn pattern(&mut self, text: &Text, holds: Type, fits: bool) -> Option<Pattern> {
        if !fits || !matches!(holds, Type::Date | Type::Instant) {
            let why = "only a date or an instant has a format";
            self.error("LU107", text, "`format` on what is no date", why, "remove it");
            return None;
        }
        let pattern = match Pattern::parse(&text.text) {
            Ok(pattern) => pattern,
            Err(why) => {
                let mend = "write it like dd.MM.yyyy HH:mm";
                self.error("LU111", text, "`{}` is no date format", &why, mend);
                return None;
            }
        };
        if pattern.has_time() != (holds == Type::Instant) {
            let why = "an instant needs hours, and a date would lose them";
            self.error(
                "LU107",
                text,
                "the format does not fit the field's type",
                why,
                "make both tell the same",
            );
            return None;
        }
        Some(pattern)
    }

    fn region(&mut self, text: &Text, holds: Type) -> Option<Region> {
        if holds != Type::Phone {
            let why = format!("the field is of type {}, not phone", type_name(holds));
            self.error("LU107", text, "`region` on a field that is no phone", &why, "remove it");
            return None;
        }
        let known = REGIONS.iter().find(|(code, _)| *code == text.text);
        if known.is_none() {
            let why = "how numbers are written there is not known";
            self.error("LU107", text, "unknown region `{}`", why, "write `FI`, or remove it");
        }
        known.map(|(_, region)| *region)
    }

    pub(super) fn default(&mut self, text: &Text, what: Option<&What>) -> Option<Value> {
        let Some(What::Field { id, .. }) = what else { return None };
        self.constant_of(*id, text)
    }

    /// The constant as a value of the field's type, in the record's own form.
    fn constant_of(&mut self, id: FieldId, text: &Text) -> Option<Value> {
        let holds = self.schema.field(id).holds;
        if !self.held_to_set(id, text) {
            return None;
        }
        let form = Form { holds, codes: None, closed: None, pattern: None, region: None };
        match value::of_text(&form, &text.text, Strictness::Strict) {
            Ok((value, _)) if !text.text.is_empty() => Some(value),
            _ => {
                let why = format!("the field is of type {}", type_name(holds));
                self.error(
                    "LU107",
                    text,
                    "the value does not fit the field",
                    &why,
                    "write a value of that type",
                );
                None
            }
        }
    }

    pub(super) fn fixed(&mut self, is: &Text, constant: &Text, site: Site, scope: &mut Scope) {
        let Some(id) = self.leaf(is, scope.group) else { return };
        let Some(value) = self.constant_of(id, constant) else { return };
        if scope.fixed.iter().any(|(known, ..)| *known == id) {
            let why = "a field has one value";
            self.error("LU106", is, "`{}` is given a constant twice", why, "remove one");
        }
        scope.fixed.push((id, value, site));
    }

    pub(super) fn lossy(&mut self, item: &file::Rule, form: &Form, ways: Ways) {
        let is_lossy = form.codes.as_ref().is_some_and(|table| table.is_lossy());
        let (Some(name), true, true) = (&item.codes, is_lossy, ways.reads && ways.writes) else {
            return;
        };
        let why = "a code that is read and written again may come out as another";
        let mend = "use a table of equivalent codes, or one rule with one_way = \"in\" and one with \"out\"";
        let what = format!("the lossy code table `{}` is used both ways", name.text);
        self.reader.warning("LU108", name.span.clone(), what, why, mend);
    }
}
