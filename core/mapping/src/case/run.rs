//! Running a case.

use std::collections::BTreeSet;

use luotsi_model::{hetu::Strictness, record};

use super::{Case, Difference, Files, compare, laid_out};
use crate::{
    Decoded, Document, Fault, Format, Limits, Mapping, Reading, Site, encode::quote, read,
};

/// What came of a case.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verdict {
    /// What is not as wanted; none: the case holds.
    pub differences: Vec<Difference>,
    /// What the wanted files would have to be, for the case to hold. Empty where no rewriting would
    /// make it hold.
    pub blessed: Files,
    /// What it exercised.
    pub used: Used,
}

/// Rules and code rows that were exercised.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Used {
    /// Rules of the mapping.
    pub sites: BTreeSet<Site>,
    /// Rows of code tables: the table, and the row's source code.
    pub codes: BTreeSet<(String, String)>,
}

impl Case {
    /// Runs the case. `takers` names the mappings of the pack that take a document for their own: a
    /// connection asks each in turn, so there must be one.
    pub fn run(&self, mapping: &Mapping, takers: &dyn Fn(&Document<'_>) -> Vec<String>) -> Verdict {
        let mut run = Run { case: self, mapping, verdict: Verdict::default() };
        if let Some((_, bytes)) = self.input() {
            run.reads(bytes, takers);
        }
        if let Some((file, _)) = self.named("output") {
            run.writes(file);
        }
        run.verdict
    }
}

/// The one record of a document: a table that holds several is several messages.
fn one(format: Format, bytes: &[u8]) -> Result<Document<'_>, Fault> {
    read(format, bytes, &Limits::default()).and_then(Document::record)
}

struct Run<'c> {
    case: &'c Case,
    mapping: &'c Mapping,
    verdict: Verdict,
}

impl Run<'_> {
    fn reads(&mut self, bytes: &[u8], takers: &dyn Fn(&Document<'_>) -> Vec<String>) {
        let document = match one(self.mapping.format(), bytes) {
            Ok(document) => document,
            Err(fault) => return self.refused(&[fault]),
        };
        let takers = takers(&document);
        if takers != [self.case.mapping.clone()] {
            let (wanted, got) = (self.case.mapping.clone(), takers.join(", "));
            self.differs("case.toml", "taken by", Some(wanted), Some(got));
        }
        let (decoded, reading) = self.mapping.decode_told(&document, self.case.strictness);
        self.verdict.used.read(self.mapping, &document, &reading);
        match decoded {
            Ok(decoded) => self.taken(&document, &decoded),
            Err(faults) => self.refused(&faults),
        }
    }

    fn taken(&mut self, document: &Document<'_>, decoded: &Decoded) {
        if self.case.wants("faults.json") {
            let got = Some("it is read".to_owned());
            return self.differs("faults.json", "", Some("it is refused".into()), got);
        }
        if decoded.unmapped != self.case.unmapped {
            let list = |paths: &[String]| Some(paths.join(", "));
            let (wanted, got) = (list(&self.case.unmapped), list(&decoded.unmapped));
            self.differs("case.toml", "unmapped", wanted, got);
        }
        let sum = (decoded.mapped + decoded.ignored + decoded.unmapped_count) as usize;
        if sum != document.leaves() {
            let (wanted, got) = (document.leaves().to_string(), sum.to_string());
            self.differs("case.toml", "leaves accounted for", Some(wanted), Some(got));
        }
        let is_lenient = self.case.strictness == Strictness::Lenient;
        if decoded.warnings.is_empty() == is_lenient {
            let (wanted, got) = (is_lenient.to_string(), (!is_lenient).to_string());
            self.differs("case.toml", "let through though not right", Some(wanted), Some(got));
        }
        let got = record::write(&decoded.record, self.mapping.schema());
        self.settle("record.json", &got, Format::Json);
    }

    /// A document that is refused: for those faults, at those places.
    fn refused(&mut self, faults: &[Fault]) {
        if self.case.wants("record.json") {
            for fault in faults {
                let got = Some(format!("{} at line {}", fault.code, fault.line));
                self.differs("record.json", &fault.at, Some("it is read".into()), got);
            }
            return;
        }
        let rows = faults.iter().map(|fault| {
            let mut row = "{\"code\":".to_owned();
            quote(fault.code, &mut row);
            row.push_str(",\"at\":");
            quote(&fault.at, &mut row);
            row.push_str(&format!(",\"line\":{}}}", fault.line));
            row
        });
        let got = format!("[{}]", rows.collect::<Vec<_>>().join(","));
        self.settle("faults.json", got.as_bytes(), Format::Json);
    }

    fn writes(&mut self, file: &str) {
        let schema = self.mapping.schema();
        // What was read just now, where the case's record is yet to be written.
        let stored = self.case.files.get("record.json");
        let stored = stored.or_else(|| self.verdict.blessed.get("record.json"));
        let Some(stored) = stored.cloned() else {
            return self.differs("record.json", "", Some("a record to write".into()), None);
        };
        let record = match record::read(&stored, schema) {
            Ok(record) => record,
            Err(error) => {
                return self.differs("record.json", "", None, Some(error.to_string()));
            }
        };
        let context: Vec<_> =
            self.case.context.iter().map(|(name, text)| (&**name, &**text)).collect();
        let (written, wrote) = match self.mapping.encode_told(&record.values, &context) {
            Ok(written) => written,
            Err(fault) => return self.differs(file, &fault.at, None, Some(fault.to_string())),
        };
        self.settle(file, &written, self.mapping.format());
        let Ok(document) = one(self.mapping.format(), &written) else {
            return self.differs(file, "", None, Some("it cannot be read again".into()));
        };
        self.verdict.used.wrote(self.mapping, &document, &wrote);
        if !self.mapping.reads() || self.case.input().is_none() {
            return;
        }
        match self.mapping.decode(&document, Strictness::Strict) {
            Ok(back) if back.record == record && back.unmapped.is_empty() => {}
            Ok(back) => {
                let got = record::write(&back.record, schema);
                let label = format!("{file}, read again");
                let differences = compare(&label, &stored, &got, Format::Json);
                self.verdict.differences.extend(differences);
            }
            Err(faults) => {
                let got = faults.first().map(ToString::to_string);
                self.differs(file, "read again", Some("the same record".into()), got);
            }
        }
    }

    /// Compares with the file; where that differs, it would have to be what came.
    fn settle(&mut self, file: &str, got: &[u8], format: Format) {
        let wanted = self.case.files.get(file).map_or(&[][..], Vec::as_slice);
        let found = compare(file, wanted, got, format);
        if !found.is_empty() {
            self.verdict.differences.extend(found);
            self.verdict.blessed.insert(file.to_owned(), laid_out(got, format));
        }
    }

    fn differs(&mut self, file: &str, at: &str, wanted: Option<String>, got: Option<String>) {
        let (file, at) = (file.to_owned(), at.to_owned());
        self.verdict.differences.push(Difference { file, at, wanted, got });
    }
}

impl Used {
    /// Adds what reading a document exercised.
    pub fn read(&mut self, mapping: &Mapping, document: &Document<'_>, reading: &Reading) {
        let places = mapping.places();
        for (leaf, taken) in reading.of(document) {
            self.sites.extend(taken.by.iter().map(|(by, _)| *by).chain(taken.ignored));
            for (by, _) in taken.by.iter().filter(|(_, field)| field.is_some()) {
                self.code(&places, *by, &leaf.text);
            }
        }
        self.sites.extend(reading.given.iter().map(|given| given.by));
    }

    /// Adds what writing a document exercised.
    pub fn wrote(&mut self, mapping: &Mapping, document: &Document<'_>, wrote: &[crate::Wrote]) {
        let (places, leaves) = (mapping.places(), document.leaves_told());
        for one in wrote {
            self.sites.insert(one.by);
            if let Some(leaf) = one.leaf(&leaves) {
                self.code(&places, one.by, &leaves[leaf].text);
            }
        }
    }

    fn code(&mut self, places: &[crate::Place], by: Site, text: &str) {
        let place = places.iter().find(|place| place.site == by && place.codes.is_some());
        let Some(table) = place.and_then(|place| place.codes.as_ref()) else { return };
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        if table.target(text).is_some() {
            self.codes.insert((table.name().to_owned(), text.to_owned()));
        }
    }

    /// Adds another's.
    pub fn add(&mut self, other: Self) {
        self.sites.extend(other.sites);
        self.codes.extend(other.codes);
    }
}
