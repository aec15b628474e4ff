//! `[codes]`: the code sets of a record kind that are closed.

use luotsi_model::{
    Schema,
    diagnostic::nearest,
    schema::{Closed, CodeSet},
};

use crate::source::{Reader, Table, Text};

/// The closed sets, by name. A set that fields name and that is not here is open.
pub(super) struct Sets(Vec<(Text, Closed)>);

impl Sets {
    pub(super) fn read(reader: &mut Reader<'_>, table: Table<'_>) -> Self {
        let Some(table) = reader.table(table, "codes") else { return Self(Vec::new()) };
        let sets = table.keys().into_iter().map(|name| {
            let before = reader.found.len();
            let codes = reader.texts(table, &name.text);
            if reader.found.len() == before {
                sound(reader, &name, &codes);
            }
            (name, Closed::new(codes.into_iter().map(|code| code.text)))
        });
        Self(sets.collect())
    }

    /// The set of that name, as a field has it.
    pub(super) fn named(&self, name: String) -> CodeSet {
        let closed = self.0.iter().find(|(known, _)| known.text == name);
        let closed = closed.map(|(_, codes)| codes.clone());
        CodeSet { name, closed }
    }

    /// A set that no field names binds nothing, though its writer believes it does.
    pub(super) fn all_used(&self, reader: &mut Reader<'_>, schema: &Schema) {
        let named = schema.leaves().filter_map(|(_, field)| Some(&*field.codes.as_ref()?.name));
        let named: Vec<&str> = named.collect();
        for (name, _) in self.0.iter().filter(|(name, _)| !named.contains(&&*name.text)) {
            let mend = match nearest(&name.text, named.iter().copied()) {
                Some(near) => format!("write `{near}`"),
                None => format!("give a field `codes = \"{}\"`, or remove it", name.text),
            };
            let what = format!("no field has the code set `{}`", name.text);
            let why = "it would bind no field, and codes outside of it would pass";
            reader.error("LU128", name.span.clone(), what, why, mend);
        }
    }
}

fn sound(reader: &mut Reader<'_>, name: &Text, codes: &[Text]) {
    if codes.is_empty() {
        let what = format!("the code set `{}` is empty", name.text);
        let why = "every code would be refused";
        reader.error("LU128", name.span.clone(), what, why, "list its codes, or remove it");
    }
    for (at, code) in codes.iter().enumerate() {
        let what = if codes[..at].iter().any(|earlier| earlier.text == code.text) {
            format!("`{}` is listed twice", code.text)
        } else if code.text.is_empty() || code.text.trim() != code.text {
            format!("`{}` is no code", code.text)
        } else {
            continue;
        };
        let why = "each code of a set stands there once, without blanks around it";
        reader.error("LU128", code.span.clone(), what, why, "remove or correct it");
    }
}
