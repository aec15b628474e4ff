//! The header of a Finnish CDA R2 document of 30 KB, whose body is accounted for and not read: one
//! made here of the shipped case, and those that Kela published, where they lie beside the project.

use std::{env, fmt, fs, path::PathBuf};

use divan::{Bencher, black_box};

use crate::{from_xml, mapping, shipped};

const BYTES: usize = 30 * 1024;
/// What a body is made of, some 80 bytes an element as in the published ones.
const ENTRY: &str = "<entry><observation classCode=\"OBS\" moodCode=\"EVN\">\
    <code code=\"32\" codeSystem=\"1.2.246.537.6.12.2002.126\" displayName=\"Valmisteen nimi\"/>\
    <text><reference value=\"#OID1.2.246.10.99999984.93.2026.2.1\"/></text>\
    <value><given>Aino</given><family>Mallikas</family></value></observation></entry>";

/// A document and its name.
pub(crate) struct Cda {
    name: String,
    xml: String,
}

impl fmt::Display for Cda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

fn generated() -> Cda {
    let header = shipped("cda-fi/cases/document-with-news/input.xml");
    let header =
        header.replace("<legalAuthenticator><time value=\"20261114\"/></legalAuthenticator>", "");
    let entries = ENTRY.repeat((BYTES - header.len()) / ENTRY.len());
    let xml = header.replace("</text>", &format!("</text>{entries}"));
    Cda { name: "generated".into(), xml }
}

fn published() -> Vec<Cda> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    let folder = env::var_os("LUOTSI_SAMPLES").map_or_else(beside, PathBuf::from).join("cda-fi");
    let mut files: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
    files.sort_by_key(fs::DirEntry::file_name);
    let texts = files.into_iter().filter_map(|file| fs::read_to_string(file.path()).ok());
    let named =
        texts.enumerate().map(|(at, xml)| Cda { name: format!("published {}", at + 1), xml });
    named.collect()
}

fn documents() -> Vec<Cda> {
    std::iter::once(generated()).chain(published()).collect()
}

#[divan::bench(args = documents())]
fn cda_to_record(bencher: Bencher<'_, '_>, cda: &Cda) {
    let mapping = mapping("cda-fi/document.toml");
    bencher
        .counter(divan::counter::BytesCount::of_str(&cda.xml))
        .bench_local(|| from_xml(&mapping, black_box(&cda.xml)));
}
