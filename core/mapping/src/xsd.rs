//! The places that an XML schema declares, so that a mapping can be held against them.
//!
//! As much of XSD 1.0 as tells which elements and attributes there can be: named and inline types,
//! groups, attribute groups, references, extensions and restrictions, within one file. Deliberately
//! absent: validation, and what other files include.

use roxmltree::{Document, Node, NodeId};

const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// Deeper places and more of them are not told.
const DEPTH_MAX: usize = 24;
const PLACES_MAX: usize = 5000;

/// A place that documents can have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Declared {
    /// The steps in names, an attribute's with `@`.
    pub(crate) steps: Vec<String>,
    /// Whether it holds a value of its own, and not only others.
    pub(crate) is_leaf: bool,
    /// Whether anything may stand within.
    pub(crate) is_open: bool,
    /// Where it is declared.
    pub(crate) start: usize,
}

/// Every place below the element `root`.
///
/// # Errors
/// Why the schema says nothing of that element.
pub(crate) fn declared(text: &str, root: &str) -> Result<Vec<Declared>, String> {
    let document = Document::parse(text).map_err(|error| format!("it is no XML: {error}"))?;
    let schema = document.root_element();
    if !is(schema, "schema") {
        return Err("it is no XML schema".into());
    }
    let element = global(schema, "element", root);
    let element = element.ok_or_else(|| format!("it declares no element `{root}`"))?;
    let mut walk = Walk { schema, found: Vec::new(), at: Vec::new(), within: Vec::new() };
    if let Some(holds) = walk.complex(element) {
        walk.content(holds);
    }
    Ok(walk.found)
}

struct Walk<'x, 'i> {
    schema: Node<'x, 'i>,
    found: Vec<Declared>,
    at: Vec<String>,
    /// The types that are being walked.
    within: Vec<NodeId>,
}

impl<'x, 'i> Walk<'x, 'i> {
    /// The type of an element that holds others.
    fn complex(&self, element: Node<'x, 'i>) -> Option<Node<'x, 'i>> {
        let named = element.attribute("type").and_then(|name| self.named("complexType", name));
        named.or(element.children().find(|child| is(*child, "complexType")))
    }

    /// What stands within an element of that type.
    fn content(&mut self, holds: Node<'x, 'i>) {
        if self.at.len() < DEPTH_MAX && self.found.len() < PLACES_MAX {
            self.within.push(holds.id());
            self.particles(holds);
            self.within.pop();
        }
    }

    fn particles(&mut self, parent: Node<'x, 'i>) {
        for child in parent.children().filter(|child| child.tag_name().namespace() == Some(XSD)) {
            match child.tag_name().name() {
                "element" => self.element(child),
                "attribute" => self.attribute(child),
                sort @ ("group" | "attributeGroup") => {
                    let named = child.attribute("ref").and_then(|name| self.named(sort, name));
                    named.into_iter().for_each(|group| self.particles(group));
                }
                "extension" | "restriction" => {
                    let base = child.attribute("base");
                    let base = base.and_then(|name| self.named("complexType", name));
                    // A restriction says again what it keeps.
                    let base = base.filter(|_| is(child, "extension"));
                    base.into_iter().for_each(|base| self.particles(base));
                    self.particles(child);
                }
                "sequence" | "choice" | "all" | "complexContent" | "simpleContent" => {
                    self.particles(child);
                }
                _ => {}
            }
        }
    }

    fn element(&mut self, declared: Node<'x, 'i>) {
        let Some((name, element)) = self.resolved("element", declared) else { return };
        self.at.push(name.to_owned());
        let complex = self.complex(element);
        let has = |sort| complex.is_some_and(|c| c.descendants().any(|node| is(node, sort)));
        let is_mixed = complex.is_some_and(|c| c.attribute("mixed") == Some("true"));
        let is_leaf = complex.is_none() || is_mixed || has("simpleContent");
        // A type within itself has no end: anything of it may stand there.
        let (holds, is_endless) = match complex {
            Some(holds) if self.within.contains(&holds.id()) => (None, true),
            other => (other, false),
        };
        self.add(declared, is_leaf, is_endless || has("any"));
        holds.into_iter().for_each(|holds| self.content(holds));
        self.at.pop();
    }

    fn attribute(&mut self, declared: Node<'x, 'i>) {
        let is_there = declared.attribute("use") != Some("prohibited");
        let Some((name, _)) = self.resolved("attribute", declared).filter(|_| is_there) else {
            return;
        };
        self.at.push(format!("@{name}"));
        self.add(declared, true, false);
        self.at.pop();
    }

    fn add(&mut self, declared: Node<'x, 'i>, is_leaf: bool, is_open: bool) {
        let start = declared.range().start;
        if self.found.iter().all(|known| known.steps != self.at) {
            self.found.push(Declared { steps: self.at.clone(), is_leaf, is_open, start });
        }
    }

    /// The declaration that a reference names, or the node itself.
    fn resolved(&self, sort: &str, node: Node<'x, 'i>) -> Option<(&'x str, Node<'x, 'i>)> {
        let found = match node.attribute("ref") {
            Some(name) => self.named(sort, name)?,
            None => node,
        };
        Some((found.attribute("name")?, found))
    }

    fn named(&self, sort: &str, name: &str) -> Option<Node<'x, 'i>> {
        global(self.schema, sort, name.rsplit(':').next().unwrap_or(name))
    }
}

fn is(node: Node<'_, '_>, sort: &str) -> bool {
    node.has_tag_name((XSD, sort))
}

fn global<'x, 'i>(schema: Node<'x, 'i>, sort: &str, name: &str) -> Option<Node<'x, 'i>> {
    schema.children().find(|node| is(*node, sort) && node.attribute("name") == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, want: &[&str]) {
        let text = format!("<xs:schema xmlns:xs='{XSD}'>{body}</xs:schema>");
        let found = declared(&text, "R").unwrap();
        let shown = found.iter().map(|d| {
            let marks = [(d.is_leaf, ""), (!d.is_leaf, "/"), (d.is_open, "*")];
            let marks = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark);
            format!("{}{}", d.steps.join("/"), marks.collect::<String>())
        });
        assert_eq!(shown.collect::<Vec<_>>(), want, "{body}");
    }

    #[test]
    fn places() {
        let types = "<xs:element name='R' type='t:T'/><xs:complexType name='T'><xs:sequence>\
            <xs:element name='a' type='xs:string'/><xs:choice><xs:element ref='b'/>\
            <xs:group ref='G'/></xs:choice></xs:sequence><xs:attribute name='k'/></xs:complexType>\
            <xs:element name='b' type='B'/><xs:complexType name='B'><xs:simpleContent>\
            <xs:extension base='xs:string'><xs:attribute name='l'/></xs:extension>\
            </xs:simpleContent></xs:complexType><xs:group name='G'><xs:all><xs:element name='c'>\
            <xs:complexType><xs:complexContent><xs:extension base='B2'><xs:sequence>\
            <xs:element name='d'/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>\
            </xs:element></xs:all></xs:group><xs:complexType name='B2'><xs:attribute name='m'/>\
            </xs:complexType>";
        check(types, &["a", "b", "b/@l", "c/", "c/@m", "c/d", "@k"]);
        let open = "<xs:element name='R'><xs:complexType><xs:sequence><xs:element name='o'>\
            <xs:complexType mixed='true'><xs:sequence><xs:any/></xs:sequence></xs:complexType>\
            </xs:element></xs:sequence></xs:complexType></xs:element>";
        check(open, &["o*"]);
    }

    /// A type that holds itself ends.
    #[test]
    fn what_holds_itself_ends() {
        check(
            "<xs:element name='R' type='T'/><xs:complexType name='T'><xs:sequence>\
             <xs:element name='a' type='T'/><xs:element name='b'/></xs:sequence></xs:complexType>",
            &["a/*", "b"],
        );
        let text = format!("<xs:schema xmlns:xs='{XSD}'/>");
        assert!(declared(&text, "R").is_err() && declared("<R/>", "R").is_err());
        assert!(declared("<", "R").is_err());
    }
}
