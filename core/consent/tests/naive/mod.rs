//! The decision once more, one category at a time and without cleverness, written from
//! "Consent evaluation" in the project's facts and not from the code it judges.

use luotsi_consent::{
    Basis, Directive, Directives, Effect, Lack, Outcome, Policy, Provision, Reason, Request, Rule,
    Standing,
};
use luotsi_model::{Categories, Category};

/// What one directive, or all of them, say of one category.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    Silent,
    Permit,
    /// A consent that addresses the send and does not cover this: no consent, no prohibition.
    Forbid,
    Deny,
}

/// What the client's directives say together, beside the verdicts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// A standing prohibition denies some data of this send, asked for or not.
    pub(crate) prohibition: bool,
    /// A consent to this send was taken back.
    pub(crate) withdrawn: bool,
}

/// What may go, and what comes of it.
pub(crate) fn judge(
    request: &Request<'_>,
    directives: Option<&Directives>,
    policy: &Policy,
) -> (Categories, Outcome) {
    let Some(directives) = directives else {
        return (Categories::NONE, Outcome::Deny(Reason::Undecidable));
    };
    let all = || directives.all.iter();
    let say = |category: Category| combine(all().map(|d| verdict(d, request, category)));
    let told = Told {
        prohibition: all().any(|d| is_prohibition(d, request)),
        withdrawn: all().any(|d| was_taken_back(d, request)),
    };
    conclude(request, policy, &say, told)
}

/// Whether it is a prohibition that denies some data of this send.
pub(crate) fn is_prohibition(directive: &Directive, request: &Request<'_>) -> bool {
    let denies = |c: &Category| verdict(directive, request, *c) == Verdict::Deny;
    directive.root.effect == Effect::Deny && Category::ALL.iter().any(denies)
}

fn was_taken_back(directive: &Directive, request: &Request<'_>) -> bool {
    directive.standing == Standing::Withdrawn
        && request.subject == Some(&directive.subject)
        && directive.root.effect == Effect::Permit
        && speaks_to(&directive.root, request)
}

/// From the combined verdict on each category to the outcome.
pub(crate) fn conclude(
    request: &Request<'_>,
    policy: &Policy,
    say: &dyn Fn(Category) -> Verdict,
    told: Told,
) -> (Categories, Outcome) {
    let rules: Vec<&Rule> = policy.rules.iter().filter(|rule| speaks(rule, request)).collect();
    let mut permitted = Categories::NONE;
    for &category in Category::ALL {
        if rules.iter().any(|rule| goes(rule, request, category, say(category))) {
            permitted = permitted.with(category);
        }
    }
    let outcome = if rules.is_empty() {
        Outcome::Deny(Reason::NoRule)
    } else if permitted.is_empty() {
        why_nothing(request, &rules, say, told)
    } else {
        Outcome::Permit
    };
    (permitted, outcome)
}

fn goes(rule: &Rule, request: &Request<'_>, category: Category, verdict: Verdict) -> bool {
    let basis = match rule.basis {
        Basis::SameRegister => request.recipient.controller == *request.controller,
        Basis::NoSubject => request.subject.is_none(),
        Basis::Consent => verdict == Verdict::Permit,
    };
    rule.categories.contains(category)
        && basis
        && (verdict != Verdict::Deny || rule.over_prohibition)
}

/// The facts do not rank the reasons. A prohibition is told first, for it stands whatever the
/// rules; what a standing directive says is told before what a former one said.
fn why_nothing(
    request: &Request<'_>,
    rules: &[&Rule],
    say: &dyn Fn(Category) -> Verdict,
    told: Told,
) -> Outcome {
    let hopeful: Vec<_> = rules.iter().filter(|rule| could_hold(rule, request)).collect();
    let minds = |c: Category| {
        hopeful.iter().any(|rule| rule.categories.contains(c) && !rule.over_prohibition)
    };
    let denied = Category::ALL.iter().any(|c| minds(*c) && say(*c) == Verdict::Deny);
    if told.prohibition || denied {
        Outcome::Deny(Reason::Prohibited)
    } else if !hopeful.iter().any(|rule| rule.basis == Basis::Consent) {
        Outcome::Deny(Reason::NoBasis)
    } else if Category::ALL.iter().any(|c| say(*c) != Verdict::Silent) {
        Outcome::Deny(Reason::NotCovered)
    } else if told.withdrawn {
        Outcome::Deny(Reason::Withdrawn)
    } else {
        Outcome::Wait(Lack::Consent)
    }
}

fn could_hold(rule: &Rule, request: &Request<'_>) -> bool {
    match rule.basis {
        Basis::SameRegister => request.recipient.controller == *request.controller,
        Basis::NoSubject => request.subject.is_none(),
        Basis::Consent => request.subject.is_some(),
    }
}

/// Deny over forbid over permit over silence.
pub(crate) fn combine(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    let mut all = Verdict::Silent;
    for one in verdicts {
        all = match (all, one) {
            (Verdict::Deny, _) | (_, Verdict::Deny) => Verdict::Deny,
            (Verdict::Forbid, _) | (_, Verdict::Forbid) => Verdict::Forbid,
            (Verdict::Permit, _) | (_, Verdict::Permit) => Verdict::Permit,
            (Verdict::Silent, Verdict::Silent) => Verdict::Silent,
        };
    }
    all
}

/// What one directive says of one category.
pub(crate) fn verdict(directive: &Directive, request: &Request<'_>, category: Category) -> Verdict {
    let counts = request.subject == Some(&directive.subject)
        && directive.standing == Standing::Active
        && is_in_period(&directive.root, request)
        && speaks_to(&directive.root, request);
    if !counts {
        return Verdict::Silent;
    }
    let matching = directive.exceptions.iter().filter(|exception| {
        is_in_period(exception, request)
            && speaks_to(exception, request)
            && is_about(exception, request, category)
    });
    let effects: Vec<Effect> = matching.map(|exception| exception.effect).collect();
    if effects.contains(&Effect::Deny) {
        return Verdict::Deny;
    }
    if effects.contains(&Effect::Permit) {
        return Verdict::Permit;
    }
    match (directive.root.effect, is_about(&directive.root, request, category)) {
        (Effect::Permit, true) => Verdict::Permit,
        (Effect::Permit, false) => Verdict::Forbid,
        (Effect::Deny, true) => Verdict::Deny,
        (Effect::Deny, false) => Verdict::Silent,
    }
}

fn speaks(rule: &Rule, request: &Request<'_>) -> bool {
    let recipient = request.recipient;
    rule.sorts.contains(&recipient.sort)
        && (rule.systems.is_empty() || rule.systems.contains(&recipient.system))
        && (rule.purposes.is_empty() || rule.purposes.contains(request.purpose))
        && (rule.kinds.is_empty() || rule.kinds.contains(request.kind))
}

fn is_in_period(provision: &Provision, request: &Request<'_>) -> bool {
    let started = match provision.period.start {
        Some(start) => request.now >= start,
        None => true,
    };
    let ended = match provision.period.end {
        Some(end) => request.now >= end,
        None => false,
    };
    started && !ended
}

fn speaks_to(provision: &Provision, request: &Request<'_>) -> bool {
    let system = request.recipient.system.as_str();
    let organisation = request.recipient.organisation.as_str();
    let controller = request.recipient.controller.as_str();
    let named = provision
        .recipients
        .iter()
        .any(|name| name == system || name == organisation || name == controller);
    (provision.recipients.is_empty() || named)
        && (provision.purposes.is_empty() || provision.purposes.contains(request.purpose))
}

fn is_about(provision: &Provision, request: &Request<'_>, category: Category) -> bool {
    let service = match request.service {
        Some(service) => provision.services.contains(service),
        // A missing attribute is a denial: it meets a prohibition and misses a permission.
        None => provision.effect == Effect::Deny,
    };
    (provision.kinds.is_empty() || provision.kinds.contains(request.kind))
        && (provision.services.is_empty() || service)
        && (provision.categories.is_empty() || provision.categories.contains(category))
}
