//! A TOML table being read key by key. Unlike a derived `Deserialize`, it stops at nothing: every
//! missing, unknown and ill-typed key is found in one reading.

use std::ops::{Range, RangeInclusive};

use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use super::findings::{Noun, Place, Word, unknown};

const KEY: Noun = Noun {
    code: "LU202",
    what: "key",
    why: "a key that nothing reads is a slip, and what it was meant to set is not set",
};

/// A table with the keys not read yet.
pub(crate) struct Table<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) span: Range<usize>,
    left: DeTable<'a>,
    asked: Vec<&'static str>,
}

impl<'a> Table<'a> {
    /// The whole file; nothing when it is no TOML, which is found then.
    pub(crate) fn document(place: Place<'a>, text: &'a str) -> Option<Self> {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let span = error.span().unwrap_or(0..0);
            let why = "the file cannot be read as TOML from here on";
            place.error("LU201", span, error.message(), why, "mend the syntax (https://toml.io)");
        }
        errors.is_empty().then(|| Self::new(place, 0..0, table.into_inner()))
    }

    const fn new(place: Place<'a>, span: Range<usize>, left: DeTable<'a>) -> Self {
        Self { place, span, left, asked: Vec::new() }
    }

    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'a>>> {
        self.asked.push(key);
        self.left.remove(key)
    }

    fn wrong(&self, key: &str, span: Range<usize>, wanted: &str) {
        let what = format!("`{key}` is not {wanted}");
        let why = "the hub takes a value as it stands and never guesses what was meant";
        self.place.error("LU204", span, what, why, format!("write {wanted}"));
    }

    fn missing(&self, key: &str, wanted: &str) {
        let what = format!("`{key}` is missing");
        let why = "without it this declaration says too little";
        self.place.error("LU203", self.span.clone(), what, why, format!("add `{key}`: {wanted}"));
    }

    /// A text.
    pub(crate) fn word(&mut self, key: &'static str) -> Option<Word> {
        let value = self.take(key)?;
        let word = word(&value);
        if word.is_none() {
            self.wrong(key, value.span(), "a text that is not empty");
        }
        word
    }

    /// A text that must be there.
    pub(crate) fn need_word(&mut self, key: &'static str) -> Option<Word> {
        if !self.left.contains_key(key) {
            self.missing(key, "a text");
        }
        self.word(key)
    }

    /// A list of texts; empty when absent.
    pub(crate) fn words(&mut self, key: &'static str) -> Vec<Word> {
        self.take(key).map(|value| self.words_of(key, &value)).unwrap_or_default()
    }

    /// A list of texts that must be there and hold one at least.
    pub(crate) fn need_words(&mut self, key: &'static str) -> Vec<Word> {
        let Some(value) = self.take(key) else {
            self.missing(key, "a list of texts");
            return Vec::new();
        };
        if value.get_ref().as_array().is_some_and(|items| items.is_empty()) {
            self.wrong(key, value.span(), "a list with one text at least");
        }
        self.words_of(key, &value)
    }

    fn words_of(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Vec<Word> {
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, value.span(), "a list of texts");
            return Vec::new();
        };
        let ill = items.iter().filter(|item| word(item).is_none());
        ill.for_each(|item| self.wrong(key, item.span(), "a list of texts"));
        items.iter().filter_map(word).collect()
    }

    /// Yes or no.
    pub(crate) fn flag(&mut self, key: &'static str) -> Option<Spanned<bool>> {
        let value = self.take(key)?;
        let flag = value.get_ref().as_bool().map(|flag| Spanned::new(value.span(), flag));
        if flag.is_none() {
            self.wrong(key, value.span(), "true or false");
        }
        flag
    }

    /// A whole number within `bounds`; `default` when absent.
    pub(crate) fn number(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<u64>,
        default: u64,
    ) -> u64 {
        let Some(value) = self.take(key) else { return default };
        let integer = value.get_ref().as_integer();
        let number = integer.and_then(|i| u64::from_str_radix(i.as_str(), i.radix()).ok());
        number.filter(|number| bounds.contains(number)).unwrap_or_else(|| {
            let wanted = format!("a whole number from {} to {}", bounds.start(), bounds.end());
            self.wrong(key, value.span(), &wanted);
            default
        })
    }

    /// A number within `bounds`; `default` when absent.
    pub(crate) fn decimal(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<f64>,
        default: f64,
    ) -> f64 {
        let Some(value) = self.take(key) else { return default };
        let text = match value.get_ref() {
            DeValue::Float(float) => float.as_str(),
            DeValue::Integer(integer) => integer.as_str(),
            _ => "",
        };
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        number.unwrap_or_else(|| {
            let wanted = format!("a number from {} to {}", bounds.start(), bounds.end());
            self.wrong(key, value.span(), &wanted);
            default
        })
    }

    /// A table.
    pub(crate) fn table(&mut self, key: &'static str) -> Option<Self> {
        let value = self.take(key)?;
        self.table_of(key, value)
    }

    /// A list of tables; empty when absent.
    pub(crate) fn tables(&mut self, key: &'static str) -> Vec<Self> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let span = value.span();
        let DeValue::Array(items) = value.into_inner() else {
            self.wrong(key, span, "a list of tables");
            return Vec::new();
        };
        items.into_iter().filter_map(|item| self.table_of(key, item)).collect()
    }

    fn table_of(&self, key: &str, value: Spanned<DeValue<'a>>) -> Option<Self> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Some(Self::new(self.place, span, table)),
            _ => {
                self.wrong(key, span, "a table");
                None
            }
        }
    }

    /// A table as it stands, for others to read.
    pub(crate) fn raw(&mut self, key: &'static str) -> Option<Spanned<toml::Table>> {
        let value = self.take(key)?;
        let span = value.span();
        match toml::Table::deserialize(ValueDeserializer::from(value)) {
            Ok(table) => Some(Spanned::new(span, table)),
            Err(_) => {
                self.wrong(key, span, "a table");
                None
            }
        }
    }

    /// Every key with its list of texts.
    pub(crate) fn into_lists(mut self) -> Vec<(Word, Vec<Word>)> {
        let left = std::mem::take(&mut self.left);
        let lists = left.into_iter().map(|(key, value)| {
            let words = self.words_of(key.get_ref(), &value);
            (Spanned::new(key.span(), key.into_inner().into_owned()), words)
        });
        lists.collect()
    }

    /// Finds the keys that nothing asked for.
    pub(crate) fn finish(self) {
        for key in self.left.keys() {
            let word = Spanned::new(key.span(), key.get_ref().to_string());
            unknown(&KEY, &word, self.asked.iter().copied(), self.place);
        }
    }
}

fn word(value: &Spanned<DeValue<'_>>) -> Option<Word> {
    let text = value.get_ref().as_str().filter(|text| !text.trim().is_empty())?;
    Some(Spanned::new(value.span(), text.to_owned()))
}
