//! The ops listener: health, metrics, and the API behind the command line. It names clients by
//! opaque references; `/api` needs the token of the data folder.

mod directives;
mod recalls;

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{Path, Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::Timestamp;
use luotsi_flow::{NotReplayed, Role, inspect};
use luotsi_journal::read;
use luotsi_model::{ClientRef, Hetu, MessageId, SystemId, hetu::Strictness};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    auth, erase,
    extract::{Ask, Told},
    health,
    problem::Problem,
    state::App,
};

/// The listener's routes.
pub(super) fn router(app: Arc<App>) -> Router {
    // Health and metrics are every hub's.
    let answers = app.flow.has(Role::Ops);
    let api = Router::new()
        .route("/messages/{id}", get(message))
        .route("/messages/{id}/why", get(why))
        .route("/messages/{id}/release", post(release))
        .route("/messages/{id}/replay", post(replay))
        .route("/reports/disclosures", post(disclosures))
        .route("/erasures", post(erase::erase))
        .route("/clients/{client}/directives", get(directives::list))
        .route("/directives", post(directives::record))
        .route("/directives/{id}/withdrawn", post(directives::withdraw))
        .route("/loads", get(loads))
        .route("/recalls", get(recalls::list))
        .route("/recalls/{id}/settled", post(recalls::settle))
        .route("/recalls/{id}/again", post(recalls::again))
        .route("/deliveries", get(deliveries))
        .layer(from_fn_with_state(app.clone(), admit));
    Router::new()
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .nest("/api", if answers { api } else { Router::new() })
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .with_state(app)
}

/// Who asks, by the name of the token shown.
#[derive(Clone)]
pub(super) struct Caller(pub(super) SystemId);

async fn admit(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    match auth::bearer(request.headers()).and_then(|token| app.ops_caller(token)) {
        Some(name) => {
            request.extensions_mut().insert(Caller(SystemId::new(name)));
            next.run(request).await
        }
        None => Problem::unauthorized()
            .detail(
                "send the token of the data folder's ops.token as: Authorization: Bearer <token>",
            )
            .into_response(),
    }
}

fn message_id(text: &str) -> Result<MessageId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

pub(super) fn journal(error: &luotsi_journal::Error) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "journal", "The journal cannot be read")
        .detail(error.to_string())
}

/// Records a use; nothing is shown before.
async fn used(app: &App, Caller(who): &Caller, asked: inspect::Asked) -> Result<(), Problem> {
    app.flow.used(who, &asked).await.map_err(|e| journal(&e))
}

async fn message(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<inspect::Journey>, Problem> {
    let id = message_id(&id)?;
    used(&app, &caller, inspect::Asked::Trace(id)).await?;
    let found = app.flow.journey(id).await.map_err(|e| journal(&e))?;
    found.map(Json).ok_or_else(Problem::not_found)
}

#[derive(Deserialize)]
struct To {
    to: String,
}

async fn why(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Ask(To { to }): Ask<To>,
) -> Result<Json<inspect::Why>, Problem> {
    let id = message_id(&id)?;
    used(&app, &caller, inspect::Asked::Why(id)).await?;
    let found = app.flow.why(id, &SystemId::new(to)).await.map_err(|e| journal(&e))?;
    found.map(Json).ok_or_else(Problem::not_found)
}

/// To whom alone a message is sent again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Only {
    to: Option<String>,
}

async fn replay(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Ask(only): Ask<Only>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    match app.flow.replay(message_id(&id)?, only.to.map(SystemId::new).as_ref()).await {
        Ok(receipt) => {
            let message = receipt.message.to_string();
            let body = json!({ "message": message, "deliveries": receipt.deliveries });
            Ok((StatusCode::ACCEPTED, Json(body)))
        }
        Err(NotReplayed::Unknown) => Err(Problem::not_found()),
        Err(NotReplayed::Refused(refused)) => Err(Problem::from(&refused)),
        Err(error) => Err(Problem::new(StatusCode::CONFLICT, "not-replayed", "Not replayed")
            .detail(error.to_string())),
    }
}

async fn release(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Ask(only): Ask<Only>,
) -> Result<Json<Value>, Problem> {
    let released = app.flow.release(message_id(&id)?, only.to.map(SystemId::new)).await;
    let count = released.map_err(|e| journal(&e))?.ok_or_else(Problem::not_found)?;
    Ok(Json(json!({ "message": id, "released": count })))
}

/// Whose report: by the hub's reference, or by a code that must not stand in a URL or a log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportRequest {
    client: Option<String>,
    hetu: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

async fn disclosures(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Told(asked): Told<ReportRequest>,
) -> Result<Json<inspect::Report>, Problem> {
    let client = client(&app, asked.client, asked.hetu.as_deref())?;
    let from = asked.from.unwrap_or(Timestamp::UNIX_EPOCH);
    let to = asked.to.unwrap_or(Timestamp::MAX);
    used(&app, &caller, inspect::Asked::Report(client.clone())).await?;
    app.flow.report(&client, from, to).await.map(Json).map_err(|e| journal(&e))
}

/// The client named by one of the two.
pub(super) fn client(
    app: &App,
    reference: Option<String>,
    hetu: Option<&str>,
) -> Result<ClientRef, Problem> {
    let bad = |why: &str| {
        Problem::new(StatusCode::BAD_REQUEST, "bad-client", "No client is named").detail(why)
    };
    match (reference, hetu) {
        (Some(reference), None) => Ok(ClientRef::new(reference)),
        (None, Some(code)) => Hetu::parse(code, Strictness::Lenient)
            .map(|hetu| app.flow.clients().reference(&hetu))
            .map_err(|error| bad(&error.to_string())),
        _ => Err(bad("send either client or hetu")),
    }
}

async fn loads(State(app): State<Arc<App>>) -> Result<Json<Value>, Problem> {
    let loads = app.flow.journal().read(read::loads).await.map_err(|e| journal(&e))?;
    let rows = loads.iter().map(|load| {
        json!({
            "destination": load.destination,
            "state": load.state.as_str(),
            "count": load.count,
            "oldest": load.oldest,
        })
    });
    Ok(Json(rows.collect()))
}

/// Which unfinished deliveries are asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unfinished {
    state: Option<String>,
    to: Option<String>,
    limit: Option<usize>,
}

/// How many of each state are shown when nothing is said, and at the most.
const SHOWN: usize = 100;
const SHOWN_MAX: usize = 1000;

async fn deliveries(
    State(app): State<Arc<App>>,
    Ask(asked): Ask<Unfinished>,
) -> Result<Json<Vec<inspect::Unfinished>>, Problem> {
    let of =
        |name: &str| luotsi_journal::State::UNFINISHED.into_iter().find(|s| s.as_str() == name);
    let states = match asked.state.as_deref() {
        None => luotsi_journal::State::UNFINISHED.to_vec(),
        Some(name) => vec![of(name).ok_or_else(|| {
            Problem::new(StatusCode::BAD_REQUEST, "bad-state", "No such state")
                .detail("ask for dead-letter, waiting, ready or sending")
        })?],
    };
    let limit = asked.limit.unwrap_or(SHOWN).min(SHOWN_MAX);
    let found = app.flow.unfinished(states, asked.to.map(SystemId::new), limit).await;
    found.map(Json).map_err(|e| journal(&e))
}
