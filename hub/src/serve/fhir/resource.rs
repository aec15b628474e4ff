//! FHIR answers: resources, `OperationOutcome`, the capability statement.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::serve::problem::Problem;

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
        "does-not-map" => "structure",
        "not-durable" | "journal" | "overloaded" | "timeout" => "transient",
        _ => "invalid",
    }
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        let body = json!({
            "resourceType": "OperationOutcome",
            "issue": [{
                "severity": "error",
                "code": issue_type(self.0.code()),
                "details": { "text": self.0.code() },
                "diagnostics": self.0.line(),
            }],
        });
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
    let interactions: Vec<Value> =
        ["read", "update", "create", "search-type"].map(|code| json!({ "code": code })).into();
    let body = json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-21",
        "kind": "instance",
        "software": { "name": "Luotsi", "version": env!("CARGO_PKG_VERSION") },
        "implementation": { "description": "The shared plan of a region, behind its consent gate" },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [{
            "mode": "server",
            "documentation": "Every read is a disclosure and is decided anew; what is denied and \
                              what is absent look the same. Searches are posted, so that no \
                              identifier stands in a URL.",
            "security": { "description": "Bearer token of a connected system" },
            "resource": [{
                "type": "CarePlan",
                "interaction": interactions,
                "versioning": "versioned-update",
                "readHistory": false,
                "updateCreate": false,
                "searchParam": [{
                    "name": "patient.identifier",
                    "type": "token",
                    "documentation": "urn:oid:1.2.246.21|<code>, by POST to _search only",
                }],
            }],
        }],
    });
    answer(StatusCode::OK, body.to_string().into_bytes())
}
