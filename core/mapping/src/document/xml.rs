//! XML: a strict parse, then the arena.

use std::borrow::Cow;

use roxmltree::{Error, Node as XmlNode, NodeType, ParsingOptions, StringStorage};

use super::{Document, Format, Input, Limits, Node, Sort, place};
use crate::Fault;

mod scan;

pub(super) use scan::check;

const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// Each is looked up in a list: more than a handful is nobody's honest document.
const NAMESPACES_MAX: usize = 256;

pub(super) fn read<'i>(input: &'i str, limits: &Limits) -> Result<Document<'i>, Fault> {
    check(input, limits)?;
    // The parser counts texts and comments too; ours are counted exactly below.
    let nodes_limit = u32::try_from(limits.nodes_max).unwrap_or(u32::MAX).saturating_mul(2);
    let options = ParsingOptions { allow_dtd: false, nodes_limit, entity_resolver: None };
    let parsed = roxmltree::Document::parse_with_options(input, options)
        .map_err(|error| refused(input, &error, limits))?;
    let mut document = Document {
        format: Format::Xml,
        input: Input::Lent(input),
        nodes: Vec::with_capacity(parsed.descendants().len()),
        namespaces: Vec::new(),
    };
    document.take(parsed.root_element(), limits)?;
    Ok(document)
}

impl<'i> Document<'i> {
    /// Copies the tree, by an explicit stack: nesting is the sender's to choose.
    fn take(&mut self, root: XmlNode<'_, 'i>, limits: &Limits) -> Result<(), Fault> {
        let mut open = vec![(self.open(root, 0), root.first_child())];
        while let Some((at, next)) = open.last_mut() {
            let at = *at;
            let Some(child) = *next else {
                self.nodes[at as usize].end = self.nodes.len() as u32;
                self.trim(at);
                open.pop();
                continue;
            };
            *next = child.next_sibling();
            match child.node_type() {
                NodeType::Element => {
                    let opened = self.open(child, at);
                    open.push((opened, child.first_child()));
                }
                NodeType::Text => self.add_text(at, child.text_storage()),
                NodeType::Root | NodeType::Comment | NodeType::PI => {}
            }
            if self.nodes.len() > limits.nodes_max || self.namespaces.len() > NAMESPACES_MAX {
                return Err(too_many(&self.input, child.range().start, limits));
            }
        }
        Ok(())
    }

    fn open(&mut self, element: XmlNode<'_, 'i>, parent: u32) -> u32 {
        let at = self.nodes.len() as u32;
        let start = element.range().start;
        let namespace = self.namespace(element.tag_name().namespace());
        self.push(Sort::Element, element.tag_name().name(), namespace, parent, start);
        for attribute in element.attributes() {
            if attribute.namespace() == Some(SCHEMA_INSTANCE)
                && attribute.name().ends_with("chemaLocation")
            {
                continue;
            }
            let namespace = self.namespace(attribute.namespace());
            self.push(Sort::Attribute, attribute.name(), namespace, at, attribute.range().start);
            let text = lent(attribute.value_storage());
            if let Some(node) = self.nodes.last_mut() {
                node.text = text;
            }
        }
        at
    }

    fn push(&mut self, sort: Sort, name: &'i str, namespace: u16, parent: u32, start: usize) {
        let end = self.nodes.len() as u32 + 1;
        let (name, text) = (Cow::Borrowed(name), Cow::Borrowed(""));
        self.nodes.push(Node { sort, name, text, namespace, parent, end, start: start as u32 });
    }

    fn namespace(&mut self, uri: Option<&str>) -> u16 {
        let Some(uri) = uri else { return 0 };
        let known = self.namespaces.iter().position(|known| **known == *uri);
        let at = known.unwrap_or_else(|| {
            self.namespaces.push(uri.into());
            self.namespaces.len() - 1
        });
        u16::try_from(at + 1).unwrap_or(u16::MAX)
    }

    fn add_text(&mut self, at: u32, text: Option<&StringStorage<'i>>) {
        let (Some(text), node) = (text, &mut self.nodes[at as usize]) else { return };
        if node.text.is_empty() {
            node.text = lent(text);
        } else if !text.trim_matches(is_space).is_empty() {
            node.text.to_mut().push_str(text);
        }
    }

    fn trim(&mut self, at: u32) {
        let node = &mut self.nodes[at as usize];
        match &mut node.text {
            Cow::Borrowed(text) => *text = text.trim_matches(is_space),
            Cow::Owned(text) => *text = text.trim_matches(is_space).to_owned(),
        }
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn lent<'i>(text: &StringStorage<'i>) -> Cow<'i, str> {
    match text {
        StringStorage::Borrowed(text) => Cow::Borrowed(text),
        StringStorage::Owned(text) => Cow::Owned(text.to_string()),
    }
}

fn too_many(input: &str, start: usize, limits: &Limits) -> Fault {
    let why = format!(
        "the document holds over {} elements and attributes or {NAMESPACES_MAX} namespaces",
        limits.nodes_max
    );
    place::fault("too-large", input, start, why)
}

/// The parser's finding without what it quotes of the document.
fn refused(input: &str, error: &Error, limits: &Limits) -> Fault {
    let at = error.pos();
    let (line, column) = (at.row as usize, at.col as usize);
    let (code, why) = match error {
        Error::DtdDetected => ("dtd-refused", scan::DTD.to_owned()),
        Error::NodesLimitReached => return too_many(input, 0, limits),
        other => ("not-well-formed", form(other).to_owned()),
    };
    Fault { code, at: String::new(), field: None, line, column, why }
}

fn form(error: &Error) -> &'static str {
    match error {
        Error::UnexpectedCloseTag(..) | Error::UnclosedRootNode => {
            "an element is not closed, or another is closed in its place"
        }
        Error::DuplicatedAttribute(..) => "an element has the same attribute twice",
        Error::UnknownNamespace(..) => "a namespace prefix is not declared",
        Error::UnknownEntityReference(..) | Error::MalformedEntityReference(..) => {
            "an entity is referred to that XML does not define; write & as &amp;"
        }
        Error::InvalidAttributeValue(..) => "an attribute holds <; write it as &lt;",
        Error::NonXmlChar(..) => "a character stands here that XML 1.0 does not allow",
        Error::NoRootNode | Error::UnexpectedEndOfStream => "the document ends too early",
        Error::UnexpectedDeclaration(..) => "the XML declaration may only stand first",
        _ => "this is not well-formed XML 1.0",
    }
}
