//! The document format that a file is about, and how to tell its documents from others.

use super::{Guard, file::File, path};
use crate::{
    Columns, Csv, Encoding, Format,
    path::is_xml_name,
    source::{Reader, Table, Text},
};

const FORMATS: &str = "write `xml`, `json`, `csv`, `xlsx` or `hl7v2`";
const ENCODINGS: [(&str, Encoding); 3] = [
    ("utf-8", Encoding::Utf8),
    ("utf-8-bom", Encoding::Utf8Marked),
    ("iso-8859-1", Encoding::Latin1),
];

/// `[csv]` as written.
pub(super) struct Layout {
    delimiter: Option<Text>,
    encoding: Option<Text>,
    columns: Columns,
}

impl Layout {
    pub(super) fn read(reader: &mut Reader<'_>, table: Table<'_>) -> Self {
        reader.known(table, &["delimiter", "header", "encoding"]);
        Self {
            delimiter: reader.needed(table, "delimiter"),
            encoding: reader.text(table, "encoding"),
            columns: columns(reader, table),
        }
    }
}

/// `[xlsx]` as written.
pub(super) fn sheet(reader: &mut Reader<'_>, table: Table<'_>) -> Columns {
    reader.known(table, &["header"]);
    columns(reader, table)
}

fn columns(reader: &mut Reader<'_>, table: Table<'_>) -> Columns {
    match !table.has("header") || reader.flag(table, "header") {
        true => Columns::Named,
        false => Columns::Numbered,
    }
}

pub(super) fn format(reader: &mut Reader<'_>, file: &File) -> Option<Format> {
    let name = file.format.as_ref()?;
    if let (Some((_, span)), true) = (&file.csv, name.text != "csv") {
        let why = "only a CSV file is laid out so";
        reader.error("LU101", span.clone(), "`[csv]` in another format", why, "remove it");
    }
    if let (Some((_, span)), true) = (&file.xlsx, name.text != "xlsx") {
        let why = "only an XLSX file is laid out so";
        reader.error("LU101", span.clone(), "`[xlsx]` in another format", why, "remove it");
    }
    match &*name.text {
        "xml" => Some(Format::Xml),
        "json" => Some(Format::Json),
        "hl7v2" => Some(Format::Hl7),
        "xlsx" => Some(Format::Xlsx(xlsx(reader, file, name))),
        "csv" => {
            let layout = layout(reader, file, name)?;
            csv(reader, layout).map(Format::Csv)
        }
        other => {
            let what = format!("unknown format `{other}`");
            reader.error("LU101", name.span.clone(), what, "no reader knows it", FORMATS);
            None
        }
    }
}

fn xlsx(reader: &mut Reader<'_>, file: &File, name: &Text) -> Columns {
    if file.one_way.as_ref().is_none_or(|way| way.text != "in") {
        let why = "an XLSX file is read and not written";
        let mend = "add `one_way = \"in\"`, and write CSV by a mapping of its own";
        reader.error("LU108", name.span.clone(), "this cannot be written", why, mend);
    }
    file.xlsx.as_ref().map_or(Columns::Named, |(columns, _)| *columns)
}

fn layout<'f>(reader: &mut Reader<'_>, file: &'f File, name: &Text) -> Option<&'f Layout> {
    if file.csv.is_none() {
        let why = "a CSV file does not say what parts its cells";
        let mend = "add a table `[csv]` with `delimiter = \";\"`";
        reader.error("LU101", name.span.clone(), "`[csv]` is missing", why, mend);
    }
    file.csv.as_ref().map(|(layout, _)| layout)
}

fn csv(reader: &mut Reader<'_>, layout: &Layout) -> Option<Csv> {
    let delimiter = layout.delimiter.as_ref().and_then(|text| delimiter(reader, text));
    let encoding = match &layout.encoding {
        None => Some(Encoding::Utf8),
        Some(text) => encoding(reader, text),
    };
    Some(Csv { delimiter: delimiter?, columns: layout.columns, encoding: encoding? })
}

fn delimiter(reader: &mut Reader<'_>, text: &Text) -> Option<char> {
    let found = [',', ';', '|', '\t'].into_iter().find(|c| text.text.chars().eq([*c]));
    if found.is_none() {
        let mend = "write \",\", \";\", \"|\" or \"\\t\"";
        let why = "cells are parted by one of four characters";
        reader.error("LU101", text.span.clone(), "no delimiter", why, mend);
    }
    found
}

fn encoding(reader: &mut Reader<'_>, text: &Text) -> Option<Encoding> {
    let found = ENCODINGS.iter().find(|(name, _)| *name == text.text);
    if found.is_none() {
        let what = format!("unknown encoding `{}`", text.text);
        let mend = "write `utf-8`, `utf-8-bom` or `iso-8859-1`";
        reader.error("LU101", text.span.clone(), what, "no reader knows it", mend);
    }
    found.map(|(_, encoding)| *encoding)
}

pub(super) fn guard(reader: &mut Reader<'_>, file: &File, format: Format) -> Option<Guard> {
    match (format, &file.root) {
        (Format::Xml, None) => {
            let why = "an XML document is told by its root element";
            reader.error("LU101", 0..0, "`root` is missing", why, "add `root = \"…\"`");
        }
        (Format::Xml, Some(root)) if !is_xml_name(&root.text) => {
            let why = "it is no element name without prefix";
            reader.error("LU105", root.span.clone(), "wrong `root`", why, "write the local name");
        }
        (Format::Json, Some(root)) => {
            let why = "a JSON document has no root name";
            reader.error("LU101", root.span.clone(), "`root` in JSON", why, "remove it");
        }
        (Format::Hl7, None) => {
            let why = "an HL7 v2 message is told by its type and event";
            let mend = "add `root = \"REF^I12^REF_I12\"`, or what the message is";
            reader.error("LU101", 0..0, "`root` is missing", why, mend);
        }
        (Format::Hl7, Some(root)) if !is_kind(&root.text) => {
            let why = "MSH-9 is a message type, an event and a structure, like REF^I12^REF_I12";
            reader.error("LU105", root.span.clone(), "wrong `root`", why, "write these");
        }
        (Format::Csv(_), Some(root)) => {
            let why = "a row of a table has no name";
            reader.error("LU101", root.span.clone(), "`root` in CSV", why, "remove it");
        }
        _ => {}
    }
    if let (false, Some(namespace)) = (format == Format::Xml, &file.namespace) {
        let why = "only XML has namespaces";
        let what = "`namespace` in another format";
        reader.error("LU101", namespace.span.clone(), what, why, "remove it");
    }
    if let Some(xsd) = file.xsd.as_ref().filter(|_| format != Format::Xml) {
        let why = "only an XML document can be held against an XML schema";
        reader.error("LU101", xsd.span.clone(), "`schema` without XML", why, "remove it");
    }
    if let Some(namespace) = file.namespace.as_ref().filter(|name| !is_uri(&name.text)) {
        let why = "no document is in a namespace of that name";
        let mend = "write a URI, or remove it to take any namespace";
        let what = "`namespace` is no URI";
        reader.error("LU101", namespace.span.clone(), what, why, mend);
    }
    let matching = match &file.matching {
        Some((at, value)) => Some((path(reader, at, format, 0, true)?, value.text.as_str().into())),
        None => None,
    };
    let own = |text: &Option<Text>| text.as_ref().map(|text| text.text.as_str().into());
    Some(Guard { root: own(&file.root), namespace: own(&file.namespace), matching })
}

fn is_kind(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    text.split('^').count() <= 3 && text.split('^').all(is_part)
}

/// Near enough: not empty, and nothing that a URI never holds.
fn is_uri(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c))
}
