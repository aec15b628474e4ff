//! The decision. Pure and total: what cannot be decided is denied.
//!
//! After IHE PCF 1.1 and FHIR R4 Consent. For each data category: a policy rule must address the
//! send (base authorisation; a directive never widens it), its basis must hold, no prohibition may
//! stand in the way, and no protection: of an address, or of a minor. Several directives combine by
//! *deny or forbid over permit over silence*, so their order and their repetition change nothing.
//! What a basis needs and nobody attests is missing, and then the basis does not hold.

use std::sync::Arc;

use luotsi_model::{Categories, OrganisationId};

use crate::{
    Basis, Decision, Directive, Directives, Effect, GivenBy, Ground, Instrument, Outcome, Policy,
    Provision, Reason, Request, Rule, Sort, Standing,
    explain::{Ruled, Trace},
    powers::Powers,
    refusal::Found,
};

/// Decides one send. `directives` is `None` when they could not be read: that is a denial.
pub fn decide(request: &Request<'_>, directives: Option<&Directives>, policy: &Policy) -> Decision {
    decide_traced(request, directives, policy, &mut ())
}

pub(crate) fn decide_traced(
    request: &Request<'_>,
    directives: Option<&Directives>,
    policy: &Policy,
    trace: &mut impl Trace,
) -> Decision {
    let Some(directives) = directives else {
        trace.undecidable();
        return Decision::none(Outcome::Deny(Reason::Undecidable));
    };
    let voice = Voice::of(request, &directives.all, trace);
    let mut grounds = Vec::new();
    let mut found = Found::default();
    for rule in &policy.rules {
        if !rule.addresses(request) {
            trace.rule_missed(rule, request);
            continue;
        }
        let ruled = ruled(rule, request, &voice);
        found.rule(rule, request, &voice, &ruled);
        trace.rule(rule, request, ruled);
        ground(rule, request, ruled.granted, &voice, &mut grounds);
    }
    let permitted =
        grounds.iter().fold(Categories::NONE, |all, g: &Ground| all.union(g.categories));
    let outcome = if permitted.is_empty() { found.refusal(&voice) } else { Outcome::Permit };
    Decision { outcome, permitted, grounds }
}

/// What comes of one rule that addresses the send.
fn ruled(rule: &Rule, request: &Request<'_>, voice: &Voice<'_>) -> Ruled {
    let of = |all: Categories| rule.categories.intersection(all);
    let prohibited = if rule.over_prohibition { Categories::NONE } else { voice.denied };
    let heard = voice.heard(rule.basis);
    let (holds, covered) = match holds(rule, request, voice) {
        Some(holds) => (holds, if holds { Categories::ALL } else { Categories::NONE }),
        None => (!heard.spoken.is_empty(), heard.permitted),
    };
    let barred = of(voice.powers.barred(rule, request));
    Ruled {
        holds,
        granted: of(covered).difference(prohibited).difference(barred),
        denied: of(prohibited),
        held: of(if rule.basis == Basis::Consent { voice.held } else { prohibited }),
        barred,
    }
}

/// Whether the rule's basis holds, for all that the rule lists; `None` where that rests on what
/// stands on record, category by category.
fn holds(rule: &Rule, request: &Request<'_>, voice: &Voice<'_>) -> Option<bool> {
    match rule.basis {
        Basis::SameRegister => Some(request.recipient.controller == *request.controller),
        Basis::NoSubject => Some(request.subject.is_none()),
        Basis::Statutory => Some(reason(rule, request).is_some()),
        Basis::Mandate if request.recipient.sort == Sort::Guardian => {
            Some(request.subject.is_some() && voice.powers.guardian_sees)
        }
        Basis::Consent
        | Basis::DisclosurePermission
        | Basis::PurchasedService
        | Basis::Voucher
        | Basis::Mandate
        | Basis::Emergency => None,
    }
}

/// The stated reason, if it is one that the rule knows.
fn reason<'r>(rule: &'r Rule, request: &Request<'_>) -> Option<&'r str> {
    let stated = request.attested.reason?;
    rule.reasons.iter().map(|known| &**known).find(|known| *known == stated)
}

fn ground(
    rule: &Rule,
    request: &Request<'_>,
    granted: Categories,
    voice: &Voice<'_>,
    grounds: &mut Vec<Ground>,
) {
    if granted.is_empty() {
        return;
    }
    let mut push = |directive, categories| {
        let (basis, name) = (rule.basis, rule.name.clone());
        let stated = if basis == Basis::Statutory { reason(rule, request) } else { None };
        grounds.push(Ground {
            basis,
            rule: name,
            directive,
            reason: stated.map(Into::into),
            categories,
        });
    };
    if holds(rule, request, voice).is_some() {
        return push(None, granted);
    }
    for (directive, permits) in &voice.permits {
        let categories = granted.intersection(*permits);
        if directive.instrument.basis() == Some(rule.basis) && !categories.is_empty() {
            push(Some((directive.id.clone(), directive.version)), categories);
        }
    }
}

/// What the documents of one sort say together about one send.
#[derive(Clone, Copy, Default)]
pub(crate) struct Heard {
    /// Those permitted; of consents, those that none holds back.
    permitted: Categories,
    /// Those that any standing document said something about.
    pub(crate) spoken: Categories,
    /// Whether one that addressed this send was withdrawn.
    pub(crate) withdrawn: bool,
}

/// What everything on record says together about one send.
pub(crate) struct Voice<'a> {
    powers: Powers,
    heard: [Heard; Basis::ALL.len()],
    /// Denied by a prohibition, or by an exception to any other document.
    denied: Categories,
    /// Denied, or forbidden by a consent: what no consent lets through.
    held: Categories,
    /// Whether a standing prohibition addresses this send.
    pub(crate) prohibits: bool,
    /// Which document permits what, before the denials are taken off.
    permits: Vec<(&'a Directive, Categories)>,
}

impl<'a> Voice<'a> {
    fn of(request: &Request<'_>, all: &'a [Arc<Directive>], trace: &mut impl Trace) -> Self {
        let mut voice = Self {
            powers: Powers::of(request, all),
            heard: [Heard::default(); Basis::ALL.len()],
            denied: Categories::NONE,
            held: Categories::NONE,
            prohibits: false,
            permits: Vec::new(),
        };
        for directive in own(request, all) {
            let Some(basis) = directive.instrument.basis() else {
                trace.protection(directive, request.now);
                continue;
            };
            match say(directive, request, all, &voice.powers) {
                Ok(said) => {
                    trace.directive(directive, said.permitted, said.denied);
                    voice.hear(directive, basis, &said);
                }
                Err(why) => {
                    voice.heard[basis as usize].withdrawn |= was_withdrawn(directive, request);
                    trace.directive_silent(directive, why);
                }
            }
        }
        let consents = &mut voice.heard[Basis::Consent as usize];
        consents.spoken = consents.permitted.union(voice.held);
        consents.permitted = consents.permitted.difference(voice.held);
        voice
    }

    pub(crate) const fn heard(&self, basis: Basis) -> Heard {
        self.heard[basis as usize]
    }

    fn hear(&mut self, directive: &'a Directive, basis: Basis, said: &Said) {
        self.prohibits |= directive.root.effect == Effect::Deny && !said.denied.is_empty();
        self.denied = self.denied.union(said.denied);
        self.held = self.held.union(said.denied);
        // Consents forbid together what one of them leaves out; other documents do not.
        if basis == Basis::Consent {
            self.held = self.held.union(said.forbidden);
        }
        let heard = &mut self.heard[basis as usize];
        heard.permitted = heard.permitted.union(said.permitted);
        heard.spoken = heard.spoken.union(said.permitted).union(said.forbidden);
        if !said.permitted.is_empty() {
            self.permits.push((directive, said.permitted));
        }
    }
}

/// Another client's directive can reach here only by a defect; it must not count even then.
pub(crate) fn own<'a>(
    request: &Request<'_>,
    all: &'a [Arc<Directive>],
) -> impl Iterator<Item = &'a Directive> {
    let subject = request.subject;
    all.iter().map(|directive| &**directive).filter(move |d| subject == Some(&d.subject))
}

fn was_withdrawn(directive: &Directive, request: &Request<'_>) -> bool {
    directive.standing == Standing::Withdrawn
        && directive.root.effect == Effect::Permit
        && directive.root.addresses(request)
        && fits(directive, request).is_ok()
}

/// What one directive says, per category; categories in none of the three are not applicable.
#[derive(Clone, Copy)]
struct Said {
    permitted: Categories,
    denied: Categories,
    forbidden: Categories,
}

/// Or why it says nothing. What it prohibits, it prohibits even where nobody attests what its
/// permission needs.
fn say(
    directive: &Directive,
    request: &Request<'_>,
    all: &[Arc<Directive>],
    powers: &Powers,
) -> Result<Said, &'static str> {
    let said = scope(directive, request)?;
    let reach = fits(directive, request).and_then(|()| reach(directive, request, all, powers));
    match reach {
        Ok(reach) => Ok(Said { permitted: said.permitted.intersection(reach), ..said }),
        Err(why) if said.denied.is_empty() => Err(why),
        Err(_) => Ok(Said { permitted: Categories::NONE, forbidden: Categories::NONE, ..said }),
    }
}

/// What its provisions say, whatever sort of document it is.
fn scope(directive: &Directive, request: &Request<'_>) -> Result<Said, &'static str> {
    let root = &directive.root;
    if directive.standing == Standing::Withdrawn {
        return Err("withdrawn by the client");
    }
    if !root.period.contains(request.now) {
        return Err("outside its period");
    }
    if !root.addresses(request) {
        return Err("speaks of other recipients or purposes");
    }
    let (matched, none) = (root.data(request), Categories::NONE);
    let said = match root.effect {
        Effect::Permit => {
            let forbidden = Categories::ALL.difference(matched);
            Said { permitted: matched, denied: none, forbidden }
        }
        Effect::Deny => Said { permitted: none, denied: matched, forbidden: none },
    };
    Ok(except(directive, request, said))
}

/// The exceptions that match replace what the root says; among them deny goes over permit.
fn except(directive: &Directive, request: &Request<'_>, said: Said) -> Said {
    let matching = |effect| {
        let applies = move |p: &&Provision| {
            p.effect == effect && p.period.contains(request.now) && p.addresses(request)
        };
        let sets = directive.exceptions.iter().filter(applies).map(|p| p.data(request));
        sets.fold(Categories::NONE, Categories::union)
    };
    let denied = matching(Effect::Deny);
    let permitted = matching(Effect::Permit).difference(denied);
    let touched = denied.union(permitted);
    Said {
        permitted: said.permitted.difference(touched).union(permitted),
        denied: said.denied.difference(touched).union(denied),
        forbidden: said.forbidden.difference(touched),
    }
}

/// Whether what its sort needs is attested of this send.
fn fits(directive: &Directive, request: &Request<'_>) -> Result<(), &'static str> {
    let (attested, recipient) = (&request.attested, request.recipient);
    let needs = |holds: bool, missing| if holds { Ok(()) } else { Err(missing) };
    match &directive.instrument {
        Instrument::Will | Instrument::ProtectedAddress | Instrument::Minor { .. } => Ok(()),
        Instrument::DisclosurePermission { sector, informed, relationship } => {
            let informed = informed.is_some_and(|informed| informed <= request.now);
            let source = request.source.and_then(|source| source.sector);
            let inside = source == Some(*sector) && recipient.sector == Some(*sector);
            needs(inside, "it is for another sector, or would cross from one to another")?;
            needs(informed, "the client has not been informed")?;
            needs(*relationship || attested.relationship, "no client relationship is attested")
        }
        Instrument::PurchasedService { organiser, producer, see, store, .. } => {
            let (out, back) = between(organiser, producer, request);
            needs(out || back, "it is between other parties")?;
            needs((out && *see) || (back && *store), "it gives no right to this")
        }
        Instrument::Voucher { organiser, producer } => {
            let (out, back) = between(organiser, producer, request);
            needs(out || back, "it is between other parties")
        }
        Instrument::Mandate { .. } => {
            let named = attested.mandate == Some(directive.id.as_str());
            needs(directive.given_by == GivenBy::Client, "a mandate is the client's own to give")?;
            needs(named, "the message does not name it")
        }
        Instrument::Emergency { .. } => {
            needs(directive.root.period.end.is_some(), "an emergency without an end")
        }
    }
}

/// Whether the organiser's record goes to its producer; whether the producer's goes to its
/// organiser.
fn between(
    organiser: &OrganisationId,
    producer: &OrganisationId,
    request: &Request<'_>,
) -> (bool, bool) {
    let recipient = request.recipient;
    let out = recipient.organisation == *producer && request.controller == organiser;
    let back = recipient.controller == *organiser
        && request.source.is_some_and(|source| source.organisation == *producer);
    (out, back)
}

/// How far the power of the one who gave it reaches.
fn reach(
    directive: &Directive,
    request: &Request<'_>,
    all: &[Arc<Directive>],
    powers: &Powers,
) -> Result<Categories, &'static str> {
    match &directive.given_by {
        GivenBy::Client => Ok(Categories::ALL),
        GivenBy::Guardian if powers.guardian_acts => Ok(Categories::ALL),
        GivenBy::Guardian => Err("no guardian acts for this client"),
        GivenBy::Delegate { mandate } => {
            let mandates = own(request, all).filter(|d| {
                let is_mandate = matches!(d.instrument, Instrument::Mandate { .. });
                is_mandate && d.id == *mandate && d.given_by == GivenBy::Client
            });
            let permits = mandates.filter_map(|d| Some(scope(d, request).ok()?.permitted));
            let reach = permits.fold(Categories::NONE, Categories::union);
            if reach.is_empty() { Err("its giver has no mandate for this") } else { Ok(reach) }
        }
    }
}
