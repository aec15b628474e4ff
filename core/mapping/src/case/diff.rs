//! Documents compared leaf by leaf, so that layout never matters and a difference is named.

use std::collections::BTreeMap;

use crate::{Format, Leaf, Limits, read};

/// One leaf that is not as wanted. It holds values: for the one whose case it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The file that says what is wanted.
    pub file: String,
    /// The leaf.
    pub at: String,
    /// What stands there; none: nothing.
    pub wanted: Option<String>,
    /// What came; none: nothing.
    pub got: Option<String>,
}

/// Every leaf of `got` that is not as `wanted` has it. Of XML, where order is part of the form, also
/// the first that stands elsewhere.
pub fn compare(file: &str, wanted: &[u8], got: &[u8], format: Format) -> Vec<Difference> {
    let difference = |at: &str, wanted: Option<&str>, got: Option<&str>| Difference {
        file: file.to_owned(),
        at: at.to_owned(),
        wanted: wanted.map(str::to_owned),
        got: got.map(str::to_owned),
    };
    let (Some(want), Some(have)) = (leaves(format, wanted), leaves(format, got)) else {
        let said = |bytes: &[u8]| match leaves(format, bytes) {
            Some(_) => Some("a document"),
            None if bytes.is_empty() => None,
            None => Some("what cannot be read"),
        };
        let unread = difference("", said(wanted), said(got));
        return if wanted == got { Vec::new() } else { vec![unread] };
    };
    let by_place = |leaves: &[Told]| -> BTreeMap<String, Told> {
        leaves.iter().map(|leaf| (leaf.at.clone(), leaf.clone())).collect()
    };
    let (by_want, by_have) = (by_place(&want), by_place(&have));
    let mut found = Vec::new();
    for leaf in &want {
        match by_have.get(&leaf.at) {
            None => found.push(difference(&leaf.at, Some(&leaf.text), None)),
            Some(other) if other.text != leaf.text => {
                found.push(difference(&leaf.at, Some(&leaf.text), Some(&other.text)));
            }
            Some(other) if other.namespace != leaf.namespace => {
                let named = |leaf: &Told| format!("in the namespace {{{}}}", leaf.namespace);
                found.push(difference(&leaf.at, Some(&named(leaf)), Some(&named(other))));
            }
            Some(_) => {}
        }
    }
    let strange = have.iter().filter(|leaf| !by_want.contains_key(&leaf.at));
    found.extend(strange.map(|leaf| difference(&leaf.at, None, Some(&leaf.text))));
    if found.is_empty() && format != Format::Json {
        let moved = want.iter().zip(&have).find(|(want, have)| want.at != have.at);
        found.extend(moved.map(|(want, have)| {
            let place = |leaf: &Told| format!("here stands {}", leaf.at);
            difference(&want.at, Some(&place(want)), Some(&place(have)))
        }));
    }
    found
}

#[derive(Clone)]
struct Told {
    at: String,
    text: String,
    namespace: String,
}

/// None where the bytes are no document of that format.
fn leaves(format: Format, bytes: &[u8]) -> Option<Vec<Told>> {
    if let Format::Csv(_) | Format::Xlsx(_) | Format::Hl7 = format {
        return Some(lines(bytes));
    }
    let document = read(format, bytes, &Limits::default()).ok()?;
    let told = |leaf: Leaf<'_>| Told {
        namespace: leaf.namespace.unwrap_or_default().to_owned(),
        at: leaf.at,
        text: leaf.text,
    };
    Some(document.leaves_told().into_iter().map(told).collect())
}

/// Of a table or of segments the lines: where something stands in them is all that their layout
/// says.
fn lines(bytes: &[u8]) -> Vec<Told> {
    let text = String::from_utf8_lossy(bytes);
    let told = |(at, line): (usize, &str)| Told {
        at: format!("line {}", at + 1),
        text: line.to_owned(),
        namespace: String::new(),
    };
    let lines = text.split(['\r', '\n']).filter(|line| !line.is_empty());
    lines.enumerate().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: Format, wanted: &str, got: &str, want: &[(&str, Option<&str>, Option<&str>)]) {
        let found = compare("f", wanted.as_bytes(), got.as_bytes(), format);
        let found = found.iter().map(|d| (&*d.at, d.wanted.as_deref(), d.got.as_deref()));
        assert_eq!(found.collect::<Vec<_>>(), want, "{wanted} against {got}");
    }

    #[test]
    fn a_difference_is_a_leaf() {
        let json = |wanted, got, want: &[_]| check(Format::Json, wanted, got, want);
        json(r#"{"a":1,"b":[]}"#, r#"{ "b" : [], "a" : 1 }"#, &[]);
        json(r#"{"a":1}"#, r#"{"a":"1"}"#, &[("a", Some("1"), Some("\"1\""))]);
        json(r#"{"a":[1,2]}"#, r#"{"a":[1]}"#, &[("a[1]", Some("2"), None)]);
        json(
            r#"{"a":{}}"#,
            r#"{"a":{"b":null}}"#,
            &[("a", Some("{}"), None), ("a/b", None, Some("null"))],
        );
        let xml = |wanted, got, want: &[_]| check(Format::Xml, wanted, got, want);
        xml("<a><b x='1'/> <c>t</c></a>", "<a>\n<b x=\"1\"></b><c> t </c></a>", &[]);
        xml(
            "<a><b/></a>",
            "<a xmlns='urn:x'><b/></a>",
            &[("a/b", Some("in the namespace {}"), Some("in the namespace {urn:x}"))],
        );
        xml(
            "<a><b/><c/></a>",
            "<a><c/><b/></a>",
            &[("a/b", Some("here stands a/b"), Some("here stands a/c"))],
        );
        xml("<a/>", "", &[("", Some("a document"), None)]);
    }
}
