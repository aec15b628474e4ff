//! The `Consent` examples of FHIR R4 as they are published, and said plainly.

use std::path::PathBuf;

use luotsi_consent::{
    Attested, Basis, Directive, Directives, Outcome, Policy, Reason, Request, Rule, Sort, decide,
};
use luotsi_model::{Categories, ClientRef, Kind, OrganisationId, Purpose, SystemId};
use serde_json::{Value, json};

use super::{HETU, REGION, bare, check, terms};
use crate::fhir::provision::Terms;

fn sample(name: &str) -> Option<Value> {
    let folder = std::env::var_os("LUOTSI_SAMPLES").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples")),
        PathBuf::from,
    );
    let path = folder.join(format!("fhir-r4/Consent-consent-example-{name}.json"));
    let Ok(text) = std::fs::read(&path) else {
        eprintln!("skipped: no published example {name}; LUOTSI_SAMPLES names their folder");
        return None;
    };
    Some(serde_json::from_slice(&text).expect("JSON"))
}

/// As published. All name their patient by a literal reference; all have an opt-in or opt-out with
/// a root that has no type: `basic` authorises by it and `notTime` withholds.
#[test]
fn the_published_examples_are_refused_for_these_reasons() {
    let patient = ("missing-field", "Consent.patient.identifier");
    let no_type = ("missing-field", "Consent.provision.type");
    let role = ("unknown-code", "Consent.provision.actor[0].role");
    let who = ("unknown-code", "Consent.provision.actor[0].reference");
    let category = ("unknown-code", "Consent.category[0]");
    let nested = "Consent.provision.provision[0]";
    let (nested_role, nested_who) =
        (format!("{nested}.actor[0].role"), format!("{nested}.actor[0].reference"));
    let (class, code) = (format!("{nested}.class[0]"), format!("{nested}.code"));
    let (first, second) = (format!("{code}[0]"), format!("{code}[1]"));
    let unknown = |at| ("unknown-code", at);
    let purpose = unknown("Consent.provision.purpose[0]");
    let action = ("not-understood", "Consent.provision.action");
    let cases: [(&str, Vec<(&str, &str)>); 6] = [
        ("basic", vec![patient, no_type]),
        ("notTime", vec![patient, no_type]),
        ("notAuthor", vec![patient, role, who]),
        ("notThem", vec![patient, who, action]),
        (
            "Emergency",
            vec![
                patient,
                category,
                role,
                who,
                purpose,
                unknown(&nested_role),
                unknown(&nested_who),
            ],
        ),
        (
            "signature",
            vec![
                patient,
                category,
                who,
                no_type,
                unknown(&nested_role),
                unknown(&nested_who),
                unknown(&class),
                unknown(&first),
                unknown(&second),
            ],
        ),
    ];
    for (name, want) in cases {
        if let Some(example) = sample(name) {
            check(name, &example, &want);
        }
    }
}

/// What may go to a system for peer support under one directive, at a moment.
fn decided(terms: Terms, system: &str, now: &str) -> Outcome {
    let connection = REGION.connection(&SystemId::new(system)).expect("a system of the demo");
    let client = ClientRef::new("c-1");
    let directive = Directive { root: terms.root, exceptions: terms.exceptions, ..bare() };
    let directives = Directives { epoch: 1, all: vec![directive.into()].into() };
    let policy = Policy {
        rules: vec![Rule {
            name: "anybody by consent".into(),
            basis: Basis::Consent,
            sorts: Sort::ALL.to_vec(),
            systems: Vec::new(),
            purposes: Vec::new(),
            kinds: Vec::new(),
            categories: Categories::ALL,
            over_prohibition: false,
            protected_address: false,
            reasons: Vec::new(),
        }],
    };
    let request = Request {
        subject: Some(&client),
        controller: &OrganisationId::new("mallikunta"),
        source: None,
        recipient: &connection.recipient,
        purpose: &Purpose::new("peer-support"),
        kind: &Kind::new("referral"),
        service: None,
        attested: Attested::default(),
        now: now.parse().expect("a time"),
    };
    decide(&request, Some(&directives), &policy).outcome
}

/// The examples with what they leave to their reader written out: who the patient is, and by the
/// root's type what the narrative says.
#[test]
fn the_published_examples_said_plainly_permit_this() {
    let permit = |outcome| outcome == Outcome::Permit;
    let identified = json!({ "system": "urn:oid:1.2.246.21", "value": HETU });
    if let Some(mut basic) = sample("basic") {
        basic["patient"]["identifier"] = identified.clone();
        basic["provision"]["type"] = "permit".into();
        let said = terms(&basic);
        assert!(permit(decided(said.clone(), "malli-ry", "2016-01-01T21:59:59Z")));
        assert!(!permit(decided(said.clone(), "malli-ry", "2016-01-01T22:00:00Z")), "its last day");
        assert!(!permit(decided(said, "malli-ry", "1963-12-31T21:59:59Z")));
    }
    if let Some(mut not_them) = sample("notThem") {
        not_them["patient"]["identifier"] = identified;
        not_them["provision"].as_object_mut().unwrap().remove("action");
        not_them["provision"]["actor"][0]["reference"] =
            json!({ "identifier": { "system": "urn:luotsi:recipient", "value": "malli-ry" } });
        not_them["policyRule"]["coding"][0]["code"] = "OPTOUT".into();
        not_them["provision"]["type"] = "deny".into();
        let refused = Outcome::Deny(Reason::Prohibited);
        assert_eq!(decided(terms(&not_them), "malli-ry", "2026-11-21T00:00:00Z"), refused);
    }
}
