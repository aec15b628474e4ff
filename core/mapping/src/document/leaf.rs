//! A document's leaves, for comparing and for showing.

use std::collections::HashMap;

use super::{Document, Format, Sort};

/// A leaf: its place among its like, its text, and where it stands. It holds a value, so it is for
/// the one whose document it is: no log, no error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leaf<'d> {
    /// Its path, each of several like siblings with its number: `Tavoite[1]/Kuvaus`.
    pub at: String,
    /// Its text; of JSON as written in JSON, so that `"1"` is not `1`.
    pub text: String,
    /// Its namespace, if it has one.
    pub namespace: Option<&'d str>,
    /// Line from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The byte at which its node starts.
    pub start: usize,
    /// Whether it is an attribute.
    pub is_attribute: bool,
}

impl Document<'_> {
    /// Every leaf, in the order of the document.
    pub fn leaves_told(&self) -> Vec<Leaf<'_>> {
        let count = self.nodes.len() as u32;
        let mut paths = vec![String::new(); self.nodes.len()];
        if self.format == Format::Xml {
            paths[0] = self.node(0).name.to_string();
        }
        match self.format {
            Format::Hl7 => (0..count).for_each(|at| paths[at as usize] = self.path(at)),
            _ => (0..count).for_each(|at| self.name_children(at, &mut paths)),
        }
        (0..count).filter(|at| self.is_leaf(*at)).map(|at| self.leaf(at, &paths)).collect()
    }

    fn name_children(&self, at: u32, paths: &mut [String]) {
        let is_list = self.node(at).sort == Sort::Array;
        let mut counts: HashMap<(&str, bool), (usize, usize)> = HashMap::new();
        let key = |child: u32| (&*self.node(child).name, self.node(child).sort == Sort::Attribute);
        for child in self.children(at) {
            counts.entry(key(child)).or_default().1 += 1;
        }
        for child in self.children(at) {
            let (name, is_attribute) = key(child);
            let Some((next, all)) = counts.get_mut(&(name, is_attribute)) else { continue };
            let number = if is_list || *all > 1 { format!("[{next}]") } else { String::new() };
            let mark = if is_attribute { "@" } else { "" };
            let slash = if paths[at as usize].is_empty() || is_list { "" } else { "/" };
            paths[child as usize] = format!("{}{slash}{mark}{name}{number}", paths[at as usize]);
            *next += 1;
        }
    }

    fn leaf(&self, at: u32, paths: &[String]) -> Leaf<'_> {
        let node = self.node(at);
        let (line, column) = self.position(at);
        let namespace = usize::from(node.namespace).checked_sub(1);
        Leaf {
            at: paths[at as usize].clone(),
            text: shown(node.sort, &node.text),
            namespace: namespace.and_then(|at| self.namespaces.get(at)).map(|uri| &**uri),
            line,
            column,
            start: node.start as usize,
            is_attribute: node.sort == Sort::Attribute,
        }
    }
}

fn shown(sort: Sort, text: &str) -> String {
    match sort {
        Sort::Object => "{}".to_owned(),
        Sort::Array => "[]".to_owned(),
        Sort::String => {
            let mut out = String::with_capacity(text.len() + 2);
            crate::encode::quote(text, &mut out);
            out
        }
        _ => text.to_owned(),
    }
}
