//! A directive as a FHIR R4 `Consent`. What is read back from it is the same directive.

use luotsi_consent::{Directive, Effect, GivenBy, Instrument, Period, Provision, Standing};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    moment::{self, Beyond},
    words::{
        ACT_CODE, CATEGORY, CLIENT, CONSENT, DIRECTIVE, KIND, PARTICIPATION, PURPOSE, RECIPIENT,
        RECIPIENT_ROLE, SCOPE, SERVICE_TASK,
    },
};

/// The resource, or nothing when FHIR has no words for the directive. The client stands in it by
/// the hub's reference: whoever may read it knows her already.
pub(crate) fn write(directive: &Directive, id: Uuid) -> Option<Value> {
    consent(directive, id).ok()
}

fn consent(directive: &Directive, id: Uuid) -> Result<Value, Beyond> {
    // Taken apart, so that whatever a directive is given one day must be given words here.
    let Directive {
        id: own,
        version,
        subject,
        standing,
        given,
        recorder: _,
        instrument,
        given_by,
        root,
        exceptions,
    } = directive;
    // Any other document, or one that somebody else gave, would read back as the client's own will.
    if *instrument != Instrument::Will || *given_by != GivenBy::Client {
        return Err(Beyond);
    }
    let mut provision = one(root)?;
    if !exceptions.is_empty() {
        let all: Result<Vec<_>, _> = exceptions.iter().map(one).collect();
        provision.insert("provision".into(), all?.into());
    }
    let rule = if root.effect == Effect::Permit { "OPTIN" } else { "OPTOUT" };
    let status = if *standing == Standing::Active { "active" } else { "inactive" };
    Ok(json!({
        "resourceType": "Consent",
        "id": id.to_string(),
        "meta": { "versionId": version.to_string() },
        "identifier": [{ "system": DIRECTIVE, "value": own.as_str() }],
        "status": status,
        "scope": { "coding": [coding(SCOPE.0, SCOPE.1)] },
        "category": [{ "coding": [coding(CONSENT.0, CONSENT.1)] }],
        "patient": { "identifier": { "system": CLIENT, "value": subject.as_str() } },
        "dateTime": moment::opening(*given)?,
        "policyRule": { "coding": [coding(ACT_CODE, rule)] },
        "provision": provision,
    }))
}

fn coding(system: &str, code: &str) -> Value {
    json!({ "system": system, "code": code })
}

fn one(provision: &Provision) -> Result<Map<String, Value>, Beyond> {
    let Provision { effect, period, recipients, purposes, kinds, services, documents, categories } =
        provision;
    if !documents.is_empty() {
        return Err(Beyond);
    }
    let mut out = Map::new();
    let effect = if *effect == Effect::Permit { "permit" } else { "deny" };
    out.insert("type".into(), effect.into());
    if *period != Period::default() {
        out.insert("period".into(), written_period(period)?.into());
    }
    let mut list = |name: &str, values: Vec<Value>| {
        if !values.is_empty() {
            out.insert(name.into(), values.into());
        }
    };
    list("actor", recipients.iter().map(|name| actor(name)).collect());
    list("purpose", purposes.iter().map(|code| coding(PURPOSE, code.as_str())).collect());
    list("class", kinds.iter().map(|code| coding(KIND, code.as_str())).collect());
    let concept = |code: &str| json!({ "coding": [coding(SERVICE_TASK, code)] });
    list("code", services.iter().map(|code| concept(code.as_str())).collect());
    list("securityLabel", categories.iter().map(|one| coding(CATEGORY, one.as_str())).collect());
    Ok(out)
}

fn written_period(period: &Period) -> Result<Map<String, Value>, Beyond> {
    let mut out = Map::new();
    if let Some(start) = period.start {
        out.insert("start".into(), moment::opening(start)?.into());
    }
    if let Some(end) = period.end {
        out.insert("end".into(), moment::closing(end)?.into());
    }
    Ok(out)
}

fn actor(name: &str) -> Value {
    json!({
        "role": { "coding": [coding(PARTICIPATION, RECIPIENT_ROLE)] },
        "reference": { "identifier": { "system": RECIPIENT, "value": name } },
    })
}
