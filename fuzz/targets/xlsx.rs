//! XLSX, as bytes and as the parts of a sound zip: bytes alone hardly ever make one.

#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use luotsi_fuzz::check;
use luotsi_mapping::{Columns, Format};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

const PARTS: [&str; 5] = [
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/styles.xml",
    "xl/sharedStrings.xml",
    "xl/worksheets/sheet1.xml",
];

/// The parts, which stand in the input between lines of dashes.
fn zipped(bytes: &str) -> Vec<u8> {
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in PARTS.iter().zip(bytes.split("\n----\n")) {
        writer.start_file(*name, stored).expect("memory takes a part");
        writer.write_all(part.as_bytes()).expect("memory takes bytes");
    }
    writer.finish().expect("memory takes an end").into_inner()
}

fuzz_target!(|bytes: &[u8]| {
    for columns in [Columns::Named, Columns::Numbered] {
        check(Format::Xlsx(columns), bytes, &[]);
        if let Ok(text) = std::str::from_utf8(bytes) {
            check(Format::Xlsx(columns), &zipped(text), &[]);
        }
    }
});
