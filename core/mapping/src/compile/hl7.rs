//! What the head of an HL7 v2 message says by itself: its type in MSH-9, its character set in MSH-18.

use super::{
    check::Check,
    file::File,
    mark,
    rule::{Scope, What},
};
use crate::{Format, document::UTF8, encode::is_charset, path::Path, trace::Site};

impl Check<'_, '_> {
    /// Adds what no rule needs to say. A message is told by the first two components of MSH-9, the
    /// third it may lack.
    pub(super) fn head(&mut self, record: &mut Scope, file: &File) {
        let Some(root) = &file.root else { return };
        let site = Site::at(root.span.start);
        if !self.names_charset(record, root.span.clone()) {
            self.add(record, "MSH-18", UTF8, site);
        }
        for (at, part) in root.text.split('^').enumerate().collect::<Vec<_>>().into_iter().rev() {
            self.add(record, &format!("MSH-9.{}", at + 1), part, site);
        }
    }

    fn add(&mut self, record: &mut Scope, at: &str, text: &str, site: Site) {
        let Ok(path) = Path::parse(at, Format::Hl7, 0, true) else { return };
        let is_written = record.rules.iter().any(|rule| rule.writes && rule.at == path);
        record.insert_first(mark(&path, text, self.ways.writes && !is_written, site));
    }

    /// Whether a rule writes MSH-18; it must be one that the writer can heed.
    fn names_charset(&mut self, record: &Scope, span: std::ops::Range<usize>) -> bool {
        let Ok(path) = Path::parse("MSH-18", Format::Hl7, 0, true) else { return false };
        let Some(rule) = record.rules.iter().find(|rule| rule.writes && rule.at == path) else {
            return false;
        };
        let is_known = match &rule.what {
            What::Constant(constant) => is_charset(&constant.text) && rule.on.is_none(),
            _ => false,
        };
        if !is_known {
            let start = rule.site.start();
            let span = if start > 0 { start..start + 1 } else { span };
            let why = "by MSH-18 the bytes of the message are made";
            let mend = "write the constant `UNICODE UTF-8` or `8859/1`, or leave it to the engine";
            self.reader.error("LU107", span, "MSH-18 is no known character set", why, mend);
        }
        true
    }
}
