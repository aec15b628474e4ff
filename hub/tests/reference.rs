//! The reference pages against the sources: every code has its section, every link its end. The
//! codes are read off the sources, so a new one fails here until it is explained.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Where the codes of problems and faults are made.
const MAKERS: &[&str] = &[
    "adapters/amqp/src",
    "hub/src/serve",
    "core/flow/src/fhir",
    "core/flow/src/intake",
    "core/mapping/src",
];
/// Words in those places that look like a code and are none: FHIR's own.
const OTHERS: &[&str] = &["code-invalid", "not-supported", "too-long"];
/// What stands right before a code: in a `match`, a fault, a result, a pair.
const MARKS: &[&str] =
    &["=> ", "find(", "fault(", "fault( ", "field(", "missing(", "Err((", "code: ", "{ (", "=> ("];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below `folder` with that suffix.
fn files(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            found.extend(files(&path, suffix));
        } else if path.to_string_lossy().ends_with(suffix) {
            found.push(path);
        }
    }
    found
}

/// The sources below `folder` without their tests, blanks run together.
fn sources(folder: &str) -> String {
    let texts = files(&root().join(folder), ".rs").into_iter().map(|path| {
        let text = fs::read_to_string(path).expect("a source");
        text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
    });
    texts.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words in quotes that follow `mark` at once.
fn quoted(source: &str, mark: &str) -> BTreeSet<String> {
    let after = source.split(mark).skip(1).filter_map(|rest| rest.strip_prefix('"'));
    let words = after.filter_map(|rest| Some(rest.split_once('"')?.0));
    words.filter(|word| is_code(word)).map(str::to_owned).collect()
}

fn is_code(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

fn headings(page: &str) -> BTreeSet<String> {
    let page = text(page);
    page.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect()
}

/// The codes of problems and faults that the sources make.
fn served() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for source in MAKERS.iter().map(|folder| sources(folder)) {
        let statuses = source.split("StatusCode::").skip(1);
        let after = statuses.map(|rest| rest.trim_start_matches(|c| matches!(c, 'A'..='Z' | '_')));
        let words = after.filter_map(|rest| Some(rest.strip_prefix(", \"")?.split_once('"')?.0));
        codes.extend(words.filter(|word| is_code(word)).map(str::to_owned));
        let marked = MARKS.iter().flat_map(|mark| quoted(&source, mark));
        codes.extend(marked.filter(|code| code.contains('-') && is_code(code)));
        // The two that a full or slow hub answers with have no dash.
        codes.extend(quoted(&source, "{ ("));
    }
    codes.retain(|code| !OTHERS.contains(&code.as_str()));
    codes
}

#[test]
fn every_code_has_its_section() {
    let (served, explained) = (served(), headings("docs/reference/problems.md"));
    let explained: BTreeSet<_> = explained.into_iter().filter(|code| is_code(code)).collect();
    assert!(served.len() > 20, "{served:?}");
    assert_eq!(served.difference(&explained).collect::<Vec<_>>(), [""; 0], "without a section");
    assert_eq!(explained.difference(&served).collect::<Vec<_>>(), [""; 0], "served by nobody");

    let mut found = BTreeSet::new();
    for folder in ["core/mapping/src", "core/region/src", "hub/src"] {
        let source = sources(folder);
        let numbers = source.split("\"LU").skip(1).filter_map(|rest| rest.get(..3));
        let numbers = numbers.filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        found.extend(numbers.map(|number| format!("LU{number}")));
    }
    let explained: BTreeSet<_> = headings("docs/reference/diagnostics.md")
        .into_iter()
        .filter(|heading| heading.starts_with("LU"))
        .collect();
    assert_eq!(found, explained);
}

#[test]
fn every_link_leads_somewhere() {
    let mut pages = files(&root().join("docs"), ".md");
    pages.push(root().join("CHANGELOG.md"));
    let mut links = 0;
    for page in pages {
        let text = fs::read_to_string(&page).expect("a page");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.contains(char::is_whitespace) {
                continue;
            }
            links += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = page.parent().expect("a folder");
            let target = if path.is_empty() { page.clone() } else { folder.join(path) };
            assert!(target.exists(), "{page:?} links to {link}");
            if !anchor.is_empty() {
                let text = fs::read_to_string(&target).expect("a page");
                let anchors = text.lines().filter(|line| line.starts_with('#')).map(anchor_of);
                assert!(anchors.into_iter().any(|a| a == anchor), "{page:?} links to {link}");
            }
        }
    }
    assert!(links > 100, "{links}");
}

/// A heading's anchor, as the usual renderers make it.
fn anchor_of(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
