//! The decision. Pure and total: what cannot be decided is denied.
//!
//! After IHE PCF 1.1 and FHIR R4 Consent. For each data category: a policy rule must address the
//! send (base authorisation; a directive never widens it), its basis must hold, and no prohibition
//! may stand in the way. Several directives combine by *deny or forbid over permit over silence*,
//! so their order and their repetition change nothing.

use std::sync::Arc;

use luotsi_model::{Categories, DirectiveId};

use crate::{
    Basis, Directive, Directives, Effect, Policy, Request, Rule, Standing,
    explain::{Ruled, Trace},
};

/// What has no basis yet, and could have one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lack {
    /// A consent of the client that covers this recipient and purpose.
    Consent,
}

/// Why nothing may go. Operations see it; the sender does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// No rule of the policy addresses this recipient, purpose and kind.
    NoRule,
    /// A rule addresses it, but its basis does not hold and no directive could make it hold.
    NoBasis,
    /// The client prohibited it.
    Prohibited,
    /// The client took her consent back.
    Withdrawn,
    /// Her consent speaks of this recipient, but not of this data.
    NotCovered,
    /// The directives could not be read.
    Undecidable,
}

impl Reason {
    /// The name used in the log, metrics and problem codes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoRule => "no-rule",
            Self::NoBasis => "no-basis",
            Self::Prohibited => "prohibited",
            Self::Withdrawn => "withdrawn",
            Self::NotCovered => "not-covered",
            Self::Undecidable => "undecidable",
        }
    }
}

/// What comes of a send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Some categories may go.
    Permit,
    /// None may go yet; a directive could change that.
    Wait(Lack),
    /// None may go.
    Deny(Reason),
}

/// Why some categories may go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ground {
    /// The legal basis.
    pub basis: Basis,
    /// The policy rule.
    pub rule: Arc<str>,
    /// The directive and its version, where the basis rests on one.
    pub directive: Option<(DirectiveId, u32)>,
    /// The categories it carries.
    pub categories: Categories,
}

/// The decision over one send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// What comes of it.
    pub outcome: Outcome,
    /// The categories that may go; empty unless the outcome is a permit.
    pub permitted: Categories,
    /// Why they may.
    pub grounds: Vec<Ground>,
}

impl Decision {
    const fn none(outcome: Outcome) -> Self {
        Self { outcome, permitted: Categories::NONE, grounds: Vec::new() }
    }
}

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
    let mut addressed = false;
    let mut lacks_consent = false;
    let mut prohibited = Categories::NONE;
    for rule in &policy.rules {
        if !rule.addresses(request) {
            trace.rule_missed(rule, request);
            continue;
        }
        addressed = true;
        let (holds, covered) = covers(rule, request, &voice);
        let denied = if rule.over_prohibition { Categories::NONE } else { voice.denied };
        let reach = rule.categories.intersection(covered);
        let granted = reach.difference(denied);
        if holds {
            prohibited = prohibited.union(rule.categories.intersection(denied));
        }
        lacks_consent |= rule.basis == Basis::Consent && request.subject.is_some();
        trace.rule(
            rule,
            request,
            Ruled {
                holds,
                granted,
                denied: rule.categories.intersection(denied),
                held: rule.categories.intersection(voice.held),
            },
        );
        ground(rule, granted, &voice, &mut grounds);
    }
    let permitted =
        grounds.iter().fold(Categories::NONE, |all, g: &Ground| all.union(g.categories));
    let outcome = if permitted.is_empty() {
        refusal(addressed, lacks_consent, &voice, !prohibited.is_empty())
    } else {
        Outcome::Permit
    };
    Decision { outcome, permitted, grounds }
}

/// Whether the rule's basis holds at all, and for which categories.
fn covers(rule: &Rule, request: &Request<'_>, voice: &Voice<'_>) -> (bool, Categories) {
    let holds = match rule.basis {
        Basis::SameRegister => request.recipient.controller == *request.controller,
        Basis::NoSubject => request.subject.is_none(),
        // Consent is per category; a prohibition is one of the voices in it already.
        Basis::Consent if request.subject.is_some() => {
            return (!voice.spoken.is_empty(), voice.permitted);
        }
        Basis::Consent => false,
    };
    (holds, if holds { Categories::ALL } else { Categories::NONE })
}

fn ground(rule: &Rule, granted: Categories, voice: &Voice<'_>, grounds: &mut Vec<Ground>) {
    if granted.is_empty() {
        return;
    }
    let mut push = |directive, categories| {
        grounds.push(Ground { basis: rule.basis, rule: rule.name.clone(), directive, categories });
    };
    if rule.basis != Basis::Consent {
        return push(None, granted);
    }
    for (directive, permits) in &voice.permits {
        let categories = granted.intersection(*permits);
        if !categories.is_empty() {
            push(Some((directive.id.clone(), directive.version)), categories);
        }
    }
}

fn refusal(addressed: bool, lacks_consent: bool, voice: &Voice<'_>, prohibited: bool) -> Outcome {
    match (addressed, lacks_consent) {
        (false, _) => Outcome::Deny(Reason::NoRule),
        _ if prohibited || voice.prohibits => Outcome::Deny(Reason::Prohibited),
        (true, false) => Outcome::Deny(Reason::NoBasis),
        _ if !voice.spoken.is_empty() => Outcome::Deny(Reason::NotCovered),
        _ if voice.withdrawn => Outcome::Deny(Reason::Withdrawn),
        _ => Outcome::Wait(Lack::Consent),
    }
}

/// What the client's directives say together about one send.
struct Voice<'a> {
    /// Denied or forbidden by none and permitted by some.
    permitted: Categories,
    /// Denied by a prohibition, or by an exception to a consent.
    denied: Categories,
    /// Denied or forbidden by some: what no permit lets through.
    held: Categories,
    /// Those any standing directive said something about.
    spoken: Categories,
    /// Whether a standing prohibition addresses this send.
    prohibits: bool,
    /// Whether a consent that addressed this send was taken back.
    withdrawn: bool,
    /// Which directive permits what, before the denials are taken off.
    permits: Vec<(&'a Directive, Categories)>,
}

impl<'a> Voice<'a> {
    fn of(request: &Request<'_>, all: &'a [Arc<Directive>], trace: &mut impl Trace) -> Self {
        let mut voice = Self {
            permitted: Categories::NONE,
            denied: Categories::NONE,
            held: Categories::NONE,
            spoken: Categories::NONE,
            prohibits: false,
            withdrawn: false,
            permits: Vec::new(),
        };
        // Another client's directive can reach here only by a defect; it must not count even then.
        let own = all.iter().filter(|d| request.subject == Some(&d.subject));
        for directive in own {
            let Some(said) = say(directive, request, trace) else {
                voice.withdrawn |= was_withdrawn(directive, request);
                continue;
            };
            voice.prohibits |= directive.root.effect == Effect::Deny && !said.denied.is_empty();
            voice.denied = voice.denied.union(said.denied);
            voice.held = voice.held.union(said.denied).union(said.forbidden);
            voice.permitted = voice.permitted.union(said.permitted);
            if !said.permitted.is_empty() {
                voice.permits.push((directive, said.permitted));
            }
        }
        voice.spoken = voice.permitted.union(voice.held);
        voice.permitted = voice.permitted.difference(voice.held);
        voice
    }
}

fn was_withdrawn(directive: &Directive, request: &Request<'_>) -> bool {
    directive.standing == Standing::Withdrawn
        && directive.root.effect == Effect::Permit
        && directive.root.addresses(request)
}

/// What one directive says, per category; categories in none of the three are not applicable.
struct Said {
    permitted: Categories,
    denied: Categories,
    forbidden: Categories,
}

/// `None`: it does not stand, or does not speak of this recipient and purpose.
fn say(directive: &Directive, request: &Request<'_>, trace: &mut impl Trace) -> Option<Said> {
    let root = &directive.root;
    let stands = directive.standing == Standing::Active && root.period.contains(request.now);
    if !stands || !root.addresses(request) {
        trace.directive_silent(directive, request);
        return None;
    }
    let matched = root.data(request);
    let mut said = match root.effect {
        Effect::Permit => Said {
            permitted: matched,
            denied: Categories::NONE,
            forbidden: Categories::ALL.difference(matched),
        },
        Effect::Deny => {
            Said { permitted: Categories::NONE, denied: matched, forbidden: Categories::NONE }
        }
    };
    except(directive, request, &mut said);
    trace.directive(directive, said.permitted, said.denied);
    Some(said)
}

/// The exceptions that match replace what the root says; among them deny goes over permit.
fn except(directive: &Directive, request: &Request<'_>, said: &mut Said) {
    let matching = |effect| {
        let applies = move |p: &&crate::Provision| {
            p.effect == effect && p.period.contains(request.now) && p.addresses(request)
        };
        let sets = directive.exceptions.iter().filter(applies).map(|p| p.data(request));
        sets.fold(Categories::NONE, Categories::union)
    };
    let denies = matching(Effect::Deny);
    let permits = matching(Effect::Permit).difference(denies);
    let touched = denies.union(permits);
    said.permitted = said.permitted.difference(touched).union(permits);
    said.denied = said.denied.difference(touched).union(denies);
    said.forbidden = said.forbidden.difference(touched);
}
