//! Whether whoever sends something hears of it when the gate refuses it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use luotsi_consent::{Attested, Outcome, Recipient, Request, decide};
use luotsi_model::{ClientRef, Kind};

use super::{View, permissive};
use crate::{
    Condition, Destination,
    load::{
        findings::{Findings, Place},
        routes::{self, Drafted},
    },
};

/// A sender is found once, at the first of its routes by which something may be refused.
pub(super) fn check(view: &View<'_>, findings: &Findings) {
    let kind = Kind::new(Kind::TASK_STATUS);
    if !view.is_whole || !view.draft.packs.schemas.contains_key(&kind) {
        return;
    }
    let place = Place { file: routes::FILE, findings };
    let mut found = BTreeSet::new();
    for route in view.draft.routes.iter().filter(|route| !view.is_answer(route)) {
        for source in view.sources(route) {
            let recipient = &source.connection.recipient;
            let is_deaf = !hears(recipient, view) && may_be_refused(route, recipient, view);
            if is_deaf && found.insert(&recipient.system) {
                let system = &recipient.system;
                let what = format!("`{system}` does not hear when this is refused");
                let why = "what waits for a basis in vain, or is prohibited, ends in silence: its \
                           sender believes it taken care of";
                let mend = "add a route: kind = \"task-status\", from = [\"luotsi\"], \
                            to = [{ answer = true, purpose = \"…\" }]";
                place.warning("LU246", route.at.clone(), what, why, mend);
            }
        }
    }
}

/// Whether some route takes the hub's own refusals to that system.
fn hears(sender: &Recipient, view: &View<'_>) -> bool {
    let leads_there = |to: &Destination| match to {
        Destination::Answer { .. } => true,
        Destination::System { system, .. } => *system == sender.system,
    };
    let own = view.draft.routes.iter().filter(|route| route.route.takes_from_hub());
    own.flat_map(|route| &route.route.to).any(leads_there)
}

/// Whether anything that the route sends could be refused: not where the policy lets it through
/// whatever the client says.
fn may_be_refused(route: &Drafted, source: &Recipient, view: &View<'_>) -> bool {
    let Some(policy) = &view.draft.policy else { return false };
    let client = ClientRef::new("anyone");
    let directives = permissive::prohibition(&client);
    let nobodys = Condition::Subject { known: false };
    let subject = (!route.route.when.contains(&nobodys)).then_some(&client);
    route.route.to.iter().any(|to| {
        let Destination::System { system, purpose } = to else { return false };
        let Some(recipient) = view.systems.get(system) else { return false };
        let request = Request {
            subject,
            controller: &source.controller,
            source: Some(source),
            recipient: &recipient.connection.recipient,
            purpose,
            kind: &route.route.kind,
            service: None,
            attested: Attested { reason: route.route.reason.as_deref(), ..Attested::default() },
            now: Timestamp::UNIX_EPOCH,
        };
        decide(&request, Some(&directives), policy).outcome != Outcome::Permit
    })
}
