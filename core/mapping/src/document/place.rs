//! Where in a document: lines, columns, and paths of names.

use super::{Document, Format, Input, Sort};
use crate::Fault;

/// A longer name is cut in a path, so that a hostile document cannot make a huge answer.
const NAME_CHARS_MAX: usize = 64;

pub(super) fn fault(code: &'static str, input: &str, start: usize, why: String) -> Fault {
    let (line, column) = place(input, start);
    Fault { code, at: String::new(), field: None, line, column, why }
}

/// Line and column in characters, from 1.
fn place(input: &str, start: usize) -> (usize, usize) {
    let (lines, begun) = lines(input)
        .take_while(|begun| *begun <= start)
        .fold((0, 0), |(lines, _), begun| (lines + 1, begun));
    (lines, column(input, begun, start))
}

/// Where the lines begin. They end as the sender's do: CR alone, LF or both.
pub(super) fn lines(input: &str) -> impl Iterator<Item = usize> {
    let bytes = input.as_bytes();
    let is_end = |at: &usize| {
        bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'))
    };
    std::iter::once(0).chain((0..bytes.len()).filter(is_end).map(|at| at + 1))
}

fn column(input: &str, begun: usize, start: usize) -> usize {
    let start = (begun..=start.min(input.len())).rev().find(|at| input.is_char_boundary(*at));
    input[begun..start.unwrap_or(begun)].chars().count() + 1
}

pub(super) fn not_utf8(bytes: &[u8], valid: usize) -> Fault {
    let before = std::str::from_utf8(&bytes[..valid]).unwrap_or_default();
    fault("wrong-encoding", before, valid, "the bytes are not UTF-8".into())
}

impl Document<'_> {
    /// The line where it begins, from 1; a workbook's row. For a table's record that is its row.
    pub fn line(&self) -> usize {
        self.position(0).0
    }

    /// Line and column of a node.
    pub(crate) fn position(&self, at: u32) -> (usize, usize) {
        self.position_of(self.node(at).start)
    }

    pub(super) fn position_of(&self, start: u32) -> (usize, usize) {
        match &self.input {
            Input::Grid => super::xlsx::position(start),
            Input::Parted(whole) => {
                let (input, lines) = &**whole;
                let line = lines.partition_point(|begun| *begun <= start);
                let begun = line.checked_sub(1).map_or(0, |at| lines[at]);
                (line, column(input, begun as usize, start as usize))
            }
            input => place(input, start as usize),
        }
    }

    /// The path of a node in names: `Lahete/Uusi/@koodi`, `goals[1]/text`, `OBX[1]-5.2`.
    pub(crate) fn path(&self, at: u32) -> String {
        if self.format == Format::Hl7 {
            return self.hl7_path(at);
        }
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

    /// What stands alone is not said: the first component of one, the only repetition.
    fn hl7_path(&self, at: u32) -> String {
        let mut above = vec![at];
        while let Some(&last) = above.last().filter(|at| **at > 0) {
            above.push(self.node(last).parent);
        }
        above.reverse();
        while let [.., component, part] = above[..] {
            let is_alone = self.node(component).end == self.node(part).end && component + 1 == part;
            if above.len() < 4 || !is_alone || *self.node(part).name != *"1" {
                break;
            }
            above.pop();
        }
        let steps = above.into_iter().skip(1).enumerate();
        steps.map(|(level, at)| self.hl7_step(level, at)).collect()
    }

    fn hl7_step(&self, level: usize, at: u32) -> String {
        let node = self.node(at);
        let joint = ["", "-", "."][level.min(2)];
        let mut likes =
            self.children(node.parent).filter(|other| self.node(*other).name == node.name);
        match likes.by_ref().position(|other| other == at) {
            Some(index) if index > 0 || likes.next().is_some() => {
                format!("{joint}{}[{index}]", node.name)
            }
            _ => format!("{joint}{}", node.name),
        }
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
