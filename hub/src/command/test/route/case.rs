//! A region's case, as written.

use std::str::FromStr;

use jiff::Timestamp;
use luotsi_mapping::case::Files;
use luotsi_model::{Diagnostic, Hetu, SystemId, diagnostic::nearest, hetu::Strictness};
use luotsi_region::Region;
use serde::{Deserialize, Deserializer, de::Error};

/// A case folder, read.
pub(super) struct Case {
    pub(super) head: Head,
    pub(super) files: Files,
    /// The document that is posted.
    pub(super) input: Vec<u8>,
}

/// `case.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) says: String,
    /// The system that posts the input.
    pub(super) from: SystemId,
    /// The moment.
    #[serde(deserialize_with = "parsed")]
    pub(super) at: Timestamp,
    /// Posted before, in this order: what stands on record.
    #[serde(default)]
    pub(super) given: Vec<Given>,
    /// Where it must go, and where it must not. What is not named here must get nothing.
    #[serde(default)]
    pub(super) to: Vec<To>,
    /// What the hub itself says of the input by a later moment.
    pub(super) later: Option<Later>,
    /// Who reads the client's plan afterwards.
    #[serde(default)]
    pub(super) reads: Vec<Reads>,
    /// The code with which the input itself is turned away.
    pub(super) rejected: Option<String>,
}

/// A document posted before.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    pub(super) file: String,
    /// Its sender; the input's where it is not named.
    pub(super) from: Option<SystemId>,
    /// When; the case's moment where it is not named.
    #[serde(default, deserialize_with = "parsed_option")]
    pub(super) at: Option<Timestamp>,
}

/// Where the hub's own messages go: that something was refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Later {
    #[serde(deserialize_with = "parsed")]
    pub(super) at: Timestamp,
    #[serde(default)]
    pub(super) to: Vec<To>,
}

/// What must come of one delivery: one of `gets`, `waits`, `refused`, `dead`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct To {
    pub(super) system: String,
    pub(super) purpose: Option<String>,
    /// The file that holds the document it gets.
    pub(super) gets: Option<String>,
    /// For want of what it waits.
    pub(super) waits: Option<String>,
    /// The reason for which it gets nothing.
    pub(super) refused: Option<String>,
    /// Why a person must look.
    pub(super) dead: Option<String>,
    /// The policy's rules on whose ground it goes.
    pub(super) by: Option<Vec<String>>,
    #[serde(default)]
    pub(super) must_not: MustNot,
}

/// What must not be in a document.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct MustNot {
    /// Places, and all below them: `subject/identifier`. Numbers of like siblings may be left out.
    #[serde(default)]
    pub(super) paths: Vec<String>,
    /// Texts, wherever they would stand.
    #[serde(default)]
    pub(super) values: Vec<String>,
}

/// A read of a client's plan.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reads {
    pub(super) system: SystemId,
    #[serde(deserialize_with = "code")]
    pub(super) hetu: Hetu,
    /// The file that holds what it sees; without it, it sees nothing.
    pub(super) gets: Option<String>,
    pub(super) by: Option<Vec<String>>,
    #[serde(default)]
    pub(super) must_not: MustNot,
}

impl Case {
    /// Reads a case, and holds its names against the region's.
    pub(super) fn read(path: &str, files: Files, region: &Region) -> Result<Self, Vec<Diagnostic>> {
        let bytes = files.get("case.toml").map_or(&[][..], Vec::as_slice);
        let text = String::from_utf8_lossy(bytes).into_owned();
        let head: Head = toml::from_str(&text).map_err(|error: toml::de::Error| {
            let span = error.span().unwrap_or(0..0);
            vec![
                Diagnostic::error("LU101", path, span, error.message().trim().to_owned())
                    .why("the case says by it what must come of a document")
                    .mend("write it as docs/how-to/test-a-region.md tells"),
            ]
        })?;
        let is_input =
            |name: &&String| name.split_once('.').is_some_and(|(stem, _)| stem == "input");
        let input = files.keys().find(is_input).and_then(|name| files.get(name)).cloned();
        let mut wrong = Wrong { path, text: &text, found: Vec::new() };
        if input.is_none() {
            wrong.add("input", "there is no file input.xml or input.json", "add what is posted");
        }
        for given in head.given.iter().filter(|given| !files.contains_key(&given.file)) {
            wrong.add(&given.file, "there is no such file beside the case", "add it");
        }
        let posting = head.given.iter().filter_map(|given| given.from.as_ref());
        let reading = head.reads.iter().map(|reads| &reads.system);
        for system in posting.chain(reading).chain([&head.from]).map(SystemId::as_str) {
            wrong.system(system, region);
        }
        for to in head.to.iter().chain(head.later.iter().flat_map(|later| &later.to)) {
            wrong.system(&to.system, region);
            let said = [&to.gets, &to.waits, &to.refused, &to.dead];
            if said.iter().filter(|said| said.is_some()).count() != 1 {
                let what = "not exactly one of `gets`, `waits`, `refused` and `dead`";
                wrong.add(&to.system, what, "say what must come of this delivery");
            }
        }
        match input {
            Some(input) if wrong.found.is_empty() => Ok(Self { head, files, input }),
            _ => Err(wrong.found),
        }
    }

    /// A file beside it.
    pub(super) fn file(&self, name: &str) -> &[u8] {
        self.files.get(name).map_or(&[], Vec::as_slice)
    }
}

struct Wrong<'c> {
    path: &'c str,
    text: &'c str,
    found: Vec<Diagnostic>,
}

impl Wrong<'_> {
    /// A finding at the first place where the word stands in quotes.
    fn add(&mut self, word: &str, what: &str, mend: &str) {
        let start = self.text.find(&format!("\"{word}\"")).unwrap_or(0);
        let end = if start > 0 { start + word.len() + 2 } else { 0 };
        let what = format!("{word}: {what}");
        let why = "a case is played whole or not at all";
        self.found
            .push(Diagnostic::error("LU101", self.path, start..end, what).why(why).mend(mend));
    }

    fn system(&mut self, system: &str, region: &Region) {
        if region.connection(&SystemId::new(system)).is_none() {
            let known = region.connections.keys().map(SystemId::as_str);
            let mend = nearest(system, known).map(|near| format!("write `{near}`"));
            let mend = mend.unwrap_or_else(|| "name a connection of the region".into());
            self.add(system, "the region has no such connection", &mend);
        }
    }
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: std::fmt::Display>>(
    from: D,
) -> Result<T, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

fn parsed_option<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    parsed(from).map(Some)
}

fn code<'de, D: Deserializer<'de>>(from: D) -> Result<Hetu, D::Error> {
    let text = String::deserialize(from)?;
    Hetu::parse(&text, Strictness::Lenient).map_err(D::Error::custom)
}
