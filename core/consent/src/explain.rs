//! The explanation: the same decision, every clause told, met or missed.

use luotsi_model::Categories;

use crate::{
    Basis, Decision, Directive, Directives, Effect, Policy, Request, Rule, Standing,
    decide::decide_traced,
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
    fn directive_silent(&mut self, _: &Directive, _: &Request<'_>) {}
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

    fn directive_silent(&mut self, directive: &Directive, request: &Request<'_>) {
        self.push(Step {
            met: false,
            clause: clause(directive),
            said: format!("not applicable: {}", why_silent(directive, request)),
            would_permit: None,
        });
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

fn why_silent(directive: &Directive, request: &Request<'_>) -> &'static str {
    if directive.standing == Standing::Withdrawn {
        "withdrawn by the client"
    } else if !directive.root.period.contains(request.now) {
        "outside its period"
    } else {
        "speaks of other recipients or purposes"
    }
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
/// categories, nor of a consent to what standing directives hold back.
fn what_would(rule: &Rule, request: &Request<'_>, ruled: Ruled) -> Option<String> {
    let lifted = |held: Categories| {
        (!held.is_empty())
            .then(|| format!("the client changing the directives that hold back {}", names(held)))
    };
    match rule.basis {
        Basis::Consent if request.subject.is_some() => {
            let open = rule.categories.difference(ruled.held);
            if open.is_empty() {
                return lifted(ruled.held);
            }
            Some(format!(
                "a consent of the client to {} for {}, in force, over any of {}",
                request.recipient.organisation,
                request.purpose,
                names(open)
            ))
        }
        Basis::SameRegister if ruled.holds => lifted(ruled.denied),
        Basis::SameRegister if !rule.categories.difference(ruled.denied).is_empty() => {
            Some(format!("a record of {}'s own register", request.recipient.controller))
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
