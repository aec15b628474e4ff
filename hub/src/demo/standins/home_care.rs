//! Home care: a FHIR R4 server, as small as one can be that does transactions with conditional
//! creates.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{Inbox, server::Server};
use crate::demo::Failed;

/// A transaction bundle, as it came.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Parcel {
    /// The delivery it came by.
    pub(in crate::demo) delivery: String,
    pub(in crate::demo) bundle: Value,
}

/// The stand-in.
pub(in crate::demo) struct HomeCare {
    server: Server,
    heart: Arc<Heart>,
}

struct Heart {
    received: Inbox<Parcel>,
    /// What has been created: the type, and the condition under which it is not created again.
    created: Mutex<Vec<(String, String)>>,
}

impl HomeCare {
    pub(in crate::demo) async fn start() -> Result<Self, Failed> {
        let heart = Arc::new(Heart { received: Inbox::new(), created: Mutex::default() });
        let router = Router::new()
            .route("/fhir", post(transact))
            .route("/fhir/metadata", get(metadata))
            .with_state(heart.clone());
        Ok(Self { server: Server::start(router).await?, heart })
    }

    pub(in crate::demo) fn address(&self) -> SocketAddr {
        self.server.address
    }

    pub(in crate::demo) fn received(&self) -> &Inbox<Parcel> {
        &self.heart.received
    }

    /// How many resources of a type it holds.
    pub(in crate::demo) fn holds(&self, kind: &str) -> usize {
        let created = self.heart.created.lock().unwrap_or_else(PoisonError::into_inner);
        created.iter().filter(|(created, _)| created == kind).count()
    }
}

async fn transact(
    State(heart): State<Arc<Heart>>,
    headers: HeaderMap,
    Json(bundle): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    if bundle["type"] != "transaction" || entries.is_empty() {
        let issue = json!({ "severity": "error", "code": "invalid" });
        let outcome = json!({ "resourceType": "OperationOutcome", "issue": [issue] });
        return (StatusCode::BAD_REQUEST, Json(outcome));
    }
    let answers: Vec<_> = entries.iter().map(|entry| heart.create(entry)).collect();
    let delivery = headers.get("x-request-id").and_then(|id| id.to_str().ok());
    let delivery = delivery.unwrap_or_default().to_owned();
    heart.received.put(|_| Parcel { delivery, bundle });
    let answer =
        json!({ "resourceType": "Bundle", "type": "transaction-response", "entry": answers });
    (StatusCode::OK, Json(answer))
}

impl Heart {
    /// A conditional create (R4, 3.1.0.8.1): 201 the first time, 200 and the same one thereafter.
    fn create(&self, entry: &Value) -> Value {
        let text = |key| entry["request"][key].as_str().unwrap_or_default().to_owned();
        let resource = (text("url"), text("ifNoneExist"));
        let mut created = self.created.lock().unwrap_or_else(PoisonError::into_inner);
        let there = created.iter().position(|known| *known == resource && !known.1.is_empty());
        let (status, id) = match there {
            Some(id) => ("200 OK", id),
            None => {
                created.push(resource.clone());
                ("201 Created", created.len() - 1)
            }
        };
        json!({ "response": { "status": status, "location": format!("{}/{id}", resource.0) } })
    }
}

async fn metadata() -> Json<Value> {
    Json(json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-21",
        "kind": "instance",
        "software": { "name": "stand-in for home care" },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [{ "mode": "server", "interaction": [{ "code": "transaction" }] }],
    }))
}
