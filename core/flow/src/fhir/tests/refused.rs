//! What is refused: each thing that is not understood, by its code and FHIRPath and by nothing else.

use serde_json::Value;

use super::{check, consent};

/// Where in the consent, which member, what it becomes; and what is told of it.
const CHANGED: &str = r#"
 modifierExtension [{"url":"urn:x"}] => unknown-modifier Consent.modifierExtension
 implicitRules "urn:x" => unknown-modifier Consent.implicitRules
 _status {"id":"x"} => unknown-element Consent._status
 contained [{"id":"x"}] => not-understood Consent.contained
 meta {"profile":["https://gen.kanta.fi/fhir/tahdonilmaisut/StructureDefinition/soteluovutuslupa|1.0.0-rc1"]} => not-understood Consent.meta.profile
 status "draft" => not-understood Consent.status
 status "proposed" => not-understood Consent.status
 status "rejected" => not-understood Consent.status
 dateTime "14.11.2026" => wrong-type Consent.dateTime
 performer [{"display":"A guardian"}] => not-understood Consent.performer[0]
 verification [{"verified":false}] => not-understood Consent.verification[0]
 policy [{"uri":"http://example.org/base"}] => unknown-code Consent.policy[0].uri
/patient modifierExtension [{"url":"urn:x"}] => unknown-modifier Consent.patient.modifierExtension
/patient/identifier value "010594Y9022" => wrong-hetu Consent.patient.identifier.value
/patient/identifier system "urn:x" => unknown-code Consent.patient.identifier.system
/scope/coding/0 code "research" => unknown-code Consent.scope
/category/0/coding/0 code "npp" => unknown-code Consent.category[0]
/policyRule/coding/0 code "OPTOUT" => not-understood Consent.provision.type
/provision extension [{"url":"urn:x"}] => not-understood Consent.provision.extension
/provision modifierExtension [{"url":"urn:x"}] => unknown-modifier Consent.provision.modifierExtension
/provision type "allow" => unknown-code Consent.provision.type
/provision period {} => wrong-type Consent.provision.period
/provision period {"start":"2026","end":"2025"} => wrong-type Consent.provision.period
/provision period {"end":"2026-11-14T10:00"} => wrong-type Consent.provision.period.end
/provision period {"end":"2026-02-30"} => wrong-type Consent.provision.period.end
/provision purpose [] => wrong-type Consent.provision.purpose
/provision purpose [{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"TREAT"}] => unknown-code Consent.provision.purpose[0]
/provision purpose [{"system":"urn:luotsi:purpose","code":"marketing"}] => unknown-code Consent.provision.purpose[0]
/provision/purpose/0 version "2" => not-understood Consent.provision.purpose[0].version
/provision class [{"system":"urn:luotsi:kind","code":"letter"}] => unknown-code Consent.provision.class[0]
/provision class [{"system":"urn:luotsi:kind","code":"referral"},{"system":"urn:luotsi:service-task","code":"malli-iakkaat"}] => not-understood Consent.provision.class
/provision code [{"coding":[{"system":"urn:luotsi:service-task","code":"malli-muut"}]}] => unknown-code Consent.provision.code[0]
/provision code [{"text":"elders"}] => missing-field Consent.provision.code[0].coding
/provision code [{"coding":[{"system":"urn:luotsi:service-task","code":"malli-iakkaat"},{"system":"urn:luotsi:service-task","code":"malli-perheet"}]}] => not-understood Consent.provision.code[0]
/provision securityLabel [{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"N"}] => unknown-code Consent.provision.securityLabel[0]
/provision action [{"coding":[]}] => not-understood Consent.provision.action
/provision data [{"meaning":"instance"}] => not-understood Consent.provision.data
/provision dataPeriod {"start":"2015"} => not-understood Consent.provision.dataPeriod
/provision doNotPerform true => unknown-element Consent.provision.doNotPerform
/provision provision [{}] => wrong-type Consent.provision.provision[0]
/provision provision [{"purpose":[{"system":"urn:luotsi:purpose","code":"care"}]}] => missing-field Consent.provision.provision[0].type
/provision provision [{"type":"deny","provision":[{"type":"permit"}]}] => not-understood Consent.provision.provision[0].provision
/provision/actor/0/role/coding/0 code "CST" => unknown-code Consent.provision.actor[0].role
/provision/actor/0 reference {"reference":"Organization/1"} => unknown-code Consent.provision.actor[0].reference
/provision/actor/0 reference {"display":"Nobody"} => unknown-code Consent.provision.actor[0].reference
/provision/actor/0/reference/identifier system "urn:x" => unknown-code Consent.provision.actor[0].reference
"#;

/// Where, and which member is gone; and what is told of it.
const GONE: &str = r#"
 resourceType => missing-field Consent.resourceType
 status => missing-field Consent.status
 scope => missing-field Consent.scope
 category => missing-field Consent.category
 patient => missing-field Consent.patient
 policyRule => missing-field Consent.policyRule
/patient identifier => wrong-type Consent.patient
/provision type => missing-field Consent.provision.type
/provision/actor/0 role => missing-field Consent.provision.actor[0].role
/provision/actor/0 reference => missing-field Consent.provision.actor[0].reference
"#;

fn cases(text: &'static str) -> impl Iterator<Item = (&'static str, (&'static str, &'static str))> {
    text.lines().filter(|line| !line.is_empty()).map(|line| {
        let (change, told) = line.split_once(" => ").expect("what is told");
        (change, told.split_once(' ').expect("code and path"))
    })
}

fn place<'c>(consent: &'c mut Value, pointer: &str) -> &'c mut serde_json::Map<String, Value> {
    consent.pointer_mut(pointer).and_then(Value::as_object_mut).expect("a place of the consent")
}

#[test]
fn what_is_not_understood_is_named() {
    for (change, told) in cases(CHANGED) {
        let mut parts = change.splitn(3, ' ');
        let [at, name, json] = [(); 3].map(|()| parts.next().expect("three parts"));
        let mut consent = consent();
        let value = serde_json::from_str(json).expect("JSON");
        place(&mut consent, at).insert(name.to_owned(), value);
        check(change, &consent, &[told]);
    }
}

#[test]
fn what_is_missing_is_named() {
    for (change, told) in cases(GONE) {
        let (at, name) = change.split_once(' ').expect("two parts");
        let mut consent = consent();
        place(&mut consent, at).remove(name).expect("it was there");
        check(change, &consent, &[told]);
    }
}
