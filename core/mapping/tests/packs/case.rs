//! One case folder: what it wants, and whether it holds.

use std::{
    fs,
    path::{Path, PathBuf},
};

use luotsi_mapping::{Decoded, Document, Fault, Format, Limits, Mapping};
use luotsi_model::{Record, Schema, hetu::Strictness, record};
use serde_json::json;

use crate::{
    leaves::compare,
    shipped::{Shipped, listed, packs, project, text},
};

/// One case folder, read.
pub(crate) struct Case {
    pub(crate) dir: PathBuf,
    pub(crate) pack: String,
    pub(crate) mapping: String,
    strictness: Strictness,
    pub(crate) unmapped: Vec<String>,
    context: Vec<(String, String)>,
}

impl Case {
    fn read(pack: &str, dir: PathBuf) -> Self {
        let table: toml::Table = toml::from_str(&text(&dir.join("case.toml"))).unwrap();
        let known = ["says", "mapping", "hetu", "unmapped", "context"];
        assert!(table.keys().all(|key| known.contains(&key.as_str())), "{}", dir.display());
        let own = |value: &toml::Value| value.as_str().unwrap().to_owned();
        let context = table.get("context").and_then(toml::Value::as_table);
        Self {
            pack: pack.to_owned(),
            mapping: own(&table["mapping"]),
            strictness: match table.get("hetu").map(own).as_deref() {
                Some("lenient") => Strictness::Lenient,
                _ => Strictness::Strict,
            },
            unmapped: table
                .get("unmapped")
                .and_then(toml::Value::as_array)
                .map(|rows| rows.iter().map(own).collect())
                .unwrap_or_default(),
            context: context.into_iter().flatten().map(|(k, v)| (k.clone(), own(v))).collect(),
            dir,
        }
    }

    /// The file of that stem in either format, if there is one.
    fn document(&self, stem: &str) -> Option<PathBuf> {
        ["xml", "json", "csv", "hl7"]
            .map(|ending| self.dir.join(format!("{stem}.{ending}")))
            .into_iter()
            .find(|path| path.exists())
    }

    /// Whether it has that file.
    pub(crate) fn wants(&self, file: &str) -> bool {
        self.dir.join(file).exists()
    }
}

/// Runs one case; what does not hold is added to `wrong`.
pub(crate) fn check(case: &Case, shipped: &Shipped, wrong: &mut Vec<String>) {
    let name = format!("{}/{}", case.pack, case.mapping);
    let Some(mapping) = shipped.mappings.get(&name) else {
        return wrong.push(format!("{}: {name} does not compile", case.dir.display()));
    };
    let (input, output) = (case.document("input"), case.document("output"));
    assert!(input.is_some() || output.is_some(), "{} holds no document", case.dir.display());
    if let Some(path) = input {
        check_in(case, mapping, &path, shipped, wrong);
    }
    if let Some(path) = output {
        check_out(case, mapping, &path, wrong);
    }
}

fn check_in(
    case: &Case,
    mapping: &Mapping,
    path: &Path,
    shipped: &Shipped,
    wrong: &mut Vec<String>,
) {
    let bytes = fs::read(path).unwrap();
    let document = read(mapping.format(), &bytes);
    check_owner(case, &document, shipped, wrong);
    match mapping.decode(&document, case.strictness) {
        Ok(decoded) => {
            check_counts(case, &document, &decoded, wrong);
            let got = stored(&decoded.record, mapping.schema());
            compare(&case.dir.join("record.json"), &got, Format::Json, wrong);
        }
        Err(faults) => compare_faults(&case.dir.join("faults.json"), &faults, wrong),
    }
    if case.wants("record.json") && case.wants("faults.json") {
        wrong.push(format!("{} wants a record and faults of one input", case.dir.display()));
    }
}

/// A document must be one mapping's of its pack: a connection asks each in turn. A JSON mapping
/// without `match` takes any document, so it is no rival.
fn check_owner(case: &Case, document: &Document<'_>, shipped: &Shipped, wrong: &mut Vec<String>) {
    let prefix = format!("{}/", case.pack);
    let takes = |name: &&String| {
        let mapping = &shipped.mappings[*name];
        name.starts_with(&prefix) && mapping.reads() && mapping.matches(document)
    };
    let own = format!("{prefix}{}", case.mapping);
    let takers: Vec<_> = shipped.mappings.keys().filter(takes).collect();
    if takers != [&own] {
        wrong.push(format!("{}: taken by {takers:?}, not {own} alone", case.dir.display()));
    }
}

fn check_counts(case: &Case, document: &Document<'_>, decoded: &Decoded, wrong: &mut Vec<String>) {
    if decoded.unmapped != case.unmapped {
        let at = case.dir.display();
        wrong.push(format!("{at}: unmapped {:?}, wanted {:?}", decoded.unmapped, case.unmapped));
    }
    let sum = decoded.mapped + decoded.ignored + decoded.unmapped_count;
    if sum as usize != document.leaves() {
        let at = case.dir.display();
        wrong.push(format!(
            "{at}: {sum} leaves accounted for, the document has {}",
            document.leaves()
        ));
    }
    if decoded.warnings.is_empty() == (case.strictness == Strictness::Lenient) {
        wrong.push(format!("{}: warnings {:?}", case.dir.display(), decoded.warnings));
    }
}

fn check_out(case: &Case, mapping: &Mapping, path: &Path, wrong: &mut Vec<String>) {
    let bytes = fs::read(case.dir.join("record.json")).unwrap();
    let record = record::read(&bytes, mapping.schema())
        .unwrap_or_else(|error| panic!("{}: {error}", case.dir.display()));
    let context: Vec<_> = case.context.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let written = match mapping.encode(&record.values, &context) {
        Ok(written) => written,
        Err(fault) => return wrong.push(format!("{}: not written: {fault}", case.dir.display())),
    };
    compare(path, &written, mapping.format(), wrong);
    if mapping.reads() && case.document("input").is_some() {
        let document = read(mapping.format(), &written);
        match mapping.decode(&document, Strictness::Strict) {
            Ok(back) if back.record == record && back.unmapped.is_empty() => {}
            Ok(back) => wrong.push(format!(
                "{}: its own output reads back otherwise; unmapped {:?}",
                case.dir.display(),
                back.unmapped
            )),
            Err(faults) => {
                wrong.push(format!("{}: reads not back: {faults:?}", case.dir.display()));
            }
        }
    }
}

fn read(format: Format, bytes: &[u8]) -> Document<'_> {
    luotsi_mapping::read(format, bytes, &Limits::default()).and_then(Document::record).unwrap()
}

fn stored(record: &Record, schema: &Schema) -> Vec<u8> {
    record::write(record, schema)
}

fn compare_faults(wanted: &Path, faults: &[Fault], wrong: &mut Vec<String>) {
    let rows = faults.iter().map(|f| json!({"code": f.code, "at": f.at, "line": f.line}));
    let got = serde_json::to_vec(&rows.collect::<Vec<_>>()).unwrap();
    compare(wanted, &got, Format::Json, wrong);
}

/// Every case of every pack.
pub(crate) fn cases() -> Vec<Case> {
    let of = |pack: String| {
        let folders = listed(&project().join("mappings").join(&pack).join("cases"), "");
        folders.into_iter().map(move |dir| Case::read(&pack, dir))
    };
    packs().into_iter().flat_map(of).collect()
}
