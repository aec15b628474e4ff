//! Reading a TOML file so that everything wrong in it is found at once, each with its place.

use std::ops::Range;

use luotsi_model::{Diagnostic, diagnostic::nearest};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A byte range in the file.
pub(crate) type Span = Range<usize>;

/// A text and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// A table and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Table<'t> {
    table: &'t DeTable<'t>,
    start: usize,
    end: usize,
}

impl Table<'_> {
    pub(crate) fn span(&self) -> Span {
        self.start..self.end
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// Its keys, in order.
    pub(crate) fn keys(&self) -> Vec<Text> {
        let keys = self.table.iter().map(|(name, _)| name);
        keys.map(|name| Text { text: name.get_ref().to_string(), span: name.span() }).collect()
    }

    /// Whether the key holds a table.
    pub(crate) fn is_table(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|value| value.get_ref().as_table().is_some())
    }
}

/// The file being read and what was found in it.
pub(crate) struct Reader<'f> {
    pub(crate) file: &'f str,
    pub(crate) found: Vec<Diagnostic>,
    syntax: &'static str,
    form: &'static str,
}

impl<'f> Reader<'f> {
    /// `syntax` and `form` are the codes for what is not TOML and what does not belong there.
    pub(crate) fn new(file: &'f str, syntax: &'static str, form: &'static str) -> Self {
        Self { file, found: Vec::new(), syntax, form }
    }

    /// Notes an error.
    pub(crate) fn error(
        &mut self,
        code: &'static str,
        span: Span,
        what: impl Into<String>,
        why: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.found.push(Diagnostic::error(code, self.file, span, what).why(why).mend(mend));
    }

    /// Notes a warning.
    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        span: Span,
        what: impl Into<String>,
        why: impl Into<String>,
        mend: impl Into<String>,
    ) {
        let found = Diagnostic::error(code, self.file, span, what).why(why).mend(mend);
        self.found.push(found.warning());
    }

    /// Whether an error, not a warning only, was found.
    pub(crate) fn failed(&self) -> bool {
        self.found.iter().any(|d| d.severity == luotsi_model::Severity::Error)
    }

    /// The file's top table; what is not TOML is noted.
    pub(crate) fn parse<'t>(&mut self, text: &'t str) -> Spanned<DeTable<'t>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            let what = format!("the file is not TOML: {}", error.message());
            self.error(self.syntax, span, what, "nothing after it can be read", "mend the syntax");
        }
        table
    }

    /// Notes every key that is none of `keys`.
    pub(crate) fn known(&mut self, table: Table<'_>, keys: &[&str]) {
        for (key, _) in table.table {
            let name = key.get_ref();
            if keys.contains(&&**name) {
                continue;
            }
            let mend = match nearest(name, keys.iter().copied()) {
                Some(near) => format!("write `{near}`"),
                None => format!("use one of: {}", keys.join(", ")),
            };
            let why = "a key nobody reads would be lost in silence";
            self.error(self.form, key.span(), format!("unknown key `{name}`"), why, mend);
        }
    }

    fn unfit(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let what = format!("`{key}` is a TOML {}", value.get_ref().type_str());
        let why = format!("{wanted} is wanted here");
        self.error(self.form, value.span(), what, why, format!("write {wanted}"));
    }

    pub(crate) fn text(&mut self, table: Table<'_>, key: &str) -> Option<Text> {
        let value = table.table.get(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.unfit(key, value, "a string in quotes");
            return None;
        };
        Some(Text { text: text.to_owned(), span: value.span() })
    }

    /// A text that must be there.
    pub(crate) fn needed(&mut self, table: Table<'_>, key: &str) -> Option<Text> {
        if !table.has(key) {
            let mend = format!("add `{key} = \"…\"`");
            self.error(
                self.form,
                table.span(),
                format!("`{key}` is missing"),
                "it is needed",
                mend,
            );
        }
        self.text(table, key)
    }

    pub(crate) fn flag(&mut self, table: Table<'_>, key: &str) -> bool {
        let Some(value) = table.table.get(key) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.unfit(key, value, "true or false");
            false
        })
    }

    /// A string, or a number or boolean as written; whether it was quoted.
    pub(crate) fn scalar(&mut self, table: Table<'_>, key: &str) -> Option<(Text, bool)> {
        let value = table.table.get(key)?;
        let (text, quoted) = match value.get_ref() {
            DeValue::String(text) => (text.to_string(), true),
            DeValue::Integer(number) if number.radix() == 10 => (number.as_str().to_owned(), false),
            DeValue::Float(number) => (number.as_str().to_owned(), false),
            DeValue::Boolean(yes) => (yes.to_string(), false),
            _ => {
                self.unfit(key, value, "a string, a decimal number, true or false");
                return None;
            }
        };
        Some((Text { text, span: value.span() }, quoted))
    }

    /// An array of strings; none where the key is absent.
    pub(crate) fn texts(&mut self, table: Table<'_>, key: &str) -> Vec<Text> {
        let Some(value) = table.table.get(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.unfit(key, value, "an array of strings");
            return Vec::new();
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match item.get_ref().as_str() {
                Some(text) => texts.push(Text { text: text.to_owned(), span: item.span() }),
                None => self.unfit(key, item, "a string in quotes"),
            }
        }
        texts
    }

    pub(crate) fn table<'t>(&mut self, table: Table<'t>, key: &str) -> Option<Table<'t>> {
        let value = table.table.get(key)?;
        let inner = as_table(value);
        if inner.is_none() {
            self.unfit(key, value, "a table");
        }
        inner
    }

    /// A table's keys and texts, in order.
    pub(crate) fn pairs(&mut self, table: Table<'_>, key: &str) -> Vec<(Text, Text)> {
        let Some(table) = self.table(table, key) else { return Vec::new() };
        let keys = table.keys().into_iter();
        keys.filter_map(|name| Some((name.clone(), self.text(table, &name.text)?))).collect()
    }

    /// An array of tables; none where the key is absent.
    pub(crate) fn tables<'t>(&mut self, table: Table<'t>, key: &str) -> Vec<Table<'t>> {
        let Some(value) = table.table.get(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.unfit(key, value, "an array of tables");
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(items.len());
        for item in items {
            match as_table(item) {
                Some(table) => tables.push(table),
                None => self.unfit(key, item, "a table"),
            }
        }
        tables
    }
}

/// The top table.
pub(crate) fn top<'t>(table: &'t Spanned<DeTable<'t>>) -> Table<'t> {
    // A finding about the whole file is shown at its first line.
    Table { table: table.get_ref(), start: 0, end: 0 }
}

fn as_table<'t>(value: &'t Spanned<DeValue<'t>>) -> Option<Table<'t>> {
    let Range { start, end } = value.span();
    Some(Table { table: value.get_ref().as_table()?, start, end })
}
