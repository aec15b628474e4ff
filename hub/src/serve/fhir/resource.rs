//! FHIR answers: resources, `OperationOutcome`, the capability statement.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::serve::{intake, problem::Problem};

/// FHIR's media type for JSON (R4, 3.1.0.1.8).
const FHIR_JSON: HeaderValue = HeaderValue::from_static("application/fhir+json; charset=utf-8");

/// A FHIR answer.
pub(super) fn answer(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, FHIR_JSON)], body).into_response()
}

/// The entity tag of a version (R4, 3.1.0.1.3).
pub(super) fn etag(version: u64) -> HeaderValue {
    HeaderValue::try_from(format!("W/\"{version}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("W/\"0\""))
}

/// The version that a write replaces.
pub(super) fn if_match(headers: &HeaderMap) -> Result<u64, Outcome> {
    let version = |tag: &str| tag.strip_prefix("W/\"")?.strip_suffix('"')?.parse().ok();
    intake::header(headers, "if-match").and_then(version).ok_or_else(|| {
        Problem::new(StatusCode::PRECONDITION_REQUIRED, "no-version", "Which version is replaced?")
            .detail("send If-Match with the ETag that the resource was read with, as W/\"3\"")
            .into()
    })
}

/// A searchset around the documents as the gate let them out, byte for byte.
pub(super) fn searchset(found: &[(Uuid, Vec<u8>)]) -> Vec<u8> {
    let head = format!(r#"{{"resourceType":"Bundle","type":"searchset","total":{}"#, found.len());
    let mut bundle = head.into_bytes();
    for (at, (id, body)) in found.iter().enumerate() {
        bundle.extend_from_slice(if at == 0 { br#","entry":["# } else { b"," });
        let lead = format!(r#"{{"fullUrl":"urn:uuid:{id}","resource":"#);
        bundle.extend_from_slice(lead.as_bytes());
        bundle.extend_from_slice(body);
        bundle.extend_from_slice(br#","search":{"mode":"match"}}"#);
    }
    bundle.extend_from_slice(if found.is_empty() { b"}" } else { b"]}" });
    bundle
}

/// A refusal as FHIR wants it.
pub(super) struct Outcome(Problem);

impl Outcome {
    /// Denied or absent, which are not told apart.
    pub(super) fn not_found() -> Self {
        Self(Problem::not_found())
    }
}

impl From<Problem> for Outcome {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

/// The issue type for our code (R4 value set issue-type).
fn issue_type(code: &str) -> &'static str {
    match code {
        "unauthorized" => "login",
        "not-found" | "unknown-plan" => "not-found",
        "too-large" => "too-long",
        "version-conflict" => "conflict",
        "does-not-map" | "unknown-element" | "unknown-document" => "structure",
        "no-consents" => "forbidden",
        "not-understood" => "not-supported",
        "unknown-modifier" => "extension",
        "unknown-code" => "code-invalid",
        "missing-field" => "required",
        "wrong-type" | "wrong-hetu" | "constant-differs" => "value",
        "not-durable" | "journal" | "overloaded" | "timeout" => "transient",
        _ => "invalid",
    }
}

impl Outcome {
    /// One issue; or, where the faults' places are FHIRPaths, one for each.
    fn issues(&self) -> Vec<Value> {
        let issue = |code: &str, diagnostics: &str| {
            json!({
                "severity": "error",
                "code": issue_type(code),
                "details": { "text": code },
                "diagnostics": diagnostics,
            })
        };
        let faults = self.0.fhirpaths().into_iter().map(|(code, at, why)| {
            let mut issue = issue(code, why);
            issue["expression"] = json!([at]);
            issue
        });
        let faults: Vec<_> = faults.collect();
        if faults.is_empty() { vec![issue(self.0.code(), &self.0.line())] } else { faults }
    }
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        let body = json!({ "resourceType": "OperationOutcome", "issue": self.issues() });
        let mut response = answer(self.0.status(), body.to_string().into_bytes());
        if self.0.status() == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.0.status() == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

/// What this server can do: no more than it does.
pub(super) async fn metadata() -> Response {
    let body = json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-21",
        "kind": "instance",
        "software": { "name": "Luotsi", "version": env!("CARGO_PKG_VERSION") },
        "implementation": {
            "description": "The shared plan of a region and what its clients direct, behind its \
                            consent gate",
        },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [{
            "mode": "server",
            "documentation": "Every read is a disclosure and is decided anew; what is denied and \
                              what is absent look the same. Searches are posted, so that no \
                              identifier stands in a URL.",
            "security": { "description": "Bearer token of a connected system" },
            "resource": [
                resource("CarePlan", "One a client; each reader sees the fields it may."),
                resource("Consent", CONSENT),
            ],
        }],
    });
    answer(StatusCode::OK, body.to_string().into_bytes())
}

const CONSENT: &str = "A root provision and one level of exceptions. Understood whole or refused: \
                       see docs/reference/fhir-consent.md. Shown to the system that recorded it.";

fn resource(kind: &str, documentation: &str) -> Value {
    let interactions: Vec<Value> =
        ["read", "update", "create", "search-type"].map(|code| json!({ "code": code })).into();
    json!({
        "type": kind,
        "documentation": documentation,
        "interaction": interactions,
        "versioning": "versioned-update",
        "readHistory": false,
        "updateCreate": false,
        "searchParam": [{
            "name": "patient.identifier",
            "type": "token",
            "documentation": "urn:oid:1.2.246.21|<code>, by POST to _search only",
        }],
    })
}
