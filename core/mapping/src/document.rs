//! A parsed document: one arena for every format, each node with its place in the input.

use std::{borrow::Cow, fmt};

use crate::Fault;

pub(crate) use grid::COLUMNS_MAX;
use input::Input;
pub use leaf::Leaf;

pub use format::{Columns, Csv, Encoding, Format};
pub(crate) use hl7::{LATIN1, Marks, UTF8, escape, is_segment, is_type};
pub(crate) use json::is_number;
pub(crate) use table::is_formula;

mod csv;
mod find;
mod format;
mod grid;
mod hl7;
mod input;
mod json;
mod leaf;
mod place;
mod table;
mod xlsx;
mod xml;

/// Before a UTF-8 text it is no part of it.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

/// How much of an untrusted document is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of input.
    pub bytes_max: usize,
    /// Elements, objects and arrays within each other.
    pub depth_max: usize,
    /// Elements, attributes, members and items in all.
    pub nodes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes_max: 1 << 20, depth_max: 64, nodes_max: 100_000 }
    }
}

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sort {
    Element,
    Attribute,
    Object,
    Array,
    String,
    Number,
    Boolean,
    Null,
}

/// A node. Its descendants stand right after it, up to `end`.
pub(crate) struct Node<'i> {
    pub(crate) sort: Sort,
    /// Local name, member name, or for an array's item nothing.
    pub(crate) name: Cow<'i, str>,
    /// An element's own text trimmed, an attribute's value, a scalar as written.
    pub(crate) text: Cow<'i, str>,
    /// Which of the document's namespaces it is in; 0 is none.
    pub(crate) namespace: u16,
    /// The node it stands in; the root names itself.
    pub(crate) parent: u32,
    /// One past its last descendant.
    pub(crate) end: u32,
    /// Byte offset in the input.
    pub(crate) start: u32,
}

/// A well-formed document, borrowing the bytes it was read from. Its `Debug` shows its size alone.
pub struct Document<'i> {
    pub(crate) format: Format,
    pub(crate) input: Input<'i>,
    pub(crate) nodes: Vec<Node<'i>>,
    /// Namespace URIs, from 1; few.
    pub(crate) namespaces: Vec<Box<str>>,
}

/// Reads untrusted bytes, strictly: no DTD, no duplicate keys, nothing trailing, in the one encoding
/// that the format says, within `limits`. A table's records are parted by [`Document::records`].
///
/// # Errors
/// The first [`Fault`]: `not-well-formed`, `dtd-refused`, `too-deep`, `too-large`,
/// `wrong-encoding` or `duplicate-key`.
pub fn read<'i>(format: Format, bytes: &'i [u8], limits: &Limits) -> Result<Document<'i>, Fault> {
    input::check_size(bytes, limits)?;
    match format {
        Format::Xml => xml::read(input::utf8(bytes)?, limits),
        Format::Json => json::read(input::utf8(bytes)?, limits),
        Format::Csv(csv) => csv::read(csv, bytes, limits),
        Format::Hl7 => hl7::read(bytes, limits),
        Format::Xlsx(columns) => xlsx::read(columns, bytes, limits),
    }
}

impl Node<'_> {
    /// The same, of a text that does not live as long.
    fn into_owned<'i>(self) -> Node<'i> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let Self { sort, name, text, namespace, parent, end, start } = self;
        Node { sort, name: own(name), text: own(text), namespace, parent, end, start }
    }
}

impl<'i> Document<'i> {
    /// The format it was read from.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The root element's local name; none but in XML.
    pub fn root_name(&self) -> Option<&str> {
        (self.format == Format::Xml).then(|| &*self.nodes[0].name)
    }

    pub(crate) fn node(&self, at: u32) -> &Node<'i> {
        &self.nodes[at as usize]
    }

    /// The children of `at`, attributes first.
    pub(crate) fn children(&self, at: u32) -> impl Iterator<Item = u32> + use<'_, 'i> {
        let end = self.node(at).end;
        let mut next = at + 1;
        std::iter::from_fn(move || {
            let child = next;
            (child < end).then(|| {
                next = self.node(child).end;
                child
            })
        })
    }

    /// Whether the node counts as a leaf: what holds a value, or holds nothing at all.
    pub(crate) fn is_leaf(&self, at: u32) -> bool {
        let node = self.node(at);
        node.end == at + 1 || (node.sort == Sort::Element && !node.text.is_empty())
    }

    /// How many leaves there are: attributes, texts, scalars, and empty elements, objects, arrays.
    pub fn leaves(&self) -> usize {
        (0..self.nodes.len() as u32).filter(|at| self.is_leaf(*at)).count()
    }
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("format", &self.format)
            .field("bytes", &self.input.len())
            .field("nodes", &self.nodes.len())
            .finish()
    }
}
