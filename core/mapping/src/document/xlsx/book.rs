//! What the cells of all sheets refer to: the sheets' names, the shared strings, which styles make a
//! number a date.

use roxmltree::Node as Element;

use super::{Fault, Limits, Parts, cell, is, parsed, wrong};

const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const STRICT: &str = "http://purl.oclc.org/ooxml/officeDocument/relationships";
/// Each is inflated and parsed.
const SHEETS_MAX: usize = 64;

pub(super) struct Sheet {
    pub(super) name: String,
    /// The part of the zip.
    pub(super) part: String,
}

pub(super) struct Book {
    pub(super) sheets: Vec<Sheet>,
    strings: Vec<String>,
    /// Of each style, what it makes of a number.
    styles: Vec<cell::Look>,
    /// Whether days are counted from 1904 on.
    is_1904: bool,
}

impl Book {
    pub(super) fn read(parts: &mut Parts<'_>, limits: &Limits) -> Result<Self, Fault> {
        let targets = parts.needed("xl/_rels/workbook.xml.rels")?;
        let targets = parsed(&targets, limits, |root| Ok(targets_of(root)))?;
        let text = parts.needed("xl/workbook.xml")?;
        let (sheets, is_1904) = parsed(&text, limits, |root| book(root, &targets))?;
        let strings = match parts.part("xl/sharedStrings.xml")? {
            Some(text) => parsed(&text, limits, |root| Ok(strings(root)))?,
            None => Vec::new(),
        };
        let styles = match parts.part("xl/styles.xml")? {
            Some(text) => parsed(&text, limits, |root| Ok(styles(root)))?,
            None => Vec::new(),
        };
        Ok(Self { sheets, strings, styles, is_1904 })
    }

    /// The text of a cell, as a person sees its value.
    pub(super) fn text(&self, cell: Element<'_, '_>) -> Result<String, &'static str> {
        let value = || child(cell, "v").map(|v| v.text().unwrap_or_default().trim());
        let number = |text: &str| {
            let style = cell.attribute("s").and_then(|style| style.parse::<usize>().ok());
            let look = style.and_then(|style| self.styles.get(style)).copied();
            cell::number(text, look.unwrap_or_default(), self.is_1904)
        };
        let text = match (cell.attribute("t").unwrap_or("n"), value()) {
            ("inlineStr", _) => child(cell, "is").map_or_else(String::new, run),
            (_, None | Some("")) => String::new(),
            ("s", Some(at)) => {
                let found = at.parse::<usize>().ok().and_then(|at| self.strings.get(at));
                found.cloned().ok_or("the cell's text is not among those of the file")?
            }
            ("str", Some(_)) => {
                cell::unescape(child(cell, "v").and_then(|v| v.text()).unwrap_or(""))
            }
            ("n", Some(text)) => number(text)?,
            ("b", Some("1")) => "true".to_owned(),
            ("b", Some("0")) => "false".to_owned(),
            ("d", Some(text)) => text.to_owned(),
            ("e", _) => return Err("the cell holds an error of its formula"),
            _ => return Err("the cell is of a kind that XLSX does not define"),
        };
        cell::checked(&text)
    }
}

fn child<'a, 'i>(element: Element<'a, 'i>, name: &str) -> Option<Element<'a, 'i>> {
    element.children().find(|part| is(*part, name))
}

fn targets_of(root: Element<'_, '_>) -> Vec<(String, String)> {
    let both = |part: Element<'_, '_>| {
        Some((part.attribute("Id")?.to_owned(), part.attribute("Target")?.to_owned()))
    };
    root.children().filter(|part| is(*part, "Relationship")).filter_map(both).collect()
}

fn book(root: Element<'_, '_>, targets: &[(String, String)]) -> Result<(Vec<Sheet>, bool), Fault> {
    let flag = child(root, "workbookPr").and_then(|part| part.attribute("date1904"));
    let is_1904 = flag.is_some_and(|flag| matches!(flag, "1" | "true"));
    let list = child(root, "sheets").ok_or_else(|| wrong("the XLSX file has no sheets"))?;
    let elements = list.children().filter(|part| is(*part, "sheet"));
    let sheet = |element: Element<'_, '_>| {
        let id = element.attribute((RELATIONSHIPS, "id")).or(element.attribute((STRICT, "id")))?;
        let (_, target) = targets.iter().find(|(known, _)| known == id)?;
        let part = match target.strip_prefix('/') {
            Some(whole) => whole.to_owned(),
            None => format!("xl/{target}"),
        };
        Some(Sheet { name: element.attribute("name")?.to_owned(), part })
    };
    let sheets: Option<Vec<_>> = elements.take(SHEETS_MAX + 1).map(sheet).collect();
    let sheets = sheets.ok_or_else(|| wrong("a sheet of the XLSX file is not to be found"))?;
    if sheets.len() > SHEETS_MAX {
        return Err(wrong("the XLSX file has too many sheets"));
    }
    Ok((sheets, is_1904))
}

fn strings(root: Element<'_, '_>) -> Vec<String> {
    root.children().filter(|part| is(*part, "si")).map(run).collect()
}

/// The text in one or several runs, without how it is pronounced.
fn run(element: Element<'_, '_>) -> String {
    let mut out = String::new();
    for part in element.children() {
        if is(part, "t") {
            out.push_str(part.text().unwrap_or_default());
        } else if is(part, "r") {
            let inner = part.children().filter(|inner| is(*inner, "t"));
            inner.for_each(|inner| out.push_str(inner.text().unwrap_or_default()));
        }
    }
    cell::unescape(&out)
}

fn styles(root: Element<'_, '_>) -> Vec<cell::Look> {
    let number = |part: Element<'_, '_>| part.attribute("numFmtId")?.parse::<u32>().ok();
    let own = child(root, "numFmts").into_iter().flat_map(|list| list.children());
    let own = own.filter(|part| is(*part, "numFmt"));
    let own: Vec<_> = own
        .filter_map(|part| Some((number(part)?, cell::look_of(part.attribute("formatCode")?))))
        .collect();
    let look = |id: u32| match own.iter().find(|(known, _)| *known == id) {
        Some((_, look)) => *look,
        None => cell::look_of_known(id),
    };
    let list = child(root, "cellXfs").into_iter().flat_map(|list| list.children());
    let list = list.filter(|part| is(*part, "xf"));
    list.map(|part| number(part).map_or(cell::Look::Number, look)).collect()
}
