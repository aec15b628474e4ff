//! Documents compared leaf by leaf, so that layout never matters and a difference is named.

use std::{fmt::Write as _, fs, path::Path};

use luotsi_mapping::Format;
use serde_json::Value as Json;

/// Compares leaf by leaf with the file, or rewrites the file where it differs.
pub(crate) fn compare(wanted: &Path, got: &[u8], format: Format, wrong: &mut Vec<String>) {
    let want = fs::read(wanted).map(|bytes| leaves(&bytes, format)).unwrap_or_default();
    let have = leaves(got, format);
    if want == have {
        return;
    }
    if std::env::var_os("BLESS").is_some() {
        return fs::write(wanted, laid_out(got, format)).unwrap();
    }
    let mut message = format!("{}:", wanted.display());
    for leaf in want.iter().filter(|leaf| !have.contains(leaf)) {
        let _ = write!(message, "\n  missing     {} = {}", leaf.0, leaf.1);
    }
    for leaf in have.iter().filter(|leaf| !want.contains(leaf)) {
        let _ = write!(message, "\n  not wanted  {} = {}", leaf.0, leaf.1);
    }
    if message.ends_with(':') {
        message += " the same leaves in another order";
    }
    wrong.push(message);
}

/// Every leaf with its place: of JSON in order of place, of XML in the order of the document, since
/// there order is part of the form.
fn leaves(bytes: &[u8], format: Format) -> Vec<(String, String)> {
    let mut out = Vec::new();
    match format {
        Format::Json => json_leaves(&serde_json::from_slice(bytes).unwrap(), "", &mut out),
        Format::Xml => {
            let text = std::str::from_utf8(bytes).unwrap();
            xml_leaves(roxmltree::Document::parse(text).unwrap().root_element(), "", &mut out);
        }
        // Segments end as they like: in a file kept under version control, in LF.
        Format::Hl7 => {
            let text = String::from_utf8_lossy(bytes);
            let segments = text.split(['\r', '\n']).filter(|segment| !segment.is_empty());
            out.extend(segments.map(|segment| (String::new(), segment.to_owned())));
        }
        // A table is its bytes: where a cell stands is all that its layout says.
        Format::Csv(_) => out.push((String::new(), String::from_utf8_lossy(bytes).into_owned())),
    }
    out
}

fn json_leaves(json: &Json, at: &str, out: &mut Vec<(String, String)>) {
    match json {
        Json::Object(members) if !members.is_empty() => {
            members
                .iter()
                .for_each(|(name, member)| json_leaves(member, &format!("{at}/{name}"), out));
        }
        Json::Array(items) if !items.is_empty() => {
            items
                .iter()
                .enumerate()
                .for_each(|(i, item)| json_leaves(item, &format!("{at}[{i}]"), out));
        }
        leaf => out.push((at.to_owned(), leaf.to_string())),
    }
}

fn xml_leaves(node: roxmltree::Node<'_, '_>, at: &str, out: &mut Vec<(String, String)>) {
    let name = node.tag_name();
    let at = format!("{at}/{{{}}}{}", name.namespace().unwrap_or_default(), name.name());
    for attribute in node.attributes() {
        out.push((format!("{at}/@{}", attribute.name()), attribute.value().to_owned()));
    }
    if node.children().any(|child| child.is_element()) {
        node.children().filter(|c| c.is_element()).for_each(|child| xml_leaves(child, &at, out));
    } else {
        out.push((at, node.text().unwrap_or_default().trim().to_owned()));
    }
}

/// One leaf a line, so that a diff shows what changed. JSON keeps its members' order.
fn laid_out(bytes: &[u8], format: Format) -> Vec<u8> {
    let (mut out, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    let end = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.resize(out.len() + 2 * depth, b' ');
    };
    match format {
        Format::Xml => return [bytes, b"\n"].concat(),
        Format::Csv(_) => return bytes.to_vec(),
        Format::Hl7 => return String::from_utf8_lossy(bytes).replace('\r', "\n").into_bytes(),
        Format::Json => {}
    }
    for &byte in bytes.iter().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        match byte {
            b'{' | b'[' if !quoted => {
                depth += 1;
                out.push(byte);
                end(&mut out, depth);
            }
            b'}' | b']' if !quoted => {
                depth -= 1;
                end(&mut out, depth);
                out.push(byte);
            }
            b',' if !quoted => {
                out.push(byte);
                end(&mut out, depth);
            }
            b':' if !quoted => out.extend_from_slice(b": "),
            b' ' if !quoted => {}
            _ => out.push(byte),
        }
        quoted ^= byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
    }
    out.push(b'\n');
    out
}
