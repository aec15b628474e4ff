//! JSON, RFC 8259, straight into the arena: numbers stay as written, every node knows its place,
//! and nothing recurses, so nesting cannot exhaust the stack.

use std::{borrow::Cow, collections::HashSet};

use super::{Document, Format, Input, Limits, Node, Sort, place};
use crate::Fault;

mod token;

pub(crate) use token::is_number;

/// Keys of a small object are compared with each other, of a larger one looked up.
const COMPARED_MAX: usize = 16;

struct Reader<'i> {
    input: &'i str,
    at: usize,
    limits: Limits,
    nodes: Vec<Node<'i>>,
    open: Vec<u32>,
}

pub(super) fn read<'i>(input: &'i str, limits: &Limits) -> Result<Document<'i>, Fault> {
    let nodes = Vec::with_capacity((input.len() / 16).min(limits.nodes_max) + 1);
    let mut reader = Reader { input, at: 0, limits: *limits, nodes, open: Vec::new() };
    reader.space();
    reader.value(Cow::Borrowed(""), 0)?;
    while let Some(&container) = reader.open.last() {
        reader.next_child(container)?;
    }
    reader.space();
    if reader.at < input.len() {
        return Err(reader.wrong("something stands after the document's end"));
    }
    let Reader { nodes, .. } = reader;
    let input = Input::Lent(input);
    Ok(Document { format: Format::Json, input, nodes, namespaces: Vec::new() })
}

impl<'i> Reader<'i> {
    /// The next member or item of the innermost open container, or its end.
    fn next_child(&mut self, container: u32) -> Result<(), Fault> {
        let node = &self.nodes[container as usize];
        let is_object = node.sort == Sort::Object;
        let is_first = self.nodes.len() as u32 == container + 1;
        let close = if is_object { b'}' } else { b']' };
        self.space();
        if self.peek() == Some(close) {
            self.at += 1;
            return self.close(container);
        }
        if !is_first {
            self.expect(b',', "a comma or the end of an object or array is missing")?;
            self.space();
        }
        if is_object { self.member(container) } else { self.value(Cow::Borrowed(""), container) }
    }

    fn member(&mut self, object: u32) -> Result<(), Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.wrong("a member's name in double quotes is missing"));
        }
        let start = self.at;
        let name = self.string()?;
        self.space();
        self.expect(b':', "a colon is missing after a member's name")?;
        self.space();
        self.value(name, object)?;
        // The member's place is its name's: that is where a person looks for it. It is the last
        // node, a container being no more than opened yet.
        if let Some(node) = self.nodes.last_mut() {
            node.start = start as u32;
        }
        Ok(())
    }

    fn value(&mut self, name: Cow<'i, str>, parent: u32) -> Result<(), Fault> {
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.open(Sort::Object, name, parent),
            Some(b'[') => self.open(Sort::Array, name, parent),
            Some(b'"') => {
                let text = self.string()?;
                self.push(Sort::String, name, text, parent, start)
            }
            Some(b't') => self.word("true", Sort::Boolean, name, parent),
            Some(b'f') => self.word("false", Sort::Boolean, name, parent),
            Some(b'n') => self.word("null", Sort::Null, name, parent),
            Some(b'-' | b'0'..=b'9') => {
                let text = Cow::Borrowed(self.number()?);
                self.push(Sort::Number, name, text, parent, start)
            }
            None => Err(self.wrong("the document ends too early")),
            Some(_) => Err(self.wrong("no JSON value starts so")),
        }
    }

    fn open(&mut self, sort: Sort, name: Cow<'i, str>, parent: u32) -> Result<(), Fault> {
        if self.open.len() >= self.limits.depth_max {
            let why = format!("objects and arrays are nested over {} deep", self.limits.depth_max);
            return Err(place::fault("too-deep", self.input, self.at, why));
        }
        self.open.push(self.nodes.len() as u32);
        self.push(sort, name, Cow::Borrowed(""), parent, self.at)?;
        self.at += 1;
        Ok(())
    }

    fn close(&mut self, container: u32) -> Result<(), Fault> {
        self.nodes[container as usize].end = self.nodes.len() as u32;
        self.open.pop();
        match self.duplicate(container) {
            Some(start) => {
                let why = "an object has two members of one name".to_owned();
                Err(place::fault("duplicate-key", self.input, start as usize, why))
            }
            None => Ok(()),
        }
    }

    /// Where the second of two members of one name starts.
    fn duplicate(&self, object: u32) -> Option<u32> {
        if self.nodes[object as usize].sort != Sort::Object {
            return None;
        }
        let members = Members { nodes: &self.nodes, next: object + 1 };
        if members.clone().nth(COMPARED_MAX).is_none() {
            return members.clone().find_map(|later| {
                let same = |earlier: &&Node<'_>| earlier.name == later.name;
                let first = members.clone().find(same)?;
                (first.start != later.start).then_some(later.start)
            });
        }
        let mut seen = HashSet::new();
        members.clone().find(|member| !seen.insert(&*member.name)).map(|member| member.start)
    }

    fn word(
        &mut self,
        word: &'static str,
        sort: Sort,
        name: Cow<'i, str>,
        parent: u32,
    ) -> Result<(), Fault> {
        if !self.input[self.at..].starts_with(word) {
            return Err(self.wrong("no JSON value starts so"));
        }
        let start = self.at;
        self.at += word.len();
        self.push(sort, name, Cow::Borrowed(word), parent, start)
    }

    fn push(
        &mut self,
        sort: Sort,
        name: Cow<'i, str>,
        text: Cow<'i, str>,
        parent: u32,
        start: usize,
    ) -> Result<(), Fault> {
        if self.nodes.len() >= self.limits.nodes_max {
            let why = format!("the document holds over {} values", self.limits.nodes_max);
            return Err(place::fault("too-large", self.input, start, why));
        }
        let end = self.nodes.len() as u32 + 1;
        let start = start as u32;
        self.nodes.push(Node { sort, name, text, namespace: 0, parent, end, start });
        Ok(())
    }
}

/// The children of the container that was just closed, which reaches to the arena's end.
#[derive(Clone)]
struct Members<'n, 'i> {
    nodes: &'n [Node<'i>],
    next: u32,
}

impl<'n, 'i> Iterator for Members<'n, 'i> {
    type Item = &'n Node<'i>;

    fn next(&mut self) -> Option<Self::Item> {
        let node = self.nodes.get(self.next as usize)?;
        self.next = node.end;
        Some(node)
    }
}
