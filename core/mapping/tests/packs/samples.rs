//! Documents that others published, read by the packs. They are not the project's, so they lie
//! beside it (`../shared/samples`, or where `LUOTSI_SAMPLES` says), and the test is skipped without.

use std::path::{Path, PathBuf};

use luotsi_mapping::{Document, Format, Limits, Mapping};
use luotsi_model::hetu::Strictness;

use crate::shipped::{Shipped, listed, project};

/// How many of a folder's documents some mapping takes for its own, how many of these it reads, and
/// how many leaves of those are left over. What is taken and not read is refused for what it lacks:
/// HL7's examples know no henkilötunnus, and no reference in a system of ours.
const WANTED: &[(&str, usize, usize, u32)] =
    &[("cda-fi", 5, 5, 0), ("fhir-fi", 0, 0, 0), ("fhir-r4", 12, 0, 0)];

/// What became of one document.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// With so many leaves left over.
    Read(u32),
    Refused,
    Nobodys,
}

#[test]
fn published_documents_are_accounted_for_or_refused_with_reasons() {
    let folder = std::env::var_os("LUOTSI_SAMPLES")
        .map_or_else(|| project().join("../shared/samples"), PathBuf::from);
    if !folder.is_dir() {
        return eprintln!("skipped: no samples in {}", folder.display());
    }
    let shipped = Shipped::load();
    let got = WANTED.iter().map(|(name, ..)| {
        let ends: Vec<_> = documents(&folder.join(name)).map(|path| end(&path, &shipped)).collect();
        assert!(!ends.is_empty(), "{name} is empty");
        let taken = ends.iter().filter(|end| **end != End::Nobodys).count();
        let left = ends.iter().filter_map(|end| match end {
            End::Read(left) => Some(*left),
            _ => None,
        });
        (*name, taken, left.clone().count(), left.sum())
    });
    assert_eq!(got.collect::<Vec<_>>(), WANTED, "(folder, taken, read, left over)");
}

fn documents(folder: &Path) -> impl Iterator<Item = PathBuf> {
    listed(folder, ".json").into_iter().chain(listed(folder, ".xml"))
}

fn end(path: &Path, shipped: &Shipped) -> End {
    let bytes = std::fs::read(path).unwrap();
    let is_xml = path.extension().is_some_and(|ending| ending == "xml");
    let format = if is_xml { Format::Xml } else { Format::Json };
    let document = luotsi_mapping::read(format, &bytes, &Limits::default()).unwrap();
    let readers = shipped.mappings.values().filter(|mapping| mapping.reads());
    let mut end = End::Nobodys;
    for mapping in readers.filter(|mapping| mapping.format() == format) {
        // Reading what is not its own must hold up too: a connection may be set up wrongly.
        let read = holds(path, mapping, &document);
        if is_marked(mapping) && mapping.matches(&document) {
            assert!(end == End::Nobodys, "{} is taken twice", path.display());
            end = read.map_or(End::Refused, End::Read);
        }
    }
    end
}

/// What is left over of one that is read, where every leaf is accounted for; of one that is not,
/// every fault has its place and reason.
fn holds(path: &Path, mapping: &Mapping, document: &Document<'_>) -> Option<u32> {
    let at = || format!("{} by {}", path.display(), mapping.name());
    match mapping.decode(document, Strictness::Lenient) {
        Ok(read) => {
            let sum = read.mapped + read.ignored + read.unmapped_count;
            assert_eq!(sum as usize, document.leaves(), "{}", at());
            Some(read.unmapped_count)
        }
        Err(faults) => {
            let is_told =
                |f: &luotsi_mapping::Fault| !f.code.is_empty() && f.line > 0 && !f.why.is_empty();
            assert!(!faults.is_empty() && faults.iter().all(is_told), "{}: {faults:?}", at());
            None
        }
    }
}

/// A JSON mapping without `match` takes any document for its own, and claims none.
fn is_marked(mapping: &Mapping) -> bool {
    mapping.format() != Format::Json || mapping.name().starts_with("fhir-r4/")
}
