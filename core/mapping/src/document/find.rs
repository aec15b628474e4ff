//! Looking up one path, for the few rules that ask about another place than their own.

use super::{Document, Format, Sort};
use crate::path::{Path, Select, Step};

impl Document<'_> {
    /// The text at `path` below `from`; of `null` there is none.
    pub(crate) fn text_at(&self, from: u32, path: &Path) -> Option<&str> {
        let (at, found) = self.follow(from, path);
        let node = self.node(at);
        (found == path.steps.len() && node.sort != Sort::Null).then_some(&*node.text)
    }

    /// The last node on the way along `path` that exists.
    pub(crate) fn nearest(&self, from: u32, path: &Path) -> u32 {
        self.follow(from, path).0
    }

    fn follow(&self, from: u32, path: &Path) -> (u32, usize) {
        let mut at = from;
        for (taken, step) in path.steps.iter().enumerate() {
            match self.down(at, step) {
                Some(next) => at = next,
                None => return (at, taken),
            }
        }
        (at, path.steps.len())
    }

    fn down(&self, at: u32, step: &Step) -> Option<u32> {
        let mut named = self.children(at).filter(|child| {
            let child = self.node(*child);
            (child.sort == Sort::Attribute) == step.is_attribute && *child.name == *step.name
        });
        if self.format != Format::Json || step.select == Select::Any {
            return self.select(named, &step.select);
        }
        let list = named.next().filter(|at| self.node(*at).sort == Sort::Array)?;
        self.select(self.children(list), &step.select)
    }

    fn select(&self, mut among: impl Iterator<Item = u32>, select: &Select) -> Option<u32> {
        match select {
            Select::Any => among.next(),
            Select::Index(wanted) => among.nth(*wanted as usize),
            Select::Where { key, is_attribute, value } => {
                among.find(|at| self.has(*at, key, *is_attribute, value))
            }
        }
    }

    /// Whether a child of that name has that text; of a key with `/` in it, what stands within.
    pub(crate) fn has(&self, at: u32, key: &str, is_attribute: bool, value: &str) -> bool {
        if let Some((name, rest)) = key.split_once('/') {
            return self.children(at).any(|child| {
                let node = self.node(child);
                node.sort != Sort::Attribute
                    && *node.name == *name
                    && self.has(child, rest, is_attribute, value)
            });
        }
        self.children(at).any(|child| {
            let child = self.node(child);
            (child.sort == Sort::Attribute) == is_attribute
                && *child.name == *key
                && *child.text == *value
        })
    }
}
