//! The disclosure report as FHIR R4: a `Bundle` of `AuditEvent`s, each disclosure in the pattern of
//! IHE BALP, *Privacy Disclosure at Source*; each look as the use of an audit log (DICOM 110101).
//!
//! The hub invents no codes: purposes, categories, grounds and results, which are the region's or
//! its own, stand as text.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Lang, disclosures::ground};
use crate::command::ops::{Disclosure, Report, Use};

const PROFILE: &str =
    "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Source";
const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const LIFECYCLE: &str = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";
const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";
const SOURCE_TYPE: &str = "http://terminology.hl7.org/CodeSystem/security-source-type";
/// `AuditEvent.network.type`: a machine name. The log names systems, not addresses.
const MACHINE_NAME: &str = "1";

/// The whole report.
pub(super) fn bundle(report: &Report, lang: Lang, now: Timestamp) -> Value {
    let sends = report.disclosures.iter().map(|d| disclosure(report, d, lang));
    let looks = report.uses.iter().map(|seen| used(report, seen, lang));
    let entries: Vec<_> = sends.chain(looks).map(|event| json!({ "resource": event })).collect();
    let mut bundle = json!({
        "resourceType": "Bundle",
        "language": lang.code(),
        "type": "collection",
        "timestamp": now.to_string(),
    });
    // FHIR has no empty arrays.
    if !entries.is_empty() {
        bundle["entry"] = entries.into();
    }
    bundle
}

fn disclosure(report: &Report, disclosure: &Disclosure, lang: Lang) -> Value {
    let delivered = disclosure.shown && disclosure.result == "delivered";
    let mut event = json!({
        "resourceType": "AuditEvent",
        "meta": { "profile": [PROFILE] },
        "language": lang.code(),
        "type": coding(DICOM, "110106", "Export"),
        "subtype": [coding(LIFECYCLE, "disclose", "Disclose Record Lifecycle Event")],
        "action": "R",
        "recorded": disclosure.at.to_string(),
        "outcome": if delivered { "0" } else { "4" },
        "outcomeDesc": lang.result(&disclosure.result),
        "purposeOfEvent": [{ "text": disclosure.purpose }],
        "agent": [
            agent(report, "110153", "Source Role ID", &disclosure.source, lang),
            agent(report, "110152", "Destination Role ID", &disclosure.recipient, lang),
        ],
        // As the pattern has it, the source of the audit is the source of the data.
        "source": {
            "observer": who(report, &disclosure.source, lang),
            "type": [coding(SOURCE_TYPE, "4", "Application Server")],
        },
        "entity": [client(report), data(report, disclosure, lang)],
    });
    if let Some(entities) = event["entity"].as_array_mut() {
        entities.extend(disclosure.grounds.iter().filter_map(|g| {
            let directive = g.directive.as_ref()?;
            let version = g.version.map(|v| detail("version", &v.to_string()));
            let basis = detail("basis", &ground(lang, g));
            Some(json!({
                "what": { "type": "Consent", "identifier": { "value": directive } },
                "type": coding(ENTITY_TYPE, "2", "System Object"),
                "detail": version.into_iter().chain([basis]).collect::<Vec<_>>(),
            }))
        }));
    }
    event
}

fn used(report: &Report, seen: &Use, lang: Lang) -> Value {
    let mut look = json!({
        "resourceType": "AuditEvent",
        "language": lang.code(),
        "type": coding(DICOM, "110101", "Audit Log Used"),
        "action": "R",
        "recorded": seen.at.to_string(),
        "outcome": "0",
        "agent": [{ "who": { "display": seen.who }, "requestor": true }],
        "source": {
            "observer": { "display": "luotsi" },
            "type": [coding(SOURCE_TYPE, "4", "Application Server")],
        },
        "entity": [client(report), {
            "type": coding(ENTITY_TYPE, "2", "System Object"),
            "role": coding(ROLE, "13", "Security Resource"),
            "description": lang.result(&seen.what),
        }],
    });
    if let Some(message) = &seen.message {
        look["entity"][1]["what"] = json!({ "identifier": uuid(message) });
    } else {
        look["entity"][1]["what"] = json!({ "display": "luotsi" });
    }
    look
}

fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({ "system": system, "code": code, "display": display })
}

fn uuid(id: &str) -> Value {
    json!({ "system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{id}") })
}

fn detail(of: &str, value: &str) -> Value {
    json!({ "type": of, "valueString": value })
}

fn agent(report: &Report, code: &str, display: &str, system: &str, lang: Lang) -> Value {
    json!({
        "type": { "coding": [coding(DICOM, code, display)] },
        "who": who(report, system, lang),
        "altId": system,
        "requestor": false,
        "network": { "address": system, "type": MACHINE_NAME },
    })
}

/// A system, by its organisation's name where the region has one.
fn who(report: &Report, system: &str, lang: Lang) -> Value {
    let name = report.words.systems.get(system).map_or(system, |title| lang.title(title));
    json!({ "identifier": { "value": system }, "display": name })
}

fn client(report: &Report) -> Value {
    json!({
        "what": { "type": "Patient", "identifier": { "value": report.client } },
        "type": coding(ENTITY_TYPE, "1", "Person"),
        "role": coding(ROLE, "1", "Patient"),
    })
}

/// What was shown: the record's kind, its message, its categories and fields, never a value.
fn data(report: &Report, disclosure: &Disclosure, lang: Lang) -> Value {
    let kind = report.words.kinds.get(&disclosure.kind);
    let what = match &disclosure.message {
        Some(message) => json!({ "identifier": uuid(message) }),
        None => json!({ "display": disclosure.kind }),
    };
    let mut details: Vec<_> =
        disclosure.grounds.iter().map(|g| detail("ground", &ground(lang, g))).collect();
    let categories = disclosure.categories.iter().map(|c| detail("category", c.as_str()));
    details.extend(categories.filter(|_| disclosure.shown));
    details.extend(disclosure.fields.iter().map(|path| detail("field", path)));
    details.extend(disclosure.withheld.iter().map(|path| detail("withheld", path)));
    let mut entity = json!({
        "what": what,
        "type": coding(ENTITY_TYPE, "2", "System Object"),
        "role": coding(ROLE, "4", "Domain Resource"),
        "description": kind.map_or(disclosure.kind.as_str(), |title| lang.title(title)),
    });
    if !details.is_empty() {
        entity["detail"] = details.into();
    }
    entity
}
