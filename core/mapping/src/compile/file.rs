//! A mapping file as written: TOML to a tree, nothing judged yet but its keys.

use super::format::{Layout, sheet};
use crate::{
    Columns,
    source::{Reader, Span, Table, Text},
};

const TOP: &[&str] = &[
    "record",
    "format",
    "csv",
    "xlsx",
    "root",
    "namespace",
    "schema",
    "match",
    "one_way",
    "fields",
    "ignored",
    "each",
];
const EACH: &[&str] = &["at", "is", "one_way", "fields", "ignored", "each"];
const RULE: &[&str] = &[
    "at", "is", "codes", "format", "default", "constant", "template", "one_way", "required",
    "with", "when", "region", "expr", "inputs",
];

/// The whole file.
pub(super) struct File {
    pub(super) record: Option<Text>,
    pub(super) format: Option<Text>,
    /// How CSV is laid out, and where that stands.
    pub(super) csv: Option<(Layout, Span)>,
    /// How the columns of a workbook are told apart, and where that stands.
    pub(super) xlsx: Option<(Columns, Span)>,
    pub(super) root: Option<Text>,
    pub(super) namespace: Option<Text>,
    /// An XML schema to be held against, from the file's own folder.
    pub(super) xsd: Option<Text>,
    pub(super) matching: Option<(Text, Text)>,
    pub(super) one_way: Option<Text>,
    pub(super) body: Body,
}

/// The rules of the record, or of a group's row.
pub(super) struct Body {
    pub(super) items: Vec<Item>,
    pub(super) ignored: Vec<Ignored>,
    pub(super) each: Vec<Each>,
}

pub(super) enum Item {
    Rule(Box<Rule>),
    /// The place where that `each` is written.
    Each(Text),
}

pub(super) struct Rule {
    pub(super) span: Span,
    pub(super) at: Option<Text>,
    pub(super) is: Option<Text>,
    pub(super) codes: Option<Text>,
    pub(super) format: Option<Text>,
    pub(super) default: Option<Text>,
    pub(super) region: Option<Text>,
    /// The text and whether it was quoted.
    pub(super) constant: Option<(Text, bool)>,
    pub(super) template: Option<Text>,
    pub(super) one_way: Option<Text>,
    pub(super) required: bool,
    pub(super) with: Option<Text>,
    pub(super) when: Option<When>,
    pub(super) expr: Option<Expr>,
    /// Names for expressions, each with the place or field that it stands for.
    pub(super) inputs: Vec<(Text, Text)>,
}

/// A rule's condition.
pub(super) enum When {
    /// A place and the text there.
    Text(Text, Text),
    Expr(Text),
}

/// What stands between the document's text and the field's.
pub(super) enum Expr {
    OneWay(Text),
    Both { reading: Option<Text>, writing: Option<Text> },
}

pub(super) struct Ignored {
    pub(super) at: Text,
    pub(super) why: Option<Text>,
}

pub(super) struct Each {
    pub(super) at: Text,
    pub(super) is: Text,
    pub(super) one_way: Option<Text>,
    pub(super) body: Body,
}

impl File {
    pub(super) fn read(reader: &mut Reader<'_>, table: Table<'_>) -> Self {
        reader.known(table, TOP);
        Self {
            record: reader.needed(table, "record"),
            format: reader.needed(table, "format"),
            csv: reader.table(table, "csv").map(|csv| (Layout::read(reader, csv), csv.span())),
            xlsx: reader.table(table, "xlsx").map(|xlsx| (sheet(reader, xlsx), xlsx.span())),
            root: reader.text(table, "root"),
            namespace: reader.text(table, "namespace"),
            xsd: reader.text(table, "schema"),
            matching: condition(reader, table, "match"),
            one_way: reader.text(table, "one_way"),
            body: Body::read(reader, table),
        }
    }
}

impl Body {
    fn read(reader: &mut Reader<'_>, table: Table<'_>) -> Self {
        let items = reader.tables(table, "fields").into_iter().map(|item| Item::read(reader, item));
        let items = items.collect();
        let mut ignored = Vec::new();
        for item in reader.tables(table, "ignored") {
            reader.known(item, &["at", "why"]);
            let at = reader.needed(item, "at");
            let why = reader.text(item, "why");
            ignored.extend(at.map(|at| Ignored { at, why }));
        }
        let mut each = Vec::new();
        for item in reader.tables(table, "each") {
            reader.known(item, EACH);
            let (at, is) = (reader.needed(item, "at"), reader.needed(item, "is"));
            let one_way = reader.text(item, "one_way");
            let body = Self::read(reader, item);
            if let (Some(at), Some(is)) = (at, is) {
                each.push(Each { at, is, one_way, body });
            }
        }
        Self { items, ignored, each }
    }
}

impl Item {
    fn read(reader: &mut Reader<'_>, table: Table<'_>) -> Self {
        if table.has("each") {
            reader.known(table, &["each"]);
            if let Some(text) = reader.text(table, "each") {
                return Self::Each(text);
            }
        } else {
            reader.known(table, RULE);
        }
        Self::Rule(Box::new(Rule {
            span: table.span(),
            at: reader.text(table, "at"),
            is: reader.text(table, "is"),
            codes: reader.text(table, "codes"),
            format: reader.text(table, "format"),
            region: reader.text(table, "region"),
            default: reader.scalar(table, "default").map(|(text, _)| text),
            constant: reader.scalar(table, "constant"),
            template: reader.text(table, "template"),
            one_way: reader.text(table, "one_way"),
            required: reader.flag(table, "required"),
            with: reader.text(table, "with"),
            when: when(reader, table),
            expr: expr(reader, table),
            inputs: reader.pairs(table, "inputs"),
        }))
    }
}

fn when(reader: &mut Reader<'_>, table: Table<'_>) -> Option<When> {
    if !table.has("when") || table.is_table("when") {
        return condition(reader, table, "when").map(|(at, value)| When::Text(at, value));
    }
    reader.text(table, "when").map(When::Expr)
}

fn expr(reader: &mut Reader<'_>, table: Table<'_>) -> Option<Expr> {
    if !table.has("expr") || !table.is_table("expr") {
        return reader.text(table, "expr").map(Expr::OneWay);
    }
    let table = reader.table(table, "expr")?;
    reader.known(table, &["in", "out"]);
    if !table.has("in") && !table.has("out") {
        reader.needed(table, "in");
    }
    Some(Expr::Both { reading: reader.text(table, "in"), writing: reader.text(table, "out") })
}

fn condition(reader: &mut Reader<'_>, table: Table<'_>, key: &str) -> Option<(Text, Text)> {
    let table = reader.table(table, key)?;
    reader.known(table, &["at", "value"]);
    Some((reader.needed(table, "at")?, reader.needed(table, "value")?))
}
