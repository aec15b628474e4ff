//! A FHIR R4 `Consent`, read whole or refused. Every element is understood, or left out for a
//! reason written here, or named in the refusal by its FHIRPath; nothing is passed over.

use jiff::Timestamp;
use luotsi_consent::Effect;
use luotsi_model::{ClientRef, Hetu, hetu::Strictness};
use luotsi_region::Region;
use serde_json::Value;

use luotsi_mapping::Fault;

use super::{
    code::{Reference, concept, identifier},
    element::{Element, Faults, Object},
    moment,
    provision::{Terms, terms},
    words::{ACT_CODE, CLIENT, CONSENT, DIRECTIVE, HETU, NATIONAL, POLICY, SCOPE, Words},
};

/// What does not bind, or is known better: the narrative and its language say for people what the
/// provision says for the gate; the server gives ids and versions; the token tells which
/// organisation records; the signed source stays with it; a plain extension may be left out by
/// FHIR's own rule (R4, 2.4.1.0.1), unless it stands in a provision.
const LEFT_OUT: [&str; 7] = [
    "meta",
    "language",
    "text",
    "extension",
    "organization",
    "sourceAttachment",
    "sourceReference",
];

/// Whose consent it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Patient {
    /// By the personal identity code.
    Hetu(Hetu),
    /// By the hub's own reference, as it writes a consent out.
    Client(ClientRef),
}

/// What a consent does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Deed {
    /// It stands, on these terms.
    Give(Terms),
    /// It is taken back. Its terms are those on record, so a provision is not read: a withdrawal
    /// must be as easy as giving (GDPR 7(3)), also when the region has changed since.
    Withdraw,
}

/// A consent that was understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Told {
    /// Its own id, where it has one.
    pub(crate) id: Option<String>,
    /// Whose it is.
    pub(crate) patient: Patient,
    /// When it was given.
    pub(crate) given: Option<Timestamp>,
    /// What it does.
    pub(crate) deed: Deed,
    /// The sender's own identifier of it.
    pub(crate) reference: Option<String>,
    /// How many elements were understood, and how many left out.
    pub(crate) accounted: (u32, u32),
}

/// Reads a consent.
///
/// # Errors
/// Everything that is not understood, at once.
pub(crate) fn read(
    consent: &Value,
    region: &Region,
    strictness: Strictness,
) -> Result<Told, Vec<Fault>> {
    let faults = Faults::default();
    let told = resource(consent, Words(region), strictness, &faults);
    faults.unless_any(told)
}

fn resource(
    consent: &Value,
    words: Words<'_>,
    strictness: Strictness,
    faults: &Faults,
) -> Option<Told> {
    let element = Element::resource("Consent", consent);
    element.refuse_modifiers(faults);
    let mut object = element.object(faults)?;
    let kind = object.need("resourceType", "it is Consent")?;
    if kind.text(faults)? != "Consent" {
        faults.find("unknown-document", &kind.at, "it is Consent");
        return None;
    }
    if is_national(consent) {
        let why = "the national permission across sectors (a draft) is not understood: which code \
                   says its direction, and which its data, no source at hand tells";
        faults.find("not-understood", "Consent.meta.profile", why);
        return None;
    }
    let left_out = object.ignore(&LEFT_OUT);
    let id = object.take("id").and_then(|id| id.text(faults)).map(str::to_owned);
    let reference = references(&object.list("identifier"), faults);
    let given = object.take("dateTime").and_then(|element| given(&element, faults));
    let withdraws = object.need("status", "a consent needs its status");
    let withdraws = withdraws.and_then(|status| withdrawn(&status, faults));
    frame(&mut object, faults);
    let patient = patient(&mut object, strictness, faults);
    let base = base(&mut object, faults);
    let provision = object.take("provision");
    let understood = object.finish();
    let deed = match withdraws {
        Some(true) => Some(Deed::Withdraw),
        _ => terms(provision.as_ref(), base.flatten(), words, faults).map(Deed::Give),
    };
    withdraws?;
    let accounted = (understood, left_out);
    Some(Told { id, patient: patient?, given, deed: deed?, reference, accounted })
}

/// Whether it claims the profile of the national permission.
fn is_national(consent: &Value) -> bool {
    let profiles = consent.pointer("/meta/profile").and_then(Value::as_array);
    let named =
        |profile: &Value| profile.as_str().and_then(|url| url.split('|').next()) == Some(NATIONAL);
    profiles.is_some_and(|all| all.iter().any(named))
}

/// The sender's own identifier; the hub's own says what the URL says.
fn references(all: &[Element<'_>], faults: &Faults) -> Option<String> {
    let read = all.iter().filter_map(|one| identifier(one, faults));
    let mut own = read.filter(|(system, _)| *system != DIRECTIVE);
    own.next().map(|(_, value)| value.to_owned())
}

fn given(element: &Element<'_>, faults: &Faults) -> Option<Timestamp> {
    let reach = moment::reach(element.text(faults)?);
    if reach.is_err() {
        faults.find("wrong-type", &element.at, "this is no FHIR dateTime");
    }
    reach.ok().map(|(first, _)| first)
}

fn withdrawn(status: &Element<'_>, faults: &Faults) -> Option<bool> {
    let why = match status.text(faults)? {
        "active" => return Some(false),
        "inactive" | "entered-in-error" => return Some(true),
        "draft" | "proposed" => "it is not given yet: send it when the client has",
        "rejected" => "it was never given; what was refused directs nothing",
        _ => "it is active, inactive or entered-in-error",
    };
    faults.find("not-understood", &status.at, why);
    None
}

/// What every consent of this sort has around its terms.
fn frame(object: &mut Object<'_, '_>, faults: &Faults) {
    let is = |wanted: (&'static str, &'static str)| {
        move |system: &str, code: &str| ((system, code) == wanted).then_some(())
    };
    if let Some(scope) = object.need("scope", "a consent needs its scope") {
        let wanted = "only patient-privacy is understood; a scope changes what the terms mean";
        concept(&scope, is(SCOPE), wanted, faults);
    }
    let categories = object.need("category", "a consent needs its category");
    for category in categories.iter().flat_map(|all| all.list(faults)) {
        let wanted = "only the patient's consent (LOINC 59284-0) is understood: other categories \
                      limit what it is about";
        concept(&category, is(CONSENT), wanted, faults);
    }
    object.refuse("contained", "contained resources are not read: name others by identifier");
    for verification in object.list("verification") {
        let verified = verification.object(faults).and_then(|mut one| one.take("verified"));
        if !verified.is_some_and(|verified| verified.is_true()) {
            let why = "a consent that is told as not verified is not taken for given";
            faults.find("not-understood", &verification.at, why);
        }
    }
}

/// Whose consent, and that nobody else acts: another's act needs a mandate, which is not
/// understood here.
fn patient(
    object: &mut Object<'_, '_>,
    strictness: Strictness,
    faults: &Faults,
) -> Option<Patient> {
    let performers = object.list("performer");
    let element = object.need("patient", "a privacy consent has its patient (ppc-2)")?;
    let patient = Reference::read(&element, faults)?;
    for performer in &performers {
        let Some(who) = Reference::read(performer, faults) else { continue };
        let same = who.identifier.is_some() && who.identifier == patient.identifier
            || who.literal.is_some() && who.literal == patient.literal;
        if !same {
            let why = "somebody other than the patient acts, which needs a mandate";
            faults.find("not-understood", &performer.at, why);
        }
    }
    let at = format!("{}.identifier", element.at);
    match patient.identifier {
        Some((HETU, value)) => Hetu::parse(value, strictness)
            .map(Patient::Hetu)
            .map_err(|error| faults.find("wrong-hetu", &format!("{at}.value"), error.to_string()))
            .ok(),
        Some((CLIENT, value)) => Some(Patient::Client(ClientRef::new(value))),
        Some(_) => {
            let why = "the client is named by the personal identity code (urn:oid:1.2.246.21)";
            faults.find("unknown-code", &format!("{at}.system"), why);
            None
        }
        None => {
            let why = "the client is named by identifier: the hub holds no Patient";
            faults.find("missing-field", &at, why);
            None
        }
    }
}

/// What holds where the provision says nothing: opt-in permits, opt-out denies. `Some(None)`: the
/// base is the region's own policy, which says neither.
fn base(object: &mut Object<'_, '_>, faults: &Faults) -> Option<Option<Effect>> {
    let policies = object.list("policy");
    for policy in &policies {
        let Some(mut members) = policy.object(faults) else { continue };
        members.ignore(&["id", "authority"]);
        let uri = members.need("uri", "a policy is named by its uri");
        members.finish();
        let Some(uri) = uri else { continue };
        if uri.text(faults).is_some_and(|text| text != POLICY) {
            let why = "this policy is not known here; the region's own is urn:luotsi:policy";
            faults.find("unknown-code", &uri.at, why);
        }
    }
    let Some(rule) = object.take("policyRule") else {
        if policies.is_empty() {
            let why = "a consent has a policy or a policyRule (ppc-1)";
            faults.find("missing-field", "Consent.policyRule", why);
            return None;
        }
        return Some(None);
    };
    let known = |system: &str, code: &str| match code {
        "OPTIN" if system == ACT_CODE => Some(Effect::Permit),
        "OPTOUT" if system == ACT_CODE => Some(Effect::Deny),
        _ => None,
    };
    concept(&rule, known, "only OPTIN and OPTOUT of v3-ActCode are understood", faults).map(Some)
}
