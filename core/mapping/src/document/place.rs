//! Where in a document: lines, columns, and paths of names.

use luotsi_model::diagnostic::line_column;

use super::{Document, Format, Sort};
use crate::Fault;

/// A longer name is cut in a path, so that a hostile document cannot make a huge answer.
const NAME_CHARS_MAX: usize = 64;

pub(super) fn fault(code: &'static str, input: &str, start: usize, why: String) -> Fault {
    let (line, column) = line_column(input, start);
    Fault { code, at: String::new(), field: None, line, column, why }
}

pub(super) fn not_utf8(bytes: &[u8], valid: usize) -> Fault {
    let before = std::str::from_utf8(&bytes[..valid]).unwrap_or_default();
    fault("wrong-encoding", before, valid, "the bytes are not UTF-8".into())
}

impl Document<'_> {
    /// Line and column of a node.
    pub(crate) fn position(&self, at: u32) -> (usize, usize) {
        line_column(&self.input, self.node(at).start as usize)
    }

    /// The path of a node in names: `Lahete/Uusi/@koodi`, `goals[1]/text`.
    pub(crate) fn path(&self, at: u32) -> String {
        let mut steps = Vec::new();
        let mut at = at;
        loop {
            let node = self.node(at);
            let is_root = node.parent == at;
            if !is_root || self.format == Format::Xml {
                steps.push(self.step(at));
            }
            if is_root {
                break;
            }
            at = node.parent;
        }
        steps.reverse();
        steps.join("/").replace("/[", "[")
    }

    fn step(&self, at: u32) -> String {
        let node = self.node(at);
        if self.node(node.parent).sort == Sort::Array {
            let index = self.children(node.parent).position(|child| child == at);
            return format!("[{}]", index.unwrap_or_default());
        }
        let name = shown(&node.name, self.format.is_table());
        if node.sort == Sort::Attribute { format!("@{name}") } else { name }
    }
}

/// A name as far as it reads like one: a key may hold what a name should not, a person's for one.
///
/// A column is shown with its spaces: the document has been told by its columns.
fn shown(name: &str, is_column: bool) -> String {
    let plain =
        |c: char| c.is_alphanumeric() || "_-.:$".contains(c) || (is_column && " /()".contains(c));
    if is_column && name.bytes().all(|b| b.is_ascii_digit()) {
        return name.chars().take(NAME_CHARS_MAX).collect();
    }
    if name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '$')
        && name.chars().all(plain)
    {
        name.chars().take(NAME_CHARS_MAX).collect()
    } else {
        "?".into()
    }
}
