//! Whether those who may get something on a client's directive could be told that she has taken it
//! back: a notice goes to them by their own connection and through the same gate.

use std::{collections::BTreeSet, ops::Range};

use jiff::Timestamp;
use luotsi_consent::{Attested, Decision, Policy, Request, decide};
use luotsi_model::{Categories, Kind};

use super::{
    View,
    gate::{self, Question},
};
use crate::load::{
    findings::{Findings, Place},
    routes,
    words::RECALL,
};

pub(super) fn check(view: &View<'_>, findings: &Findings) {
    let Some(policy) = &view.draft.policy else { return };
    let sends = view.sends();
    let of_sends = sends
        .iter()
        .filter_map(|send| Some((gate::of_send(send, view)?, send.at.clone(), routes::FILE)));
    let mut told = BTreeSet::new();
    for (question, span, file) in of_sends.chain(gate::of_reads(view)) {
        let is_first = !told.contains(&(question.recipient.system.clone(), question.purpose));
        if is_first && question.decisions(policy).iter().any(rests_on_a_directive) {
            told.insert((question.recipient.system.clone(), question.purpose));
            tellable(&question, view, policy, span, Place { file, findings });
        }
    }
}

/// Whether some category would go on what the client directed and on nothing else.
fn rests_on_a_directive(decision: &Decision) -> bool {
    let of = |directed: bool| {
        let grounds = decision.grounds.iter().filter(|g| g.directive.is_some() == directed);
        grounds.fold(Categories::NONE, |all, ground| all.union(ground.categories))
    };
    !of(true).difference(of(false)).is_empty()
}

fn tellable(
    question: &Question<'_>,
    view: &View<'_>,
    policy: &Policy,
    span: Range<usize>,
    place: Place<'_>,
) {
    let (system, purpose) = (&question.recipient.system, question.purpose);
    let connection = view.systems.get(system).map(|drafted| &drafted.connection);
    let delivery = connection.and_then(|connection| connection.delivery.as_ref());
    let kind = Kind::new(RECALL);
    let (why, mend) = if delivery.is_none_or(|delivery| !delivery.by_kind.contains_key(&kind)) {
        let file = connection.map_or("its connection", |connection| &connection.file);
        (
            format!("no mapping of `{system}` writes a `{RECALL}`"),
            format!("name one under [delivery] in {file}"),
        )
    } else if is_let_through(question, policy, &kind) {
        return;
    } else {
        (
            format!("no rule of policy.toml lets a `{RECALL}` through to it for {purpose}"),
            format!(
                "add a rule: basis = \"no-subject\", sorts = [\"{}\"], kinds = [\"{RECALL}\"], \
                 categories = [\"administrative\"]",
                question.recipient.sort
            ),
        )
    };
    let what = format!(
        "`{system}` may get something for {purpose} that a client can take back, and could not be \
         told to stop"
    );
    place.warning("LU234", span, what, format!("{why}: a person would have to tell them"), mend);
}

/// The notice is about no client and of no register in particular.
fn is_let_through(question: &Question<'_>, policy: &Policy, kind: &Kind) -> bool {
    let request = Request {
        subject: None,
        controller: &question.recipient.controller,
        source: None,
        recipient: question.recipient,
        purpose: question.purpose,
        kind,
        service: None,
        attested: Attested::default(),
        now: Timestamp::UNIX_EPOCH,
    };
    let decision = decide(&request, Some(&luotsi_consent::Directives::default()), policy);
    decision.permitted.contains(luotsi_model::Category::Administrative)
}
