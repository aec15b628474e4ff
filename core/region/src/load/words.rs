//! The sorts of names that a region's files use, and the form of those they declare.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::findings::{Noun, Place, Word};

/// The record kind that the hub keeps as what clients direct, and writes as FHIR `Consent` itself.
pub(crate) const DIRECTIVE: &str = "directive";

/// The record kind by which the hub tells a recipient to stop processing; no route sends it.
pub(crate) const RECALL: &str = "recall";

pub(crate) const ADAPTER: Noun = Noun {
    code: "LU210",
    what: "adapter",
    why: "a connection is spoken to through an adapter that this binary has",
};
pub(crate) const CONTROLLER: Noun = Noun {
    code: "LU211",
    what: "controller",
    why: "a controller (rekisterinpitäjä) is declared as [[controller]] in region.toml",
};
pub(crate) const ORGANISATION: Noun = Noun {
    code: "LU211",
    what: "organisation",
    why: "an organisation is declared as [[organisation]] in region.toml",
};
pub(crate) const PURPOSE: Noun = Noun {
    code: "LU212",
    what: "purpose",
    why: "a purpose is one of `purposes` in region.toml; directives name the same ones",
};
pub(crate) const SYSTEM: Noun =
    Noun { code: "LU213", what: "system", why: "a system is named by its file in connections/" };
pub(crate) const KIND: Noun = Noun {
    code: "LU214",
    what: "record kind",
    why: "a record kind is declared in mappings/records/",
};
pub(crate) const MAPPING: Noun = Noun {
    code: "LU215",
    what: "mapping",
    why: "a mapping is named by its pack and file: `serena/referral` is mappings/serena/referral.toml",
};
pub(crate) const CATEGORY: Noun = Noun {
    code: "LU216",
    what: "data category",
    why: "the categories are fixed: each field of every record kind has one of them",
};
pub(crate) const BASIS: Noun = Noun {
    code: "LU217",
    what: "legal basis",
    why: "the gate knows only the bases whose conditions it can check",
};
pub(crate) const SORT: Noun =
    Noun { code: "LU217", what: "sort of organisation", why: "policy rules speak of these sorts" };
pub(crate) const SECTOR: Noun = Noun {
    code: "LU217",
    what: "sector",
    why: "a disclosure permission is given for social welfare or for health care, and never \
          crosses from one to the other",
};
pub(crate) const FORMAT: Noun =
    Noun { code: "LU217", what: "format", why: "these are the formats the mapping engine reads" };
pub(crate) const UNMAPPED: Noun = Noun {
    code: "LU217",
    what: "treatment of unmapped elements",
    why: "what no mapping rule names is refused, or accepted and shown, or held for a person",
};
pub(crate) const HETU: Noun = Noun {
    code: "LU217",
    what: "strictness",
    why: "a wrong check character of a henkilötunnus is refused, or let through with a warning",
};
pub(crate) const LANGUAGE: Noun =
    Noun { code: "LU217", what: "language", why: "titles are kept in these languages" };
pub(crate) const FIELD: Noun = Noun {
    code: "LU218",
    what: "field",
    why: "a route's conditions name fields of its record kind, or `$subject`",
};
pub(crate) const PRESENCE: Noun = Noun {
    code: "LU217",
    what: "way of being present",
    why: "a matter is taken up with the client present, or by her mandate",
};
pub(crate) const SUBJECT: Noun =
    Noun { code: "LU217", what: "state of the subject", why: "a record names a client or none" };

const NAME_LENGTH_MAX: usize = 64;

/// Whether a declared name can stand in a URL, a metric and a log line as it is.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= NAME_LENGTH_MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Finds a declared name that is not of the form of names.
pub(crate) fn check_name(word: &Word, place: Place<'_>) {
    if !is_name(word.get_ref()) {
        place.error(
            "LU206",
            word.span(),
            format!("`{}` is not of the form of a name", word.get_ref()),
            "names stand in URLs, metrics and the log as they are",
            "use small letters a to z, digits and `-`; begin with a letter; 64 characters at most",
        );
    }
}

/// Finds names declared twice; `what` they are, in the singular.
pub(crate) fn check_distinct<'w>(
    what: &str,
    words: impl IntoIterator<Item = &'w Word>,
    place: Place<'_>,
) {
    let mut seen = BTreeSet::new();
    for word in words {
        if !seen.insert(word.get_ref()) {
            let text = format!("the {what} `{}` is declared twice", word.get_ref());
            let why = "a name must stand for one thing";
            place.error("LU205", word.span(), text, why, "rename or remove one of them");
        }
    }
}

/// A duration, or a finding that says why it is needed. A day is 24 hours here: a deadline is no
/// calendar.
pub(crate) fn duration(word: &Word, why: &str, place: Place<'_>) -> Option<SignedDuration> {
    let span = word.get_ref().parse::<Span>().ok();
    let length = span.and_then(|s| s.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let length = length.filter(SignedDuration::is_positive);
    if length.is_none() {
        let what = format!("`{}` is no duration", word.get_ref());
        let mend = "write weeks, days, hours, minutes or seconds: \"14d\", \"90s\", \"1d 12h\"";
        place.error("LU204", word.span(), what, why, mend);
    }
    length
}
