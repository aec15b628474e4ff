//! Refusals as `application/problem+json` (RFC 9457), each with a code that has a page.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use luotsi_flow::Refused;
use luotsi_mapping::Fault;
use serde::Serialize;

/// The pages of the codes, in this project's documentation.
const PAGES: &str = "docs/reference/problems.md#";

/// One refusal.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    page: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<FaultBody>,
}

/// One place of the document.
#[derive(Clone, Debug, Serialize)]
struct FaultBody {
    code: &'static str,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    why: String,
}

impl From<&Fault> for FaultBody {
    fn from(fault: &Fault) -> Self {
        let placed = fault.line > 0;
        Self {
            code: fault.code,
            at: fault.at.clone(),
            field: fault.field.clone(),
            line: placed.then_some(fault.line),
            column: placed.then_some(fault.column),
            why: fault.why.clone(),
        }
    }
}

impl Problem {
    /// A refusal without a detail.
    pub(crate) fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        let page = format!("{PAGES}{code}");
        Self { page, title, status: status.as_u16(), code, detail: None, faults: Vec::new() }
    }

    /// With a detail, which must hold no value of a document.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// No credentials, or wrong ones.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "No credentials, or wrong ones")
            .detail("send the connection's token as: Authorization: Bearer <token>")
    }

    /// Denied or absent: the two are never told apart.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing here")
    }

    /// The path is known, the method is not.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Not by this method")
    }

    /// The code.
    pub(crate) const fn code(&self) -> &'static str {
        self.code
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Code, place and reason of each fault, where the places are FHIRPaths.
    pub(crate) fn fhirpaths(&self) -> Vec<(&'static str, &str, &str)> {
        if self.code != "not-understood" {
            return Vec::new();
        }
        self.faults.iter().map(|fault| (fault.code, &*fault.at, &*fault.why)).collect()
    }

    /// What to show where only one line fits.
    pub(crate) fn line(&self) -> String {
        let places = self.faults.iter().map(|fault| format!("{}: {}", fault.at, fault.why));
        let parts: Vec<_> = self.detail.iter().cloned().chain(places).collect();
        if parts.is_empty() { self.title.to_owned() } else { parts.join("; ") }
    }
}

impl From<&Refused> for Problem {
    fn from(refused: &Refused) -> Self {
        let (status, title) = status_and_title(refused);
        let problem = Self::new(status, refused.code(), title).detail(refused.to_string());
        Self { faults: refused.faults().iter().map(FaultBody::from).collect(), ..problem }
    }
}

fn status_and_title(refused: &Refused) -> (StatusCode, &'static str) {
    match refused {
        Refused::NoIntake => (StatusCode::FORBIDDEN, "This connection takes nothing in"),
        Refused::Unreadable(fault) if fault.code == "too-large" => {
            (StatusCode::PAYLOAD_TOO_LARGE, "The document is too large")
        }
        Refused::Unreadable(_) => (StatusCode::BAD_REQUEST, "The document cannot be read"),
        Refused::Unmappable(_) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "The document does not fit its mapping")
        }
        Refused::Rows { .. } => {
            (StatusCode::UNPROCESSABLE_ENTITY, "The file has rows that cannot be taken in")
        }
        Refused::KeyReused => {
            (StatusCode::UNPROCESSABLE_ENTITY, "The Idempotency-Key came with another body")
        }
        Refused::Illegal(_) => (StatusCode::CONFLICT, "The task cannot take that step"),
        Refused::UnknownTask => (StatusCode::NOT_FOUND, "There is no such task"),
        Refused::UnknownPlan => (StatusCode::NOT_FOUND, "There is no such plan"),
        Refused::UnknownDirective => {
            (StatusCode::UNPROCESSABLE_ENTITY, "There is no such directive to take back")
        }
        Refused::NoConsents => (StatusCode::FORBIDDEN, "This connection records no directives"),
        Refused::NotUnderstood(_) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "The consent is not understood")
        }
        Refused::UnknownConsent => (StatusCode::NOT_FOUND, "There is no such thing here"),
        Refused::DirectiveVersion(_) => {
            (StatusCode::PRECONDITION_FAILED, "The directive has been changed since it was read")
        }
        Refused::NoSubject => (StatusCode::UNPROCESSABLE_ENTITY, "The document names no client"),
        Refused::NoRoute => (StatusCode::UNPROCESSABLE_ENTITY, "No route takes this record"),
        Refused::PlanVersion(_) => {
            (StatusCode::PRECONDITION_FAILED, "The plan has been changed since it was read")
        }
        Refused::NotOwed => (StatusCode::CONFLICT, "The notice is no longer owed"),
        Refused::Journal(_) | Refused::Broker(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "Not accepted: try again")
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
