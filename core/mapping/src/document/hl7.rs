//! HL7 v2 in its vertical bar form (ER7): segments, fields and their repetitions, components,
//! subcomponents.
//!
//! Every value is a subcomponent, be it the only one: the standard takes what stands alone for the
//! first, so that a field that later grew components is still read. What is empty is not there.
//! MSH-1, MSH-2 and MSH-18 say how the rest is read and are no leaves.

use std::borrow::Cow;

use super::{Document, Encoding, Format, Input, Limits, Node, Sort, input, place};
use crate::Fault;

pub(crate) use escape::escape;
use head::charset;
pub(crate) use head::{LATIN1, Marks, UTF8, is_type};

mod escape;
mod head;

/// The field of MSH that names the character set.
const CHARSET_FIELD: usize = 18;

pub(super) fn read<'i>(bytes: &'i [u8], limits: &Limits) -> Result<Document<'i>, Fault> {
    let encoding = charset(bytes)?;
    let input = input::decoded(bytes, encoding)?;
    let nodes = match &input {
        Input::Lent(text) => Reader::new(text, encoding, limits)?.read()?,
        text => {
            let nodes = Reader::new(text, encoding, limits)?.read()?;
            nodes.into_iter().map(Node::into_owned).collect()
        }
    };
    Ok(Document { format: Format::Hl7, input, nodes, namespaces: Vec::new() })
}

struct Reader<'i> {
    input: &'i str,
    encoding: Encoding,
    marks: Marks,
    limits: Limits,
    nodes: Vec<Node<'i>>,
}

/// A slice of the input and where it starts.
#[derive(Clone, Copy)]
struct Slice<'i> {
    text: &'i str,
    start: usize,
}

impl<'i> Slice<'i> {
    /// Its parts between marks, each with its number from 1; those with nothing in them left out.
    fn parts(self, mark: char) -> impl Iterator<Item = (usize, Self)> {
        let mut start = self.start;
        let parts = self.text.split(mark).enumerate().map(move |(at, text)| {
            let part = Self { text, start };
            start += text.len() + mark.len_utf8();
            (at + 1, part)
        });
        parts.filter(|(_, part)| !part.text.is_empty())
    }
}

impl<'i> Reader<'i> {
    fn new(input: &'i str, encoding: Encoding, limits: &Limits) -> Result<Self, Fault> {
        let marks = Marks::of(input)?;
        let nodes = Vec::with_capacity((input.len() / 8).min(limits.nodes_max) + 1);
        Ok(Self { input, encoding, marks, limits: *limits, nodes })
    }

    fn read(mut self) -> Result<Vec<Node<'i>>, Fault> {
        self.push("", "", 0, 0)?;
        let mut start = 0;
        for text in self.input.split(['\r', '\n']) {
            if !text.is_empty() {
                self.segment(Slice { text, start })?;
            }
            start += text.len() + 1;
        }
        self.close(0);
        self.nodes[0].name = Cow::Owned(self.kind());
        Ok(self.nodes)
    }

    fn segment(&mut self, segment: Slice<'i>) -> Result<(), Fault> {
        let (name, rest) = match segment.text.split_once(self.marks.field) {
            Some((name, rest)) => (name, Some(rest)),
            None => (segment.text, None),
        };
        if !is_segment(name) {
            let why = "no segment begins so: is a line end or a bar within a value not escaped?";
            return Err(place::fault("not-well-formed", self.input, segment.start, why.into()));
        }
        let is_head = name == "MSH";
        if is_head != (segment.start == 0) {
            let why = "a second message begins here, and one is taken at a time".to_owned();
            return Err(place::fault("many-records", self.input, segment.start, why));
        }
        let at = self.push(name, "", 0, segment.start)?;
        let fields =
            Slice { text: rest.unwrap_or_default(), start: segment.start + name.len() + 1 };
        for (number, field) in fields.parts(self.marks.field) {
            // MSH-1 is the bar itself.
            let number = if is_head { number + 1 } else { number };
            if !is_head || !matches!(number, 2 | CHARSET_FIELD) {
                self.field(at, number, field)?;
            }
        }
        self.close(at);
        Ok(())
    }

    fn field(&mut self, segment: u32, number: usize, field: Slice<'i>) -> Result<(), Fault> {
        let Marks { repetition, component, subcomponent, .. } = self.marks;
        for (_, repetition) in field.parts(repetition) {
            let at = self.push_number(number, segment, repetition.start)?;
            for (number, part) in repetition.parts(component) {
                let component = self.push_number(number, at, part.start)?;
                for (number, value) in part.parts(subcomponent) {
                    self.value(component, number, value)?;
                }
                self.close(component);
            }
            self.close(at);
        }
        Ok(())
    }

    fn value(&mut self, component: u32, number: usize, value: Slice<'i>) -> Result<(), Fault> {
        let at = self.push_number(number, component, value.start)?;
        let node = &mut self.nodes[at as usize];
        // Two quotes stand for a value that is taken away.
        if value.text == "\"\"" {
            node.sort = Sort::Null;
            return Ok(());
        }
        let found = escape::unescape(value.text, &self.marks, self.encoding);
        node.text = found.map_err(|(at, why)| {
            place::fault("not-well-formed", self.input, value.start + at, why.into())
        })?;
        Ok(())
    }

    fn push_number(&mut self, number: usize, parent: u32, start: usize) -> Result<u32, Fault> {
        const FEW: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        match FEW.get(number) {
            Some(name) => self.push(name, "", parent, start),
            None => {
                let at = self.push("", "", parent, start)?;
                self.nodes[at as usize].name = Cow::Owned(number.to_string());
                Ok(at)
            }
        }
    }

    fn push(
        &mut self,
        name: &'i str,
        text: &'i str,
        parent: u32,
        start: usize,
    ) -> Result<u32, Fault> {
        if self.nodes.len() >= self.limits.nodes_max {
            let why = format!("the message holds over {} parts", self.limits.nodes_max);
            return Err(place::fault("too-large", self.input, start, why));
        }
        let at = self.nodes.len() as u32;
        let (name, text) = (Cow::Borrowed(name), Cow::Borrowed(text));
        let (sort, start) = (Sort::Element, start as u32);
        self.nodes.push(Node { sort, name, text, namespace: 0, parent, end: at + 1, start });
        Ok(at)
    }

    fn close(&mut self, at: u32) {
        self.nodes[at as usize].end = self.nodes.len() as u32;
    }

    /// The message's type and event, `REF^I12`: the first two components of MSH-9.
    fn kind(&self) -> String {
        let text = |component: &str| {
            let mut parts = [("9", 1), (component, 0), ("1", 0)].into_iter();
            let (name, segment) = parts.next()?;
            let mut at = self.nodes.iter().position(|n| n.parent == segment && *n.name == *name)?;
            for (name, _) in parts {
                let inside = at + 1..self.nodes[at].end as usize;
                let parent = at as u32;
                let is_it =
                    |n: &usize| self.nodes[*n].parent == parent && *self.nodes[*n].name == *name;
                at = inside.into_iter().find(is_it)?;
            }
            Some(&*self.nodes[at].text)
        };
        let parts: Vec<_> = ["1", "2"].into_iter().filter_map(text).collect();
        parts.join("^")
    }
}

/// Whether it is a segment's name: three characters, the first a letter.
pub(crate) fn is_segment(name: &str) -> bool {
    name.len() == 3
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}
