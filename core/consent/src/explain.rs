//! The explanation: the same decision, every clause told, met or missed.

use jiff::Timestamp;
use luotsi_model::Categories;

use crate::{
    Basis, Decision, Directive, Directives, Effect, Instrument, Policy, Request, Rule, Sort,
    Standing, decide::decide_traced,
};

/// One clause, for a person of operations. Never holds client data: names of rules, directives,
/// systems, purposes and categories only.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Step {
    /// Whether it let something through.
    pub met: bool,
    /// Whose clause it is: `rule "…"` or `directive S-1 v2`.
    pub clause: String,
    /// What it said, and on which criterion it missed.
    pub said: String,
    /// What would make it permit, where something could.
    pub would_permit: Option<String>,
}

/// Decides as [`crate::decide`] does, and tells every clause on the way.
pub fn explain(
    request: &Request<'_>,
    directives: Option<&Directives>,
    policy: &Policy,
) -> (Decision, Vec<Step>) {
    let mut steps = Vec::new();
    let decision = decide_traced(request, directives, policy, &mut steps);
    (decision, steps)
}

/// Hears the decision being made. `()` hears nothing and costs nothing.
pub(crate) trait Trace {
    fn undecidable(&mut self) {}
    fn directive_silent(&mut self, _: &Directive, _why: &'static str) {}
    fn protection(&mut self, _: &Directive, _now: Timestamp) {}
    fn directive(&mut self, _: &Directive, _permitted: Categories, _denied: Categories) {}
    fn rule_missed(&mut self, _: &Rule, _: &Request<'_>) {}
    fn rule(&mut self, _: &Rule, _: &Request<'_>, _: Ruled) {}
}

/// What came of one rule that addresses the send, in categories.
#[derive(Clone, Copy)]
pub(crate) struct Ruled {
    /// Whether its basis holds.
    pub(crate) holds: bool,
    /// Those it lets through.
    pub(crate) granted: Categories,
    /// Those of its own that a prohibition stands over.
    pub(crate) denied: Categories,
    /// Those of its own that no further consent could let through: standing directives deny or
    /// forbid them, and that goes over any permit.
    pub(crate) held: Categories,
    /// Those of its own that a protection bars, whatever the basis.
    pub(crate) barred: Categories,
}

impl Trace for () {}

impl Trace for Vec<Step> {
    fn undecidable(&mut self) {
        self.push(Step {
            met: false,
            clause: "directives".into(),
            said: "the client's directives could not be read, and what cannot be decided is denied"
                .into(),
            would_permit: Some("a readable directive store".into()),
        });
    }

    fn directive_silent(&mut self, directive: &Directive, why: &'static str) {
        self.push(Step {
            met: false,
            clause: clause(directive),
            said: format!("not applicable: {why}"),
            would_permit: None,
        });
    }

    fn protection(&mut self, directive: &Directive, now: Timestamp) {
        let stands = directive.standing == Standing::Active && directive.root.period.contains(now);
        let said = match &directive.instrument {
            _ if !stands => "not applicable: withdrawn, or outside its period",
            Instrument::ProtectedAddress => {
                "the address is protected: contact goes to those entitled"
            }
            _ => "a minor: it says what guardians may see and do",
        };
        let (clause, said) = (clause(directive), said.into());
        self.push(Step { met: false, clause, said, would_permit: None });
    }

    fn directive(&mut self, directive: &Directive, permitted: Categories, denied: Categories) {
        let (consents, prohibits) =
            (format!("consents to {}", names(permitted)), format!("prohibits {}", names(denied)));
        let said = match directive.root.effect {
            Effect::Permit if denied.is_empty() => consents,
            Effect::Permit => format!("{consents}; {prohibits}"),
            Effect::Deny if permitted.is_empty() => prohibits,
            Effect::Deny => format!("{prohibits}; {consents}"),
        };
        self.push(Step {
            met: !permitted.is_empty(),
            clause: clause(directive),
            said,
            would_permit: None,
        });
    }

    fn rule_missed(&mut self, rule: &Rule, request: &Request<'_>) {
        self.push(Step {
            met: false,
            clause: format!("rule {:?}", rule.name),
            said: format!("does not address this send: {}", why_missed(rule, request)),
            would_permit: None,
        });
    }

    fn rule(&mut self, rule: &Rule, request: &Request<'_>, ruled: Ruled) {
        let met = !ruled.granted.is_empty();
        let mut said = if met {
            format!("{} holds: lets through {}", rule.basis, names(ruled.granted))
        } else if ruled.holds {
            format!("{} holds, but nothing is left of {}", rule.basis, names(rule.categories))
        } else {
            format!("{} does not hold", rule.basis)
        };
        if !ruled.barred.is_empty() {
            said.push_str(&format!("; a protection bars {}", names(ruled.barred)));
        }
        if !ruled.denied.is_empty() {
            said.push_str(&format!("; a prohibition stands over {}", names(ruled.denied)));
        }
        let would_permit = (!met).then(|| what_would(rule, request, ruled)).flatten();
        self.push(Step { met, clause: format!("rule {:?}", rule.name), said, would_permit });
    }
}

fn clause(directive: &Directive) -> String {
    format!("directive {} v{}", directive.id, directive.version)
}

fn why_missed(rule: &Rule, request: &Request<'_>) -> String {
    if !rule.sorts.contains(&request.recipient.sort) {
        format!("it is not for {} recipients", request.recipient.sort)
    } else if !rule.systems.is_empty() && !rule.systems.contains(&request.recipient.system) {
        format!("it is not for {}", request.recipient.system)
    } else if !rule.purposes.is_empty() && !rule.purposes.contains(request.purpose) {
        format!("it is not for the purpose {}", request.purpose)
    } else {
        format!("it is not for the kind {}", request.kind)
    }
}

/// Only what would indeed let something through: nothing is promised of a rule without
/// categories, of what a protection bars, nor of a document to what standing directives hold back.
fn what_would(rule: &Rule, request: &Request<'_>, ruled: Ruled) -> Option<String> {
    let lists = rule.categories.difference(ruled.barred);
    let held = lists.intersection(ruled.held);
    let lifted = || {
        (!held.is_empty())
            .then(|| format!("the client changing the directives that hold back {}", names(held)))
    };
    let open = lists.difference(ruled.held);
    let of_client = request.subject.is_some();
    let would = |what: String| if open.is_empty() { lifted() } else { Some(what) };
    let (to, purpose) = (&request.recipient.organisation, request.purpose);
    let over = || format!("to {to} for {purpose}, in force, over any of {}", names(open));
    match rule.basis {
        Basis::Consent if of_client => would(format!("a consent of the client {}", over())),
        Basis::SameRegister if ruled.holds => lifted(),
        Basis::SameRegister if !open.is_empty() => {
            Some(format!("a record of {}'s own register", request.recipient.controller))
        }
        Basis::DisclosurePermission if of_client => {
            let inside = "within one sector, after she was informed, in a client relationship";
            would(format!("a disclosure permission of the client {}; {inside}", over()))
        }
        Basis::PurchasedService if of_client => {
            would(format!("an agreement of {} with {to} that gives the right", request.controller))
        }
        Basis::Voucher if of_client => {
            would(format!("a voucher of {} for {to}", request.controller))
        }
        Basis::Mandate if of_client && request.recipient.sort != Sort::Guardian => {
            would("a mandate of the client, in force and named by the message".into())
        }
        Basis::Emergency if of_client => {
            would(format!("an emergency of a named person, with an end, {}", over()))
        }
        Basis::Statutory if ruled.holds => lifted(),
        Basis::Statutory if !rule.reasons.is_empty() && !open.is_empty() => {
            Some(format!("a stated reason, one of {}", rule.reasons.join(", ")))
        }
        _ => None,
    }
}

fn names(categories: Categories) -> String {
    if categories.is_empty() {
        return "nothing".into();
    }
    categories.iter().map(luotsi_model::Category::as_str).collect::<Vec<_>>().join(", ")
}
