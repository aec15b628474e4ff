//! A document as the list of what it says: each leaf by its path.

use std::collections::BTreeMap;

use serde_json::Value;

/// Leaves by path.
pub type Leaves = BTreeMap<String, String>;

/// The leaves of JSON: `data/goals/0/text`.
pub fn of_json(value: &Value) -> Leaves {
    let mut leaves = Leaves::new();
    json("", value, &mut leaves);
    leaves
}

fn json(path: &str, value: &Value, leaves: &mut Leaves) {
    let below = |name: &str| if path.is_empty() { name.into() } else { format!("{path}/{name}") };
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(name, value)| json(&below(name), value, leaves));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(at, v)| json(&below(&at.to_string()), v, leaves));
        }
        Value::String(text) => {
            leaves.insert(path.into(), text.clone());
        }
        other => {
            leaves.insert(path.into(), other.to_string());
        }
    }
}

/// The leaves of XML: `Tila/Lahete/@tunnus`. Namespaces are left out.
///
/// # Panics
/// When it is not well-formed.
pub fn of_xml(text: &str) -> Leaves {
    let document = roxmltree::Document::parse(text).expect("well-formed XML");
    let mut leaves = Leaves::new();
    xml("", document.root_element(), &mut leaves);
    leaves
}

fn xml(above: &str, element: roxmltree::Node<'_, '_>, leaves: &mut Leaves) {
    let path = format!("{above}{}", element.tag_name().name());
    for attribute in element.attributes() {
        leaves.insert(format!("{path}/@{}", attribute.name()), attribute.value().into());
    }
    let text = element.text().unwrap_or_default().trim();
    if !text.is_empty() {
        leaves.insert(path.clone(), text.into());
    }
    for child in element.children().filter(roxmltree::Node::is_element) {
        xml(&format!("{path}/"), child, leaves);
    }
}

/// The leaves that a test expects.
pub fn expected(pairs: &[(&str, &str)]) -> Leaves {
    pairs.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}
