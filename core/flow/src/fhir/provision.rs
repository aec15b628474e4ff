//! `Consent.provision`: the root, and one level of exceptions.

use luotsi_consent::{Effect, Period, Provision};
use luotsi_model::{Categories, Category, Kind, ServiceTask};

use super::{
    code::{Coding, Reference, codings, concept, concepts},
    element::{Element, Faults, Object},
    moment,
    words::{RECIPIENT, Words},
};

/// What a consent says, in the shape that the gate decides by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Terms {
    /// The root provision.
    pub(crate) root: Provision,
    /// Its exceptions.
    pub(crate) exceptions: Vec<Provision>,
}

/// Reads the terms. `base` is what the policy rule says: opt-in permits, opt-out denies.
pub(super) fn terms(
    root: Option<&Element<'_>>,
    base: Option<Effect>,
    words: Words<'_>,
    faults: &Faults,
) -> Option<Terms> {
    let Some(root) = root else {
        let effect = base.or_else(|| unsaid("Consent.provision", faults))?;
        return Some(Terms { root: Provision::everything(effect), exceptions: Vec::new() });
    };
    let mut object = root.object(faults)?;
    let nested = object.list("provision");
    let told = one(&mut object, words, faults);
    object.finish();
    let exceptions: Vec<_> =
        nested.iter().filter_map(|each| exception(each, words, faults)).collect();
    let (said, provision) = told;
    let effect = root_effect(said, base, &provision, &root.at, faults)?;
    let root = along(Provision { effect, ..provision });
    Some(Terms { root, exceptions })
}

/// R4 says of `provision.type` "not permitted in root rule", and IHE PCF wants it there. Where it
/// is absent, criteria of the root are read both ways by R4's own examples: with the same opt-in
/// and a period, one authorises within it and another withholds. So they need the type; a root
/// without criteria is the policy rule, and nothing else.
fn root_effect(
    said: Said,
    base: Option<Effect>,
    provision: &Provision,
    at: &str,
    faults: &Faults,
) -> Option<Effect> {
    let place = format!("{at}.type");
    match (said, base) {
        (Some(None), _) => None,
        (Some(Some(said)), Some(base)) if said != base => {
            faults.find("not-understood", &place, "it says the opposite of Consent.policyRule");
            None
        }
        (Some(said), _) => said,
        (None, Some(base)) if *provision == Provision::everything(provision.effect) => Some(base),
        (None, Some(_)) => {
            let why = "whether these criteria permit or withhold is not said: R4 reads an opt-in \
                       with criteria both ways, so send the type of the root too";
            faults.find("missing-field", &place, why);
            None
        }
        (None, None) => unsaid(&place, faults),
    }
}

fn unsaid(at: &str, faults: &Faults) -> Option<Effect> {
    faults.find("missing-field", at, "whether it permits or denies is not said");
    None
}

fn exception(element: &Element<'_>, words: Words<'_>, faults: &Faults) -> Option<Provision> {
    let mut object = element.object(faults)?;
    object.refuse("provision", "exceptions to exceptions are not understood: one level is");
    let (said, provision) = one(&mut object, words, faults);
    object.finish();
    let effect = said.unwrap_or_else(|| unsaid(&format!("{}.type", element.at), faults))?;
    Some(along(Provision { effect, ..provision }))
}

/// A consent that names categories takes the administrative along: codes, times and references
/// tell nothing of the client, and without them nothing that she consented to could be sent.
fn along(provision: Provision) -> Provision {
    let named = provision.categories;
    let alone = provision.effect == Effect::Deny || named.is_empty();
    let categories = if alone { named } else { named.with(Category::Administrative) };
    Provision { categories, ..provision }
}

/// What `type` says; `Some(None)`: something that is no type, which was told.
type Said = Option<Option<Effect>>;

/// What one provision says; its effect is not settled in the second part.
fn one(object: &mut Object<'_, '_>, words: Words<'_>, faults: &Faults) -> (Said, Provision) {
    object.ignore(&["id"]);
    object.refuse("extension", "an extension of a provision may narrow it, and none is known");
    object.refuse("action", "actions are not told apart: what the hub does is disclose");
    object.refuse("data", "references to single data are not understood");
    object.refuse("dataPeriod", "when data came about is not known to the hub");
    let effect = object.take("type").map(|element| effect(&element, faults));
    let (kinds, services) = classes(&object.list("class"), words, faults);
    let codes = object.list("code");
    if !services.is_empty() && !codes.is_empty() {
        let why = "service tasks in both class and code are joined by and, which is not understood";
        faults.find("not-understood", &object.at, why);
    }
    let wanted = "no service task of the region has this code";
    let coded = concepts(&codes, |s, c| words.service(s, c), wanted, faults);
    let wanted = "the region declares no such purpose, and v3-ActReason stands for none of its own";
    let purposes = codings(&object.list("purpose"), |s, c| words.purpose(s, c), wanted, faults);
    let wanted = "no data category has this label";
    let labels = codings(&object.list("securityLabel"), Words::category, wanted, faults);
    let actors = object.list("actor");
    let provision = Provision {
        period: object.take("period").map(|e| period(&e, faults)).unwrap_or_default(),
        recipients: actors.iter().filter_map(|each| actor(each, words, faults)).collect(),
        purposes,
        kinds,
        services: [services, coded].concat(),
        categories: labels.into_iter().collect::<Categories>(),
        ..Provision::everything(Effect::Deny)
    };
    (effect, provision)
}

fn effect(element: &Element<'_>, faults: &Faults) -> Option<Effect> {
    match element.text(faults)? {
        "permit" => Some(Effect::Permit),
        "deny" => Some(Effect::Deny),
        _ => {
            faults.find("unknown-code", &element.at, "it is permit or deny");
            None
        }
    }
}

enum Class {
    Kind(Kind),
    Service(ServiceTask),
}

/// The values of one element are joined by or, and the gate joins kinds and tasks by and: so not
/// both in one.
fn classes(
    elements: &[Element<'_>],
    words: Words<'_>,
    faults: &Faults,
) -> (Vec<Kind>, Vec<ServiceTask>) {
    let known = |system: &str, code: &str| {
        let kind = words.kind(system, code).map(Class::Kind);
        kind.or_else(|| words.service(system, code).map(Class::Service))
    };
    let (mut kinds, mut services) = (Vec::new(), Vec::new());
    for element in elements {
        let Some(coding) = Coding::read(element, faults) else { continue };
        match coding.means(known) {
            Some(Class::Kind(kind)) => kinds.push(kind),
            Some(Class::Service(task)) => services.push(task),
            None => {
                let why = "no record kind and no service task of the region has this code";
                faults.find("unknown-code", &coding.at, why);
            }
        }
    }
    if let (Some(first), false, false) = (elements.first(), kinds.is_empty(), services.is_empty()) {
        let at = first.at.trim_end_matches("[0]");
        let why = "record kinds or service tasks, not both: send the tasks in code";
        faults.find("not-understood", at, why);
    }
    (kinds, services)
}

fn period(element: &Element<'_>, faults: &Faults) -> Period {
    let Some(mut object) = element.object(faults) else { return Period::default() };
    object.ignore(&["id"]);
    let mut reach = |name| {
        let element = object.take(name)?;
        let reach = moment::reach(element.text(faults)?);
        if reach.is_err() {
            faults.find("wrong-type", &element.at, "this is no FHIR dateTime");
        }
        reach.ok()
    };
    let start = reach("start").map(|(first, _)| first);
    let end = reach("end").map(|(_, after)| after);
    object.finish();
    if start.zip(end).is_some_and(|(start, end)| start >= end) {
        faults.find("wrong-type", &element.at, "it ends before it starts");
    }
    Period { start, end }
}

fn actor(element: &Element<'_>, words: Words<'_>, faults: &Faults) -> Option<String> {
    let mut object = element.object(faults)?;
    object.ignore(&["id"]);
    object.refuse("extension", "an extension of an actor may narrow it, and none is known");
    let role = object.need("role", "an actor needs its role");
    let reference = object.need("reference", "an actor needs its reference");
    object.finish();
    if let Some(role) = role {
        let wanted = "only recipients of information are understood: IRCP or PRCP";
        concept(&role, Words::is_recipient_role, wanted, faults);
    }
    let element = reference?;
    let named = name(&Reference::read(&element, faults)?);
    let Some(name) = named.filter(|name| words.recipient(name)) else {
        let why = "no system, organisation or controller of the region is named: send an \
                   identifier of urn:luotsi:recipient, or its name as display";
        faults.find("unknown-code", &element.at, why);
        return None;
    };
    Some(name.to_owned())
}

/// The name in the region: by identifier; by display only where nothing else says who it is.
fn name<'a>(reference: &Reference<'a>) -> Option<&'a str> {
    match (reference.identifier, reference.literal) {
        (Some((RECIPIENT, value)), _) => Some(value),
        (Some(_), _) | (None, Some(_)) => None,
        (None, None) => reference.display,
    }
}
