//! What the first segment says of all others: the marks that part values, the character set.

use super::{CHARSET_FIELD, Encoding, place};
use crate::Fault;

/// Names of character sets, HL7 table 0211.
pub(crate) const UTF8: &str = "UNICODE UTF-8";
pub(crate) const LATIN1: &str = "8859/1";
const ASCII: &str = "ASCII";

/// The encoding characters, as MSH-1 and MSH-2 say them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marks {
    pub(crate) field: char,
    pub(crate) component: char,
    pub(crate) repetition: char,
    pub(crate) escape: char,
    pub(crate) subcomponent: char,
}

impl Marks {
    /// Those that are written.
    pub(crate) const USUAL: Self =
        Self { field: '|', component: '^', repetition: '~', escape: '\\', subcomponent: '&' };

    pub(super) fn of(input: &str) -> Result<Self, Fault> {
        let wrong = |at, why: &str| Err(place::fault("not-well-formed", input, at, why.to_owned()));
        let Some(rest) = input.strip_prefix("MSH") else {
            return wrong(0, "a message begins with the segment MSH");
        };
        let line = rest.split(['\r', '\n']).next().unwrap_or_default();
        let mut chars = line.chars();
        let Some(field) = chars.next() else {
            return wrong(3, "MSH says no encoding characters");
        };
        let marks: Vec<char> = chars.take_while(|c| *c != field).collect();
        // The fifth, for what was cut short, came with 2.7 and parts nothing.
        let (4 | 5, Some(&[component, repetition, escape, subcomponent])) =
            (marks.len(), marks.first_chunk::<4>())
        else {
            return wrong(4, "MSH-2 holds four or five encoding characters, usually ^~\\&");
        };
        let mut all = vec![field];
        all.extend(&marks);
        let is_mark = |c: &char| c.is_ascii_punctuation() && *c != '"';
        let is_twice = (1..all.len()).any(|at| all[..at].contains(&all[at]));
        if is_twice || !all.iter().all(is_mark) {
            return wrong(3, "encoding characters are punctuation, each another one");
        }
        Ok(Self { field, component, repetition, escape, subcomponent })
    }
}

/// What MSH-18 says, found in the bytes since it tells how they are read.
pub(super) fn charset(bytes: &[u8]) -> Result<Encoding, Fault> {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let field = line.get(3).copied().unwrap_or(b'|');
    // MSH-1 is the mark before MSH-2, so the parts are numbered as the fields from there on.
    let fields = || line.split(|byte| *byte == field);
    let named = fields().nth(CHARSET_FIELD - 1).unwrap_or_default();
    let start: usize = fields().take(CHARSET_FIELD - 1).map(|field| field.len() + 1).sum();
    let text = std::str::from_utf8(named).unwrap_or("?");
    let found = match text {
        UTF8 => Some(Encoding::Utf8),
        LATIN1 => Some(Encoding::Latin1),
        "" | ASCII => bytes.is_ascii().then_some(Encoding::Utf8),
        _ => None,
    };
    found.ok_or_else(|| {
        let is_ascii = matches!(text, "" | ASCII);
        let (at, why) = match bytes.iter().position(|byte| !byte.is_ascii()) {
            Some(at) if is_ascii => (at, "a byte beyond ASCII, and MSH-18 names no character set"),
            _ => (start, "MSH-18 names another character set than UNICODE UTF-8, 8859/1 or ASCII"),
        };
        let before: String = bytes[..at].iter().copied().map(char::from).collect();
        place::fault("wrong-encoding", &before, before.len(), why.to_owned())
    })
}

/// Whether a message of that type and event is what `root` says, `REF^I12^REF_I12` or less.
pub(crate) fn is_type(root: &str, found: &str) -> bool {
    let mut found = found.split('^');
    root.split('^').take(2).all(|part| found.next() == Some(part))
}
