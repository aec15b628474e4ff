//! Cases: what a mapping must do, shown by example in a folder of files.
//!
//! Pure: the files come in memory, and what would have to be rewritten goes back in memory. The form
//! of a case folder is told in `mappings/README.md`.

use std::collections::BTreeMap;

use luotsi_model::{Diagnostic, hetu::Strictness};

use crate::source::{Reader, top};

mod diff;
mod layout;
mod run;

pub use diff::{Difference, compare};
pub use layout::laid_out;
pub use run::{Used, Verdict};

/// A folder's files by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The file that says what the case is.
pub const HEAD: &str = "case.toml";
const KEYS: &[&str] = &["says", "mapping", "hetu", "unmapped", "context"];

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it shows, in one sentence.
    pub says: String,
    /// The mapping file's stem, beside `cases/`.
    pub mapping: String,
    strictness: Strictness,
    unmapped: Vec<String>,
    context: Vec<(String, String)>,
    files: Files,
}

impl Case {
    /// Reads a case out of its folder's files.
    ///
    /// # Errors
    /// Everything wrong with `case.toml`, which stands at `path`, or with what is beside it.
    pub fn read(path: &str, files: Files) -> Result<Self, Vec<Diagnostic>> {
        let text = files.get(HEAD).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let text = text.unwrap_or_default();
        let mut reader = Reader::new(path, "LU100", "LU101");
        let table = reader.parse(&text);
        let table = top(&table);
        reader.known(table, KEYS);
        let says = reader.text(table, "says").map(|text| text.text).unwrap_or_default();
        let mapping = reader.needed(table, "mapping").map(|text| text.text).unwrap_or_default();
        let strictness = match reader.text(table, "hetu") {
            Some(text) if text.text == "lenient" => Strictness::Lenient,
            Some(text) if text.text != "strict" => {
                let why = "a code is checked in one of two ways";
                let what = format!("`{}` is no way to check", text.text);
                reader.error("LU101", text.span, what, why, "write `strict` or `lenient`");
                Strictness::Strict
            }
            _ => Strictness::Strict,
        };
        let unmapped = reader.texts(table, "unmapped");
        let unmapped = unmapped.into_iter().map(|text| text.text).collect();
        let context = reader.pairs(table, "context").into_iter();
        let context = context.map(|(name, text)| (name.text, text.text)).collect();
        let case = Self { says, mapping, strictness, unmapped, context, files };
        if case.named("input").is_none() && case.named("output").is_none() && !reader.failed() {
            let what = "the case holds no document";
            let why = "nothing is read and nothing is written by it";
            let mend = "add input.xml, output.json or the like beside it";
            reader.error("LU101", 0..0, what, why, mend);
        }
        if reader.failed() { Err(reader.found) } else { Ok(case) }
    }

    /// The file of that stem, whatever its ending.
    fn named(&self, stem: &str) -> Option<(&str, &[u8])> {
        let is_it = |name: &str| name.split_once('.').is_some_and(|(known, _)| known == stem);
        let found = self.files.iter().find(|(name, _)| is_it(name));
        found.map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// The document that it reads, with its file's name.
    pub fn input(&self) -> Option<(&str, &[u8])> {
        self.named("input")
    }

    /// Whether it has that file.
    pub fn wants(&self, file: &str) -> bool {
        self.files.contains_key(file)
    }

    /// What must be reported as unmapped.
    pub fn unmapped(&self) -> &[String] {
        &self.unmapped
    }
}
