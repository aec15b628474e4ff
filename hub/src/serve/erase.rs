//! `POST /api/erasures`: a client's payloads are made unreadable for good.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use luotsi_journal::command::Pends;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    extract::Told,
    ops::{Caller, client, journal},
    problem::Problem,
    state::App,
};

/// Whose: by the hub's reference, or by a code that must not stand in a URL or a log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whose {
    client: Option<String>,
    hetu: Option<String>,
}

pub(super) async fn erase(
    State(app): State<Arc<App>>,
    Extension(Caller(who)): Extension<Caller>,
    Told(whose): Told<Whose>,
) -> Result<Json<Value>, Problem> {
    let client = client(&app, whose.client, whose.hetu.as_deref())?;
    match app.flow.erase(&who, client.clone()).await.map_err(|e| journal(&e))? {
        Ok(erased) => Ok(Json(json!({
            "client": client,
            "keys": erased.keys,
            "plan": erased.plan,
            "dead_letters": erased.dead,
        }))),
        Err(Pends(count)) => Err(still_pending(count)),
    }
}

fn still_pending(count: u64) -> Problem {
    let what = if count == 1 {
        "1 delivery about this client has"
    } else {
        "deliveries about this client have"
    };
    let what = if count == 1 { what.to_owned() } else { format!("{count} {what}") };
    Problem::new(StatusCode::CONFLICT, "still-pending", "Something about the client still pends")
        .detail(format!(
            "{what} not ended: let them finish, or withdraw what they wait for, and erase then"
        ))
}
