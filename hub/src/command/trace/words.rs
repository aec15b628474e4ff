//! The words for what the journal holds.

use luotsi_journal::GroundEntry;

/// A ground in words: `consent S-1 v2, by the rule "third sector by consent"`.
pub(crate) fn ground(ground: &GroundEntry) -> String {
    let version = ground.version.map(|version| format!(" v{version}")).unwrap_or_default();
    let directive = ground.directive.as_ref().map(|id| format!(" {id}{version}"));
    let reason = ground.reason.as_ref().map(|reason| format!(" for {reason}"));
    let (directive, reason) = (directive.unwrap_or_default(), reason.unwrap_or_default());
    format!("{}{directive}{reason}, by the rule “{}”", ground.basis, ground.rule)
}

/// What to say of a payload that is not there to read.
pub(crate) fn payload(is: &str) -> Option<&'static str> {
    match is {
        "erased" => Some("its payload was erased with the client's key"),
        "broken" => Some("its payload does not open: it was changed in the database"),
        _ => None,
    }
}

/// A result of the disclosure log, or a cause, in a person's words where the code needs them.
pub(crate) fn reason(code: &str) -> &str {
    match code {
        "no-basis-yet" => "no legal basis yet",
        "no-basis-in-time" => "no legal basis came in time",
        "no-basis" => "no legal basis",
        "no-rule" => "no rule of the policy speaks of it",
        "not-covered" => "the client's consent does not cover it",
        "protected" => "a protected address, or a minor's own decision, stands over it",
        "prohibited" => "the client prohibits it",
        "withdrawn" => "the client has withdrawn the consent",
        "undecidable" => "it could not be decided, and so is denied",
        "failed" => "the attempt failed",
        "unreached" => "the recipient could not be reached, nothing left",
        "interrupted" => "the hub stopped before the answer: sent again under the same id",
        "rejected" => "the recipient rejects it",
        "under-way" => "under way",
        other => other,
    }
}
