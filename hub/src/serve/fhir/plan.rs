//! `CarePlan`: the shared plan.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use luotsi_flow::{Incoming, PlanRead, PlanSeen, PlanWrite, Unseen};
use luotsi_model::{Hetu, SystemId, hetu::Strictness};
use serde::Deserialize;
use uuid::Uuid;

use super::resource::{Outcome, answer, etag, if_match, searchset};
use crate::serve::{auth, extract::Filled, intake, problem::Problem, state::App};

/// The identifier system of the Finnish personal identity code.
const HETU: &str = "urn:oid:1.2.246.21|";

pub(super) fn caller(app: &App, headers: &HeaderMap) -> Result<SystemId, Outcome> {
    auth::reader(&app.flow.region(), headers).ok_or_else(|| Problem::unauthorized().into())
}

async fn see(app: &App, reader: &SystemId, which: &PlanRead) -> Result<Option<PlanSeen>, Outcome> {
    match app.flow.read_plan(reader, which).await {
        Ok(seen) => Ok(Some(seen)),
        Err(Unseen::Nothing) => Ok(None),
        Err(Unseen::Journal(error)) => {
            tracing::error!(%error, "a plan was not shown");
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "journal", "Try again").into())
        }
    }
}

/// `GET /CarePlan/{id}`, by the plan's opaque id.
pub(super) async fn read(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Outcome> {
    let reader = caller(&app, &headers)?;
    let id = Uuid::parse_str(&id).map_err(|_| Outcome::not_found())?;
    let seen = see(&app, &reader, &PlanRead::Id(id)).await?.ok_or_else(Outcome::not_found)?;
    let mut response = answer(StatusCode::OK, seen.body);
    response.headers_mut().insert(header::ETAG, etag(seen.version));
    Ok(response)
}

/// What may be searched by.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    #[serde(rename = "patient.identifier", alias = "subject.identifier")]
    patient: String,
}

impl Search {
    /// The client asked for.
    pub(super) fn client(&self) -> Result<Hetu, Outcome> {
        let code = self.patient.strip_prefix(HETU);
        let hetu = code.and_then(|code| Hetu::parse(code, Strictness::Lenient).ok());
        hetu.ok_or_else(|| {
            Problem::new(StatusCode::BAD_REQUEST, "bad-search", "Not a search this server does")
                .detail(format!("search by patient.identifier={HETU}<personal identity code>"))
                .into()
        })
    }
}

/// `POST /CarePlan/_search`: the client's plan, or an empty set.
pub(super) async fn search(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    search: Result<Filled<Search>, Problem>,
) -> Result<Response, Outcome> {
    let reader = caller(&app, &headers)?;
    let Filled(search) = search?;
    let seen = see(&app, &reader, &PlanRead::Client(search.client()?)).await?;
    let found: Vec<_> = seen.map(|seen| (seen.id, seen.body)).into_iter().collect();
    Ok(answer(StatusCode::OK, searchset(&found)))
}

/// `POST /CarePlan`: a plan for a client who has none.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Outcome> {
    let new = PlanWrite { id: None, replaces: 0 };
    write(&app, &headers, body, new, StatusCode::CREATED).await
}

/// `PUT /CarePlan/{id}` with `If-Match`: a plan in place of the version that its writer read.
pub(super) async fn update(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Outcome> {
    let id = Uuid::parse_str(&id).map_err(|_| Outcome::not_found())?;
    let replaces = if_match(&headers)?;
    write(&app, &headers, body, PlanWrite { id: Some(id), replaces }, StatusCode::OK).await
}

async fn write(
    app: &App,
    headers: &HeaderMap,
    body: Body,
    plan: PlanWrite,
    status: StatusCode,
) -> Result<Response, Outcome> {
    let system = caller(app, headers)?;
    let (format, bytes_max) = intake::intake_limits(&app.flow.region(), &system)?;
    intake::check_media_type(headers, format)?;
    let body = intake::read_body(body, bytes_max).await?;
    let incoming = Incoming {
        system: &system,
        body: &body,
        idempotency_key: None,
        traceparent: intake::header(headers, "traceparent"),
        plan: Some(plan),
    };
    let receipt = app.flow.accept(incoming).await.map_err(|refused| Problem::from(&refused))?;
    let mut response = answer(status, Vec::new());
    if let Some(written) = receipt.plan {
        let headers = response.headers_mut();
        headers.insert(header::ETAG, etag(written.version));
        if let Ok(place) = format!("/fhir/R4/CarePlan/{}", written.id).try_into() {
            headers.insert(header::LOCATION, place);
        }
    }
    Ok(response)
}
