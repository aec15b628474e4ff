//! Why nothing may go, when nothing may. It changes nothing about what may.

use crate::{Basis, Lack, Outcome, Reason, Request, Rule, Sort, decide::Voice, explain::Ruled};

/// What the rules come to when nothing may go.
#[derive(Default)]
pub(crate) struct Found {
    addressed: bool,
    prohibited: bool,
    /// Everything that some rule lists is protected.
    shut: bool,
    /// A document on record speaks of this send, and not of what a rule lists.
    spoken: bool,
    /// One that did was withdrawn.
    withdrawn: bool,
    /// The first in order of what could still come.
    lack: Option<Lack>,
}

impl Found {
    /// Takes note of a rule that addresses the send.
    pub(crate) fn rule(
        &mut self,
        rule: &Rule,
        request: &Request<'_>,
        voice: &Voice<'_>,
        ruled: &Ruled,
    ) {
        self.addressed = true;
        self.prohibited |= ruled.holds && !ruled.denied.is_empty();
        if rule.categories.difference(ruled.barred).is_empty() {
            self.shut |= !rule.categories.is_empty();
            return;
        }
        let Some(lack) = lack(rule, request) else { return };
        let heard = voice.heard(rule.basis);
        self.spoken |= !heard.spoken.is_empty();
        self.withdrawn |= heard.withdrawn;
        self.lack = Some(self.lack.map_or(lack, |known| known.min(lack)));
    }

    /// Why nothing may go.
    pub(crate) fn refusal(&self, voice: &Voice<'_>) -> Outcome {
        if !self.addressed {
            return Outcome::Deny(Reason::NoRule);
        }
        if self.prohibited || voice.prohibits {
            return Outcome::Deny(Reason::Prohibited);
        }
        match self.lack {
            None if self.shut => Outcome::Deny(Reason::Protected),
            None => Outcome::Deny(Reason::NoBasis),
            Some(_) if self.spoken => Outcome::Deny(Reason::NotCovered),
            Some(_) if self.withdrawn => Outcome::Deny(Reason::Withdrawn),
            Some(lack) => Outcome::Wait(lack),
        }
    }
}

/// The document that could make the rule's basis hold. Nobody waits for an emergency, nor for a
/// reason in law.
fn lack(rule: &Rule, request: &Request<'_>) -> Option<Lack> {
    request.subject?;
    match rule.basis {
        Basis::Consent => Some(Lack::Consent),
        Basis::DisclosurePermission => {
            let source = request.source?.sector?;
            (request.recipient.sector == Some(source)).then_some(Lack::DisclosurePermission)
        }
        Basis::PurchasedService => Some(Lack::PurchasedService),
        Basis::Voucher => Some(Lack::Voucher),
        Basis::Mandate if request.recipient.sort == Sort::Guardian => None,
        Basis::Mandate => request.attested.mandate.map(|_| Lack::Mandate),
        Basis::SameRegister | Basis::Statutory | Basis::Emergency | Basis::NoSubject => None,
    }
}
