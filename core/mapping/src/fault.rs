//! What is wrong with a document.

use std::fmt;

/// One finding in a document. It names places and fields, never a value of either.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// What sort, stable and in kebab case: `missing-field`.
    pub code: &'static str,
    /// The place in the document, in names: `Lahete/Asiakas/Henkilotunnus`.
    pub at: String,
    /// The record field that it is about.
    pub field: Option<String>,
    /// Line in the document, from 1; 0 where there is no document (encoding).
    pub line: usize,
    /// Column in characters, from 1; 0 where there is no document.
    pub column: usize,
    /// Why it is refused, and what would be taken.
    pub why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "{}:{}: ", self.line, self.column)?;
        }
        write!(f, "{}: {}", if self.at.is_empty() { "document" } else { &self.at }, self.why)?;
        match &self.field {
            Some(field) => write!(f, " (field {field}) [{}]", self.code),
            None => write!(f, " [{}]", self.code),
        }
    }
}

impl std::error::Error for Fault {}
