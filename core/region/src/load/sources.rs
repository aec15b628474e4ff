//! Reading the files, and the name of what was read.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use aws_lc_rs::digest;
use luotsi_model::{Diagnostic, GenerationId};

use super::findings::{Findings, Place};
use crate::Files;

/// The files read so far.
pub(crate) struct Sources<'f> {
    files: &'f dyn Files,
    texts: BTreeMap<String, Arc<str>>,
}

impl<'f> Sources<'f> {
    pub(crate) const fn new(files: &'f dyn Files) -> Self {
        Self { files, texts: BTreeMap::new() }
    }

    /// The text of a file that must be there; nothing when it cannot be read, which is found then.
    pub(crate) fn text(&mut self, path: &str, findings: &Findings) -> Option<Arc<str>> {
        match self.files.read(path) {
            Ok(Some(bytes)) => self.keep(path, &bytes, findings),
            Ok(None) => {
                findings.add(whole_file(path, "the file is missing").mend("write it"));
                None
            }
            Err(error) => {
                let what = format!("the file cannot be read: {}", error.kind());
                findings.add(whole_file(path, what).mend("let the hub's user read it"));
                None
            }
        }
    }

    fn keep(&mut self, path: &str, bytes: &[u8], findings: &Findings) -> Option<Arc<str>> {
        let text: Arc<str> = String::from_utf8_lossy(bytes).into();
        self.texts.insert(path.to_owned(), text.clone());
        let Err(error) = std::str::from_utf8(bytes) else { return Some(text) };
        // Up to there the shown text and the bytes are the same.
        let at = error.valid_up_to();
        let place = Place { file: path, findings };
        let why = "every file of a region is UTF-8";
        place.error("LU201", at..at + 1, "the file is not UTF-8", why, "save it as UTF-8");
        None
    }

    /// The names in a folder, in order; folders end in `/`.
    pub(crate) fn list(&self, folder: &str, findings: &Findings) -> Vec<String> {
        let mut names = self.files.list(folder).unwrap_or_else(|error| {
            let what = format!("the folder cannot be listed: {}", error.kind());
            findings.add(whole_file(folder, what).mend("let the hub's user read it"));
            Vec::new()
        });
        names.sort_unstable();
        names
    }

    /// The first 12 hexadecimal digits of the SHA-256 over every path and text read.
    pub(crate) fn generation(&self) -> GenerationId {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in self.texts.iter().flat_map(|(path, text)| [path.as_str(), text]) {
            // With its length, so that no two sets of files run together into the same bytes.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let hash = context.finish();
        let hex = hash.as_ref()[..6].iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        GenerationId::new(hex)
    }

    pub(crate) fn into_texts(self) -> BTreeMap<String, String> {
        self.texts.into_iter().map(|(path, text)| (path, text.to_string())).collect()
    }
}

fn whole_file(path: &str, what: impl Into<String>) -> Diagnostic {
    let finding = Diagnostic::error("LU200", path, 0..0, what)
        .why("a region is read whole or not at all: a file left out would change what it does");
    Diagnostic { span: None, ..finding }
}
