//! Closed code sets: what a rule's table and constants give and take is held against the codes that
//! the field takes.

use luotsi_model::{FieldId, diagnostic::nearest, schema::Closed};

use super::{Ways, check::Check, file, rule::Form};
use crate::{codes::Table, source::Text};

impl Check<'_, '_> {
    /// The rule's code table against the codes that its field takes.
    pub(super) fn rows(&mut self, item: &file::Rule, id: FieldId, form: &Form, ways: Ways) {
        let (Some(name), Some(table), Some(closed)) = (&item.codes, &form.codes, &form.closed)
        else {
            return;
        };
        let strange: Vec<&str> = table.targets().filter(|code| !closed.has(code)).collect();
        for code in &strange {
            let what = format!("the code table `{}` has `{code}`", name.text);
            let place = format!(" in codes/{}.csv", name.text);
            self.outside(name, what, (code, &place), id, closed);
        }
        // What a misspelt row leaves without one is told by that.
        if strange.is_empty() && ways.writes {
            self.holes(name, table, id, closed);
        }
    }

    /// Codes of the field that the table cannot write.
    fn holes(&mut self, name: &Text, table: &Table, id: FieldId, closed: &Closed) {
        let holes = closed.codes().filter(|code| table.source(code).is_none());
        let holes: Vec<_> = holes.map(|code| format!("`{code}`")).collect();
        if holes.is_empty() {
            return;
        }
        let holes = holes.join(", ");
        let path = &self.schema.field(id).path;
        let what = format!("the code table `{}` has no row for {holes} of `{path}`", name.text);
        let why = "a record with such a code could not be written, and would wait for a person";
        let mend = format!(
            "add rows to codes/{}.csv; where the format has no such code, give it the nearest one \
             and mark the row inexact or narrower",
            name.text
        );
        self.reader.warning("LU136", name.span.clone(), what, why, mend);
    }

    /// A constant or default against the codes that its field takes.
    pub(super) fn held_to_set(&mut self, id: FieldId, text: &Text) -> bool {
        let Some(closed) = self.schema.field(id).closed().cloned() else { return true };
        let is_of_it = closed.has(&text.text);
        if !is_of_it {
            let what = format!("`{}` is no code of the field", text.text);
            self.outside(text, what, (&text.text, ""), id, &closed);
        }
        is_of_it
    }

    /// A code outside of the set, and where it is mended if not in the mapping file.
    fn outside(
        &mut self,
        at: &Text,
        what: String,
        (code, place): (&str, &str),
        id: FieldId,
        closed: &Closed,
    ) {
        let path = &self.schema.field(id).path;
        let why = format!("the code set of `{path}` is closed and has no such code: it is refused");
        let mend = match nearest(code, closed.codes()) {
            Some(near) => format!("write `{near}`{place}"),
            None => {
                let known: Vec<_> = closed.codes().collect();
                format!("use{place} one of: {}", known.join(", "))
            }
        };
        self.reader.error("LU119", at.span.clone(), what, why, mend);
    }
}
