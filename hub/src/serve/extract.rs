//! axum's extractors with refusals of our own: axum's may repeat what the caller sent.

use axum::{
    Form, Json,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{StatusCode, request::Parts},
};
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The query string.
pub(super) struct Ask<T>(pub(super) T);
/// A JSON body.
pub(super) struct Told<T>(pub(super) T);
/// A form body.
pub(super) struct Filled<T>(pub(super) T);

fn bad(what: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read")
        .detail(format!("its {what} is not of the form that docs/reference/http.md shows"))
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Ask<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(asked) =
            Query::from_request_parts(parts, state).await.map_err(|_| bad("query"))?;
        Ok(Self(asked))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(told) = Json::from_request(request, state).await.map_err(|_| bad("JSON body"))?;
        Ok(Self(told))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Filled<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Form(filled) =
            Form::from_request(request, state).await.map_err(|_| bad("form body"))?;
        Ok(Self(filled))
    }
}
