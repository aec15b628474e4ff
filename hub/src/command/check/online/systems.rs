//! The connected systems, each by its adapter's own question, which sends nothing of anyone.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::future::join_all;
use luotsi_model::{ClientRef, Diagnostic};
use luotsi_port::{BoxFuture, Outbound, PlanStore, Problem, Receipt, SendError, Services};
use luotsi_region::{Connection, Region};
use tokio::time::timeout;

use super::{Asked, error};
use crate::{adapters, command::layout::count};

const ANSWER_MAX: Duration = Duration::from_secs(10);

/// The plan store is the journal, which is asked by itself; here nothing is delivered.
struct Closed;

impl PlanStore for Closed {
    fn merge(&self, _: ClientRef, _: Bytes) -> BoxFuture<'_, Result<Receipt, SendError>> {
        Box::pin(async { Err(SendError::unreached("a check delivers nothing")) })
    }
}

pub(super) async fn ask(region: &Region, asked: &mut Asked) {
    let http = match adapters::client() {
        Ok(http) => http,
        Err(why) => {
            let what = "no system can be asked";
            return asked.findings.push(error("LU320", what).why(why.to_string()));
        }
    };
    let services = Services { http, plan: Arc::new(Closed) };
    let mut asking = Vec::new();
    for connection in region.connections.values() {
        asked.findings.extend(way_in(connection));
        match way_out(connection, &services) {
            Ok(None) => {}
            Ok(Some(way)) => asking.push(silent(way, connection)),
            Err(problem) => asked.findings.push(unmade(connection, problem)),
        }
    }
    if !asking.is_empty() {
        asked.whom.push(count(asking.len(), "system"));
    }
    asked.findings.extend(join_all(asking).await.into_iter().flatten());
}

fn way_in(connection: &Connection) -> Option<Diagnostic> {
    connection.intake.as_ref()?;
    let made =
        adapters::find(&connection.adapter)?.inbound(&connection.system, &connection.settings);
    made.err().map(|problem| unmade(connection, problem))
}

fn way_out(
    connection: &Connection,
    services: &Services,
) -> Result<Option<Arc<dyn Outbound>>, Problem> {
    let delivers = connection.delivery.is_some();
    match adapters::find(&connection.adapter).filter(|_| delivers) {
        Some(adapter) => adapter.outbound(&connection.settings, services).map(Some),
        None => Ok(None),
    }
}

fn unmade(connection: &Connection, Problem { what, mend, .. }: Problem) -> Diagnostic {
    Diagnostic::error("LU320", &connection.file, connection.settings_span.clone(), what)
        .why(format!("a start makes the connection `{}`, and could not", connection.system))
        .mend(mend)
}

/// The finding that a system does not answer.
async fn silent(way: Arc<dyn Outbound>, connection: &Connection) -> Option<Diagnostic> {
    let why = match timeout(ANSWER_MAX, way.probe()).await {
        Ok(Ok(())) => return None,
        Ok(Err(why)) => why.to_string(),
        Err(_) => format!("no answer within {} s", ANSWER_MAX.as_secs()),
    };
    let Connection { system, file, settings_span, .. } = connection;
    let what = format!("`{system}` does not answer");
    let finding = Diagnostic::error("LU321", file, settings_span.clone(), what);
    let mend = "call its operator, or mend its address; the hub starts without it, and tries again";
    Some(finding.why(why).mend(mend).warning())
}
