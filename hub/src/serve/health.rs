//! Whether the hub lives, whether it can work, and whether its systems answer.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::{Json, extract::State, http::StatusCode};
use luotsi_bus::broker::Condition;
use luotsi_flow::Flow;
use luotsi_journal::{command::Probe, read};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::state::App;

/// How often each system is probed.
const PROBE_EVERY: Duration = Duration::from_secs(15);

/// It runs: nothing else is asked, since a restart would mend nothing else.
pub(super) async fn livez() -> &'static str {
    "ok"
}

/// It can commit and write the disclosure log, can be heard by the other hubs, and is not stopping.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> (StatusCode, Json<Value>) {
    let missing = missing(&app).await;
    let generation = app.flow.region().generation.to_string();
    if missing.is_empty() {
        let mut ready = json!({ "status": "ready", "generation": generation });
        if let Some(sharing) = app.flow.watch().sharing() {
            ready["hub"] = sharing.name.as_str().into();
            ready["roles"] = sharing.roles.iter().map(|role| role.as_str()).collect();
            ready["lanes"] = app.flow.watch().worked().into();
        }
        return (StatusCode::OK, Json(ready));
    }
    let why = missing.join("; ");
    let unready = json!({ "status": "not ready", "why": why, "missing": missing });
    (StatusCode::SERVICE_UNAVAILABLE, Json(unready))
}

/// What is missing to be ready: all of it.
async fn missing(app: &App) -> Vec<String> {
    let mut missing = Vec::new();
    if app.is_draining() {
        missing.push("the hub is stopping".to_owned());
    }
    let journal = app.flow.journal();
    let writes = journal.write(Probe { at: app.flow.clock().now() }).await;
    let ready = match writes {
        Ok(()) => journal.read(read::log_ends).await,
        failed => failed,
    };
    missing.extend(ready.err().map(|error| error.to_string()));
    if !app.flow.watch().is_alive() {
        missing.push("this hub has given the others no sign of life lately".to_owned());
    }
    missing.extend(app.flow.broker().and_then(|broker| match broker.condition() {
        Condition::Ready => None,
        Condition::Away { why } => Some(format!("the broker is away: {why}")),
        Condition::Blocked { why } => Some(format!("the broker has raised an alarm: {why}")),
    }));
    missing
}

/// Prometheus' text, with the loads as they are now.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Result<String, StatusCode> {
    refresh(&app.flow).await;
    let mut text = String::new();
    prometheus::TextEncoder::new()
        .encode_utf8(&app.registry.gather(), &mut text)
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(text)
}

async fn refresh(flow: &Flow) {
    match flow.journal().read(read::loads).await {
        Ok(loads) => {
            let region = flow.region();
            let delivering = region.connections.values().filter(|c| c.delivery.is_some());
            // Also those that the region no longer declares: what pends for them is stuck.
            let mut destinations: BTreeSet<_> = delivering.map(|c| c.system.clone()).collect();
            destinations.extend(loads.iter().map(|load| load.destination.clone()));
            let destinations: Vec<_> = destinations.into_iter().collect();
            flow.metrics().loads(&destinations, &loads, flow.clock().now());
        }
        Err(error) => tracing::error!(%error, "the loads cannot be read"),
    }
    if flow.watch().is_shared() {
        let broker = flow.broker().map(|broker| broker.condition() == Condition::Ready);
        match flow.journal().read(read::outbox_count).await {
            Ok(untold) => flow.metrics().sharing(flow.watch().worked().len(), untold, broker),
            Err(error) => tracing::error!(%error, "the outbox cannot be read"),
        }
    }
    match flow.journal().read(|session| read::recall_counts(session)).await {
        Ok(counts) => flow.metrics().recalls(&counts),
        Err(error) => tracing::error!(%error, "the recalls cannot be read"),
    }
}

/// Probes every system now and then until `stop`.
pub(super) async fn probe(flow: Arc<Flow>, stop: CancellationToken) {
    loop {
        for (system, outbound) in flow.ways() {
            let answer = tokio::time::timeout(PROBE_EVERY, outbound.probe()).await;
            flow.metrics().adapter(&system, matches!(answer, Ok(Ok(()))));
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PROBE_EVERY) => {}
        }
    }
}
