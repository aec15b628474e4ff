//! The decision once more, one category at a time and without cleverness, written from
//! "Consent evaluation" and "Law" in the project's facts and not from the code it judges.

mod law;

use luotsi_consent::{
    Basis, Directive, Directives, Effect, Instrument, Outcome, Policy, Provision, Reason, Request,
    Rule, Sort, Standing,
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

/// What may go, and what comes of it.
pub(crate) fn judge(
    request: &Request<'_>,
    directives: Option<&Directives>,
    policy: &Policy,
) -> (Categories, Outcome) {
    let Some(directives) = directives else {
        return (Categories::NONE, Outcome::Deny(Reason::Undecidable));
    };
    let own = |d: &&Directive| request.subject == Some(&d.subject);
    let own: Vec<&Directive> = directives.all.iter().map(|d| &**d).filter(own).collect();
    let consents = |category| {
        let wills = own.iter().filter(|d| d.instrument == Instrument::Will);
        let spoken = combine(wills.map(|d| verdict(d, request, category, &own)));
        // What any other document denies is denied to consents, too.
        if denied(request, category, &own) { Verdict::Deny } else { spoken }
    };
    let told = Told {
        prohibition: own.iter().any(|d| is_prohibition(d, request)),
        withdrawn: own
            .iter()
            .any(|d| d.instrument == Instrument::Will && law::was_taken_back(d, request)),
    };
    conclude(request, policy, &consents, told, &own)
}

/// What the client's consents and prohibitions say together, beside the verdicts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// A standing prohibition denies some data of this send, asked for or not.
    pub(crate) prohibition: bool,
    /// A consent to this send was taken back.
    pub(crate) withdrawn: bool,
}

/// Whether it is a prohibition that denies some data of this send.
pub(crate) fn is_prohibition(directive: &Directive, request: &Request<'_>) -> bool {
    let denies = |c: &Category| stated(directive, request, *c) == Verdict::Deny;
    directive.root.effect == Effect::Deny && Category::ALL.iter().any(denies)
}

fn denied(request: &Request<'_>, category: Category, own: &[&Directive]) -> bool {
    own.iter().any(|d| stated(d, request, category) == Verdict::Deny)
}

/// From the combined verdict of the consents on each category to the outcome.
pub(crate) fn conclude(
    request: &Request<'_>,
    policy: &Policy,
    say: &dyn Fn(Category) -> Verdict,
    told: Told,
    own: &[&Directive],
) -> (Categories, Outcome) {
    let rules: Vec<&Rule> = policy.rules.iter().filter(|rule| speaks(rule, request)).collect();
    let mut permitted = Categories::NONE;
    for &category in Category::ALL {
        let goes = |rule: &&Rule| {
            let prohibited = say(category) == Verdict::Deny && !rule.over_prohibition;
            rule.categories.contains(category)
                && has_basis(rule, request, category, say(category), own)
                && !prohibited
                && !law::is_barred(rule, request, category, own)
        };
        if rules.iter().any(goes) {
            permitted = permitted.with(category);
        }
    }
    let outcome = if rules.is_empty() {
        Outcome::Deny(Reason::NoRule)
    } else if permitted.is_empty() {
        why_nothing(request, &rules, say, told, own)
    } else {
        Outcome::Permit
    };
    (permitted, outcome)
}

fn has_basis(
    rule: &Rule,
    request: &Request<'_>,
    category: Category,
    consent: Verdict,
    own: &[&Directive],
) -> bool {
    let documents = || own.iter().filter(|d| d.instrument.basis() == Some(rule.basis));
    let permits = |d: &&Directive| verdict(d, request, category, own) == Verdict::Permit;
    match rule.basis {
        Basis::SameRegister => request.recipient.controller == *request.controller,
        Basis::NoSubject => request.subject.is_none(),
        Basis::Consent => consent == Verdict::Permit,
        Basis::Statutory => {
            request.attested.reason.is_some_and(|r| rule.reasons.iter().any(|known| **known == *r))
        }
        Basis::Mandate if request.recipient.sort == Sort::Guardian => {
            request.subject.is_some() && law::guardian_may_see(request, own)
        }
        Basis::DisclosurePermission
        | Basis::PurchasedService
        | Basis::Voucher
        | Basis::Mandate
        | Basis::Emergency => documents().any(permits),
    }
}

/// The facts do not rank the reasons. A prohibition is told first, for it stands whatever the
/// rules; what a standing directive says is told before what a former one said.
fn why_nothing(
    request: &Request<'_>,
    rules: &[&Rule],
    say: &dyn Fn(Category) -> Verdict,
    told: Told,
    own: &[&Directive],
) -> Outcome {
    let all = || Category::ALL.iter().copied();
    let minds = |rule: &&&Rule, c| rule.categories.contains(c) && !rule.over_prohibition;
    let awake = |rule: &&&Rule| is_awake(rule, request, say, own);
    let denied = all()
        .any(|c| say(c) == Verdict::Deny && rules.iter().filter(awake).any(|rule| minds(&rule, c)));
    if told.prohibition || denied {
        return Outcome::Deny(Reason::Prohibited);
    }
    let is_shut = |rule: &Rule| {
        all()
            .filter(|c| rule.categories.contains(*c))
            .all(|c| law::is_barred(rule, request, c, own))
    };
    let open: Vec<&&Rule> = rules
        .iter()
        .filter(|rule| !is_shut(rule) && law::could_come(rule.basis, request).is_some())
        .collect();
    let Some(lack) = open.iter().filter_map(|rule| law::could_come(rule.basis, request)).min()
    else {
        let shut = rules.iter().any(|rule| is_shut(rule) && !rule.categories.is_empty());
        return Outcome::Deny(if shut { Reason::Protected } else { Reason::NoBasis });
    };
    let speaks = |rule: &&&Rule| is_spoken_of(rule.basis, request, say, own);
    let taken_back = |rule: &&&Rule| match rule.basis {
        Basis::Consent => told.withdrawn,
        basis => {
            let documents = own.iter().filter(|d| d.instrument.basis() == Some(basis));
            documents.into_iter().any(|d| law::was_taken_back(d, request))
        }
    };
    if open.iter().any(speaks) {
        Outcome::Deny(Reason::NotCovered)
    } else if open.iter().any(taken_back) {
        Outcome::Deny(Reason::Withdrawn)
    } else {
        Outcome::Wait(lack)
    }
}

/// Whether the rule would let something through but for a prohibition: its basis holds, or the
/// documents it rests on say something.
fn is_awake(
    rule: &Rule,
    request: &Request<'_>,
    say: &dyn Fn(Category) -> Verdict,
    own: &[&Directive],
) -> bool {
    let any = Category::Need;
    match rule.basis {
        Basis::SameRegister | Basis::NoSubject | Basis::Statutory => {
            has_basis(rule, request, any, Verdict::Silent, own)
        }
        Basis::Mandate if request.recipient.sort == Sort::Guardian => {
            has_basis(rule, request, any, Verdict::Silent, own)
        }
        basis => is_spoken_of(basis, request, say, own),
    }
}

fn is_spoken_of(
    basis: Basis,
    request: &Request<'_>,
    say: &dyn Fn(Category) -> Verdict,
    own: &[&Directive],
) -> bool {
    Category::ALL.iter().any(|c| match basis {
        Basis::Consent => say(*c) != Verdict::Silent,
        _ => own
            .iter()
            .filter(|d| d.instrument.basis() == Some(basis))
            .any(|d| matches!(verdict(d, request, *c, own), Verdict::Permit | Verdict::Forbid)),
    })
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

/// What one directive says of one category: what it denies stands; what it permits, and what it
/// leaves out, only where its giver had the power and what its sort needs is attested.
pub(crate) fn verdict(
    directive: &Directive,
    request: &Request<'_>,
    category: Category,
    own: &[&Directive],
) -> Verdict {
    let said = stated(directive, request, category);
    let valid = law::is_valid(directive, request) && law::may_give(directive, request, own);
    match said {
        Verdict::Deny | Verdict::Silent => said,
        _ if !valid => Verdict::Silent,
        Verdict::Permit if !law::reaches(directive, request, category, own) => Verdict::Silent,
        Verdict::Permit | Verdict::Forbid => said,
    }
}

/// What its provisions say of one category.
pub(crate) fn stated(directive: &Directive, request: &Request<'_>, category: Category) -> Verdict {
    // A protection has no provisions: it is asked for elsewhere.
    let counts = directive.instrument.basis().is_some()
        && request.subject == Some(&directive.subject)
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

pub(crate) fn is_in_period(provision: &Provision, request: &Request<'_>) -> bool {
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
    // A missing attribute is a denial: it meets a prohibition and misses a permission.
    let missing = provision.effect == Effect::Deny;
    let service = match request.service {
        Some(service) => provision.services.contains(service),
        None => missing,
    };
    let document = match request.attested.document {
        Some(document) => provision.documents.iter().any(|one| one == document),
        None => missing,
    };
    (provision.kinds.is_empty() || provision.kinds.contains(request.kind))
        && (provision.services.is_empty() || service)
        && (provision.documents.is_empty() || document)
        && (provision.categories.is_empty() || provision.categories.contains(category))
}
