//! The reference pages, embedded, by code.

const DIAGNOSTICS: &str = include_str!("../../../../docs/reference/diagnostics.md");
const PROBLEMS: &str = include_str!("../../../../docs/reference/problems.md");

/// What the reference says of a code.
#[derive(Clone, Copy)]
pub(crate) struct Section {
    pub(crate) code: &'static str,
    /// The chapter that it stands in.
    pub(crate) about: &'static str,
    /// Markdown, without the heading.
    pub(crate) text: &'static str,
}

/// The section of that code, in upper or lower case.
pub(super) fn find(code: &str) -> Option<Section> {
    all().find(|section| section.code.eq_ignore_ascii_case(code.trim()))
}

/// The code that was probably meant.
pub(super) fn nearest(code: &str) -> Option<&'static str> {
    let wanted = code.trim();
    let upper = wanted.to_uppercase();
    let wanted = if upper.starts_with("LU") { &*upper } else { wanted };
    luotsi_model::diagnostic::nearest(wanted, all().map(|section| section.code))
}

fn all() -> impl Iterator<Item = Section> {
    sections(DIAGNOSTICS).into_iter().chain(sections(PROBLEMS))
}

/// Every section whose heading is a code. A chapter ends a section; within an example a `#` is a
/// comment.
fn sections(page: &'static str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let (mut about, mut open, mut is_example, mut at) = ("", None, false, 0);
    let mut close = |open: &mut Option<(Section, usize)>, at: usize| {
        if let Some((section, start)) = open.take() {
            sections.push(Section { text: page[start..at].trim(), ..section });
        }
    };
    for line in page.split_inclusive('\n') {
        let text = line.trim_end();
        is_example ^= text.starts_with("```");
        let heading = text.strip_prefix("## ").filter(|_| !is_example);
        let chapter = text.strip_prefix("# ").filter(|_| !is_example);
        if heading.is_some() || chapter.is_some() {
            close(&mut open, at);
        }
        at += line.len();
        about = chapter.unwrap_or(about);
        let code = heading.filter(|heading| is_code(heading));
        open = code.map(|code| (Section { code, about, text: "" }, at)).or(open);
    }
    close(&mut open, at);
    sections
}

/// `LU103`, `missing-field`, `timeout`: what is not a title of several words.
fn is_code(heading: &str) -> bool {
    let number = heading.strip_prefix("LU").unwrap_or_default();
    let is_number = number.len() == 3 && number.bytes().all(|b| b.is_ascii_digit());
    is_number || heading.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}
