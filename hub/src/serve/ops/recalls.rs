//! Recalls: who is to stop processing what they received.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use luotsi_flow::inspect::RecallShown;
use luotsi_journal::{RecallState, command::ByHand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{App, Caller, SHOWN, SHOWN_MAX, journal};
use crate::serve::{extract::Ask, problem::Problem};

/// Which recalls are asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    #[serde(default)]
    open: bool,
    limit: Option<usize>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Ask(which): Ask<Which>,
) -> Result<Json<Vec<RecallShown>>, Problem> {
    let states = RecallState::ALL.into_iter().filter(|state| !which.open || state.is_open());
    let limit = which.limit.unwrap_or(SHOWN).min(SHOWN_MAX);
    let found = app.flow.recalls(states.collect(), limit).await;
    found.map(Json).map_err(|e| journal(&e))
}

pub(super) async fn settle(
    app: State<Arc<App>>,
    caller: Extension<Caller>,
    id: Path<String>,
) -> Result<Json<Value>, Problem> {
    by_hand(app, caller, id, ByHand::Settle, "settled").await
}

pub(super) async fn again(
    app: State<Arc<App>>,
    caller: Extension<Caller>,
    id: Path<String>,
) -> Result<Json<Value>, Problem> {
    by_hand(app, caller, id, ByHand::Again, "owed").await
}

async fn by_hand(
    State(app): State<Arc<App>>,
    Extension(Caller(who)): Extension<Caller>,
    Path(id): Path<String>,
    by_hand: ByHand,
    state: &'static str,
) -> Result<Json<Value>, Problem> {
    let recall = id.parse().map_err(|_| Problem::not_found())?;
    match app.flow.recall_by_hand(&who, recall, by_hand).await.map_err(|e| journal(&e))? {
        Some(Ok(())) => Ok(Json(json!({ "recall": id, "state": state }))),
        Some(Err(stands)) => {
            let title = "The recall does not wait for that";
            let problem = Problem::new(StatusCode::CONFLICT, "not-by-hand", title);
            Err(problem.detail(format!("it is {}", stands.as_str())))
        }
        None => Err(Problem::not_found()),
    }
}
