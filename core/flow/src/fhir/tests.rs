//! Consents as they come, as they are refused, and back again.

use std::sync::LazyLock;

use jiff::Timestamp;
use luotsi_consent::{Directive, Effect, GivenBy, Instrument, Provision, Standing};
use luotsi_mapping::Fault;
use luotsi_model::{
    Categories, Category, ClientRef, DirectiveId, Purpose, ServiceTask, SystemId, hetu::Strictness,
};
use luotsi_region::{Folder, Region, load};
use serde_json::{Value, json};

use super::{Deed, Patient, Told, provision::Terms, read};

mod published;
mod refused;
mod round_trip;

const ADAPTERS: [&str; 4] = ["fhir", "plan", "serena", "webhook"];
const HETU: &str = "010594Y9021";

static REGION: LazyLock<Region> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/mallialue");
    load(&Folder::new(folder), &ADAPTERS).region.expect("the demo region loads")
});

fn told(consent: &Value) -> Result<Told, Vec<Fault>> {
    read(consent, &REGION, Strictness::Strict)
}

fn terms(consent: &Value) -> Terms {
    match told(consent).expect("understood").deed {
        Deed::Give(terms) => terms,
        Deed::Withdraw => panic!("a withdrawal has no terms"),
    }
}

/// Code and FHIRPath of every fault, in no order.
#[track_caller]
fn check(what: &str, consent: &Value, want: &[(&str, &str)]) {
    let faults = told(consent).err().unwrap_or_default();
    let mut found: Vec<_> = faults.iter().map(|f| (f.code, f.at.as_str())).collect();
    let mut want = want.to_vec();
    found.sort_unstable();
    want.sort_unstable();
    assert_eq!(found, want, "{what}: {faults:#?}");
}

/// A consent to peer support, with nothing else in it.
fn consent() -> Value {
    let coding = |system, code| json!({ "coding": [{ "system": system, "code": code }] });
    json!({
        "resourceType": "Consent",
        "status": "active",
        "scope": coding("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [coding("http://loinc.org", "59284-0")],
        "patient": { "identifier": { "system": "urn:oid:1.2.246.21", "value": HETU } },
        "dateTime": "2026-11-14",
        "policyRule": coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"),
        "provision": {
            "type": "permit",
            "actor": [{
                "role": coding("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
                "reference": {
                    "identifier": { "system": "urn:luotsi:recipient", "value": "malli-ry" },
                },
            }],
            "purpose": [{ "system": "urn:luotsi:purpose", "code": "peer-support" }],
        },
    })
}

fn with(pointer: &str, name: &str, value: Value) -> Value {
    let mut consent = consent();
    consent.pointer_mut(pointer).expect("a place")[name] = value;
    consent
}

fn without(pointer: &str, name: &str) -> Value {
    let mut consent = consent();
    let place = consent.pointer_mut(pointer).and_then(Value::as_object_mut);
    place.expect("an object").remove(name).expect("a member");
    consent
}

#[test]
fn a_consent_is_understood() {
    let found = told(&consent()).expect("understood");
    assert!(matches!(&found.patient, Patient::Hetu(hetu) if hetu.as_str() == HETU));
    assert_eq!(found.given, Some("2026-11-13T22:00:00Z".parse().unwrap()), "midnight in Finland");
    let Terms { root, exceptions } = terms(&consent());
    assert_eq!((root.effect, exceptions.len()), (Effect::Permit, 0));
    assert_eq!(root.recipients, ["malli-ry"]);
    assert_eq!(root.purposes, [Purpose::new("peer-support")]);
    assert!(root.categories.is_empty(), "no label: any category");
    let label = json!([{ "system": "urn:luotsi:data-category", "code": "need" }]);
    let named = terms(&with("/provision", "securityLabel", label)).root.categories;
    assert_eq!(named, Categories::NONE.with(Category::Need).with(Category::Administrative));
}

#[test]
fn other_ways_to_say_it_are_understood() {
    let mut displayed = consent();
    displayed["provision"]["actor"][0]["reference"] = json!({ "display": "mallikunta" });
    assert_eq!(terms(&displayed).root.recipients, ["mallikunta"]);
    let mut by_policy = without("", "policyRule");
    by_policy["policy"] = json!([{ "uri": "urn:luotsi:policy" }]);
    assert_eq!(terms(&by_policy), terms(&consent()));
    let mut bare = consent();
    bare.as_object_mut().unwrap().remove("provision");
    assert_eq!(terms(&bare).root, Provision::everything(Effect::Permit));
    bare["policyRule"]["coding"][0]["code"] = "OPTOUT".into();
    assert_eq!(terms(&bare).root, Provision::everything(Effect::Deny));
    let task = json!([{ "system": "urn:oid:1.2.246.537.6.1221.201601", "code": "malli-iakkaat" }]);
    let services = terms(&with("/provision", "class", task)).root.services;
    assert_eq!(services, [ServiceTask::new("malli-iakkaat")]);
    for status in ["inactive", "entered-in-error"] {
        // Also when the region no longer knows a name of it.
        let mut withdrawn = with("", "status", json!(status));
        withdrawn["provision"]["purpose"][0]["code"] = "no-more".into();
        assert_eq!(told(&withdrawn).expect("understood").deed, Deed::Withdraw);
    }
}

/// Whole days, and what a moment's own precision says.
#[test]
fn a_period_reaches_to_the_end_of_its_last_moment() {
    let cases = [
        ("2026", "2027-01-01T00:00:00+02"),
        ("2026-06", "2026-07-01T00:00:00+03"),
        ("2026-11-14", "2026-11-15T00:00:00+02"),
        ("2026-11-14T10:00:00Z", "2026-11-14T10:00:01Z"),
        ("2026-11-14T10:00:00.5+02:00", "2026-11-14T10:00:00.6+02"),
    ];
    for (end, after) in cases {
        let period = terms(&with("/provision", "period", json!({ "end": end }))).root.period;
        assert_eq!(period.end, Some(after.parse::<Timestamp>().unwrap()), "{end}");
    }
}

fn bare() -> Directive {
    Directive {
        id: DirectiveId::new("S-1"),
        version: 3,
        subject: ClientRef::new("c-1"),
        standing: Standing::Active,
        given: Timestamp::UNIX_EPOCH,
        recorder: SystemId::new("serena"),
        instrument: Instrument::Will,
        given_by: GivenBy::Client,
        root: Provision::everything(Effect::Permit),
        exceptions: Vec::new(),
    }
}
