//! `Consent`: what clients direct. Written by the systems that may record it, read by the one that
//! did.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use luotsi_flow::{ConsentRead, ConsentSeen, ConsentWrite, Incoming, Receipt, Refused};
use luotsi_mapping::Format;
use luotsi_model::SystemId;
use uuid::Uuid;

use super::{
    plan::{Search, caller},
    resource::{Outcome, answer, etag, if_match, searchset},
};
use crate::serve::{extract::Filled, intake, problem::Problem, state::App};

/// Sends about the client that were under way when her directives changed. Only those can still
/// arrive on what held before.
const IN_FLIGHT: HeaderName = HeaderName::from_static("luotsi-in-flight");

async fn see(
    app: &App,
    reader: &SystemId,
    which: &ConsentRead,
) -> Result<Vec<ConsentSeen>, Outcome> {
    app.flow.read_consents(reader, which).await.map_err(|error| {
        tracing::error!(%error, "a directive was not shown");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "journal", "Try again").into()
    })
}

fn opaque(id: &str) -> Result<Uuid, Outcome> {
    Uuid::parse_str(id).map_err(|_| Outcome::not_found())
}

/// `GET /Consent/{id}`, by the directive's opaque id.
pub(super) async fn read(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Outcome> {
    let reader = caller(&app, &headers)?;
    let seen = see(&app, &reader, &ConsentRead::Id(opaque(&id)?)).await?;
    let seen = seen.into_iter().next().ok_or_else(Outcome::not_found)?;
    let mut response = answer(StatusCode::OK, seen.body);
    response.headers_mut().insert(header::ETAG, etag(seen.version.into()));
    Ok(response)
}

/// `POST /Consent/_search`: what the client has directed through the caller, or an empty set.
pub(super) async fn search(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    search: Result<Filled<Search>, Problem>,
) -> Result<Response, Outcome> {
    let reader = caller(&app, &headers)?;
    let Filled(search) = search?;
    let seen = see(&app, &reader, &ConsentRead::Client(search.client()?)).await?;
    let found: Vec<_> = seen.into_iter().map(|seen| (seen.id, seen.body)).collect();
    Ok(answer(StatusCode::OK, searchset(&found)))
}

/// `POST /Consent`: a new directive.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Outcome> {
    let system = caller(&app, &headers)?;
    let key = intake::idempotency_key(&headers)?;
    let receipt = write(&app, &system, &headers, body, (key, None)).await?;
    Ok(written(StatusCode::CREATED, &receipt))
}

/// `PUT /Consent/{id}` with `If-Match`: a new version of a directive, or its withdrawal.
pub(super) async fn update(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Outcome> {
    let system = caller(&app, &headers)?;
    let id = opaque(&id)?;
    let replaces = u32::try_from(if_match(&headers)?).map_err(|_| Outcome::not_found())?;
    let which = Some(ConsentWrite { id, replaces });
    let receipt = write(&app, &system, &headers, body, (None, which)).await?;
    Ok(written(StatusCode::OK, &receipt))
}

async fn write(
    app: &App,
    system: &SystemId,
    headers: &HeaderMap,
    body: Body,
    (idempotency_key, replaces): (Option<&str>, Option<ConsentWrite>),
) -> Result<Receipt, Outcome> {
    let (_, bytes_max) = intake::intake_limits(&app.flow.region(), system)?;
    intake::check_media_type(headers, Format::Json)?;
    let body = intake::read_body(body, bytes_max).await?;
    let traceparent = intake::header(headers, "traceparent");
    let incoming = Incoming { system, body: &body, idempotency_key, traceparent, plan: None };
    app.flow.accept_consent(incoming, replaces).await.map_err(|refused| match refused {
        // The same as for a read, to the byte.
        Refused::UnknownConsent => Outcome::not_found(),
        refused => Problem::from(&refused).into(),
    })
}

/// The body stays empty: the sender has what it sent, and reads what is kept by the location.
fn written(status: StatusCode, receipt: &Receipt) -> Response {
    let mut response = answer(status, Vec::new());
    let headers = response.headers_mut();
    if let Some(in_flight) = receipt.in_flight {
        headers.insert(IN_FLIGHT, HeaderValue::from(in_flight));
    }
    if let Some(written) = receipt.directive {
        headers.insert(header::ETAG, etag(written.version.into()));
        if let Ok(place) = format!("/fhir/R4/Consent/{}", written.id).try_into() {
            headers.insert(header::LOCATION, place);
        }
    }
    response
}
