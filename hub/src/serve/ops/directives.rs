//! What clients direct: shown, and recorded by a person who has heard of it another way, in the name
//! of a connected system.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use luotsi_flow::{Incoming, Receipt, Refused, inspect};
use luotsi_mapping::Format;
use luotsi_model::{ClientRef, SystemId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{App, Caller, journal, used};
use crate::serve::{extract::Ask, intake, problem::Problem};

/// An unknown client has directed nothing, and looks so.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(client): Path<String>,
) -> Result<Json<inspect::ClientDirectives>, Problem> {
    let client = ClientRef::new(client);
    used(&app, &caller, inspect::Asked::Directives(client.clone())).await?;
    let found = app.flow.directives(&client).await;
    found.map(Json).map_err(|e| journal(&e))
}

/// In whose name a directive is recorded.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InTheNameOf {
    system: String,
}

/// A new directive, as a FHIR `Consent`: by the same reader as from the system itself.
pub(super) async fn record(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Ask(InTheNameOf { system }): Ask<InTheNameOf>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let system = SystemId::new(system);
    let region = app.flow.region();
    let intake = region.connection(&system).and_then(|connection| connection.intake.as_ref());
    let bytes_max = intake.ok_or_else(Problem::not_found)?.bytes_max;
    intake::check_media_type(&headers, Format::Json)?;
    let idempotency_key = intake::idempotency_key(&headers)?;
    let body = intake::read_body(body, bytes_max).await?;
    let incoming =
        Incoming { system: &system, body: &body, idempotency_key, traceparent: None, plan: None };
    let receipt = app.flow.accept_consent(incoming, None).await;
    let receipt = receipt.map_err(|refused| Problem::from(&refused))?;
    recorded(&app, &caller, &receipt).await.map(|told| (StatusCode::CREATED, told))
}

/// One is taken back: by its opaque id alone.
pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let receipt = app.flow.withdraw_consent(id).await.map_err(|refused| match refused {
        Refused::UnknownConsent => Problem::not_found(),
        refused => Problem::from(&refused),
    })?;
    recorded(&app, &caller, &receipt).await
}

/// The directive stands; that a person recorded it is in the use log before she is told.
async fn recorded(app: &App, caller: &Caller, receipt: &Receipt) -> Result<Json<Value>, Problem> {
    used(app, caller, inspect::Asked::DirectiveRecorded(receipt.message)).await?;
    let written = receipt.directive;
    Ok(Json(json!({
        "message": receipt.message.to_string(),
        "consent": written.map(|written| written.id),
        "version": written.map(|written| written.version),
        "in_flight": receipt.in_flight,
    })))
}
