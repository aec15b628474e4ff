//! What is found on the way, and where.

use std::{cell::RefCell, collections::BTreeSet, ops::Range};

use luotsi_model::{Diagnostic, Severity, diagnostic::nearest};
use toml::Spanned;

/// A text of a file, with its place.
pub(crate) type Word = Spanned<String>;

/// Everything found so far. It only ever grows, so that no finding hides another.
#[derive(Default)]
pub(crate) struct Findings(RefCell<Vec<Diagnostic>>);

impl Findings {
    pub(crate) fn add(&self, finding: Diagnostic) {
        self.0.borrow_mut().push(finding);
    }

    pub(crate) fn add_all(&self, findings: impl IntoIterator<Item = Diagnostic>) {
        self.0.borrow_mut().extend(findings);
    }

    /// How many errors there are.
    pub(crate) fn errors(&self) -> usize {
        self.0.borrow().iter().filter(|finding| finding.severity == Severity::Error).count()
    }

    /// By file and place.
    pub(crate) fn into_sorted(self) -> Vec<Diagnostic> {
        let mut all = self.0.into_inner();
        let start = |d: &Diagnostic| d.span.as_ref().map_or(0, |span| span.start);
        all.sort_by(|a, b| (&a.file, start(a), a.code).cmp(&(&b.file, start(b), b.code)));
        all
    }
}

/// The file that is being read, and where its findings go.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) file: &'a str,
    pub(crate) findings: &'a Findings,
}

impl Place<'_> {
    pub(crate) fn error(
        &self,
        code: &'static str,
        span: Range<usize>,
        what: impl Into<String>,
        why: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.findings.add(Diagnostic::error(code, self.file, span, what).why(why).mend(mend));
    }

    pub(crate) fn warning(
        &self,
        code: &'static str,
        span: Range<usize>,
        what: impl Into<String>,
        why: impl Into<String>,
        mend: impl Into<String>,
    ) {
        let finding = Diagnostic::error(code, self.file, span, what).why(why).mend(mend);
        self.findings.add(finding.warning());
    }
}

/// A sort of name that files refer to.
pub(crate) struct Noun {
    pub(crate) code: &'static str,
    pub(crate) what: &'static str,
    pub(crate) why: &'static str,
}

/// The names of one sort.
pub(crate) struct Names {
    noun: &'static Noun,
    known: BTreeSet<String>,
    /// Whether every one is known. A file that could not be read may have declared more, and then
    /// an unknown name is no finding of its own.
    whole: bool,
}

impl Names {
    pub(crate) fn new(
        noun: &'static Noun,
        known: impl IntoIterator<Item = String>,
        whole: bool,
    ) -> Self {
        Self { noun, known: known.into_iter().collect(), whole }
    }

    /// Whether the name is known; if not, that is found.
    pub(crate) fn has(&self, word: &Word, place: Place<'_>) -> bool {
        let known = self.known.contains(word.get_ref());
        if !known && self.whole {
            unknown(self.noun, word, self.known.iter().map(String::as_str), place);
        }
        known
    }

    /// Those of the words that are known.
    pub(crate) fn all<T: for<'t> From<&'t str>>(&self, words: &[Word], place: Place<'_>) -> Vec<T> {
        let known = words.iter().filter(|word| self.has(word, place));
        known.map(|word| T::from(word.get_ref())).collect()
    }
}

/// The one of `choices` that the word names; if none, that is found.
pub(crate) fn choose<'c, T>(
    noun: &Noun,
    word: &Word,
    choices: impl IntoIterator<Item = (&'c str, T)> + Clone,
    place: Place<'_>,
) -> Option<T> {
    let named = choices.clone().into_iter().find(|(name, _)| name == word.get_ref());
    if named.is_none() {
        unknown(noun, word, choices.into_iter().map(|(name, _)| name), place);
    }
    named.map(|(_, choice)| choice)
}

pub(crate) fn unknown<'n>(
    noun: &Noun,
    word: &Word,
    known: impl IntoIterator<Item = &'n str>,
    place: Place<'_>,
) {
    let what = format!("unknown {} `{}`", noun.what, word.get_ref());
    place.error(noun.code, word.span(), what, noun.why, suggest(word.get_ref(), known));
}

/// The nearest name, or all of them when they are few.
pub(crate) fn suggest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let known: Vec<_> = known.into_iter().collect();
    if let Some(near) = nearest(name, known.iter().copied()) {
        return format!("write `{near}`");
    }
    match known.len() {
        0 => "declare it first: there is none yet".into(),
        1..=12 => format!("use one of: {}", known.join(", ")),
        count => format!("use one of the {count} there are, such as {}", known[..5].join(", ")),
    }
}
