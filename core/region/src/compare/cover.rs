//! Whether one way carries a field on terms at least as wide as another.

use std::fmt;

use luotsi_consent::{Basis, Rule};
use luotsi_model::Categories;
use serde::Serialize;

use super::ways::Way;

/// In what two ways of a field differ, where one is not as wide as the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// Whether it is delivered or read.
    Conduit,
    /// The system it comes from.
    Source,
    /// Whether the source gives the field at all.
    Given,
    /// The register it belongs to.
    Register,
    /// Whether it is about a client.
    Client,
    /// Which messages the routes take.
    Messages,
    /// Who the recipient is to the gate: organisation, controller, sort.
    Recipient,
    /// Whether it goes over a prohibition.
    Prohibition,
    /// What else the rule asks.
    Rule,
    /// Which fields of the record name its subject, its service task, the task it answers.
    Marks,
    /// Which fields the document must have.
    Required,
    /// What the document must have could not go, and so nothing went.
    Needed,
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conduit => "delivery or read",
            Self::Source => "the system it comes from",
            Self::Given => "whether its source gives it",
            Self::Register => "whose register it belongs to",
            Self::Client => "whether it is about a client",
            Self::Messages => "the messages that routes take",
            Self::Recipient => "who the recipient is to the gate",
            Self::Prohibition => "whether it goes over a prohibition",
            Self::Rule => "the rule's other terms",
            Self::Marks => "the fields that name client, service or task",
            Self::Required => "the fields that the document must have",
            Self::Needed => "whether what the document must have may go",
        })
    }
}

/// In what `narrow` is not covered by `wide` for this field; empty when it is.
pub(super) fn missing(wide: &Way<'_>, narrow: &Way<'_>, field: &str) -> Vec<Aspect> {
    let (w, n) = (&wide.send, &narrow.send);
    let rests_on_register = !matches!(narrow.rule.basis, Basis::Consent | Basis::NoSubject);
    let lacks = [
        (Aspect::Conduit, w.route.is_some() != n.route.is_some()),
        (Aspect::Source, w.source.system != n.source.system),
        (Aspect::Given, narrow.gives(field) && !wide.gives(field)),
        (Aspect::Register, rests_on_register && w.owner != n.owner),
        (Aspect::Client, wide.is_about_client != narrow.is_about_client),
        (Aspect::Messages, !takes(wide, narrow)),
        // A directive may name any of a recipient's names, so each of them counts.
        (Aspect::Recipient, w.recipient != n.recipient),
        (Aspect::Prohibition, narrow.rule.over_prohibition && !wide.rule.over_prohibition),
        (Aspect::Rule, terms(wide.rule) != terms(narrow.rule)),
        (Aspect::Marks, wide.marks != narrow.marks),
        (Aspect::Required, !wide.required.is_subset(&narrow.required)),
    ];
    lacks.into_iter().filter_map(|(aspect, lacks)| lacks.then_some(aspect)).collect()
}

/// Whether every record that `narrow` takes is one that `wide` takes.
fn takes(wide: &Way<'_>, narrow: &Way<'_>) -> bool {
    wide.when.iter().all(|(path, values)| {
        narrow
            .when
            .iter()
            .any(|(other, fewer)| path == other && fewer.iter().all(|value| values.contains(value)))
    })
}

/// All of a rule but what is compared elsewhere: to whom it speaks and of what is in the ways
/// already. Whatever else a rule may come to say counts as a term here, and is never passed over.
fn terms(rule: &Rule) -> Rule {
    Rule {
        name: "".into(),
        sorts: Vec::new(),
        systems: Vec::new(),
        purposes: Vec::new(),
        kinds: Vec::new(),
        categories: Categories::NONE,
        over_prohibition: false,
        ..rule.clone()
    }
}
