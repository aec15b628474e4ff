//! The FHIR R4 API: the shared plan as a CarePlan, and what clients direct as Consent, read and
//! written by the connected systems. Every read is a disclosure and passes the gate.

mod consent;
mod plan;
mod resource;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use super::state::App;

/// The API's routes, below its base.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/metadata", get(resource::metadata))
        .route("/CarePlan", post(plan::create))
        .route("/CarePlan/_search", post(plan::search))
        .route("/CarePlan/{id}", get(plan::read).put(plan::update))
        .route("/Consent", post(consent::create))
        .route("/Consent/_search", post(consent::search))
        .route("/Consent/{id}", get(consent::read).put(consent::update))
        .fallback(async || resource::Outcome::not_found())
}
