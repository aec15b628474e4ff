//! The built-in shared plan store, as a recipient like any other: behind the gate.

use std::sync::Arc;

use luotsi_consent::Permitted;
use luotsi_port::{
    Adapter, BoxFuture, Outbound, Outgoing, PlanStore, Problem, Receipt, SendError, Services,
    settings,
};

/// The adapter's only value.
pub const ADAPTER: &dyn Adapter = &Kind;

struct Kind;

/// It has no settings of its own.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {}

impl Adapter for Kind {
    fn kind(&self) -> &'static str {
        "plan"
    }

    fn check(&self, table: &toml::Table) -> Vec<Problem> {
        settings::<Config>(table).err().into_iter().collect()
    }

    fn outbound(
        &self,
        table: &toml::Table,
        services: &Services,
    ) -> Result<Arc<dyn Outbound>, Problem> {
        let Config {} = settings(table)?;
        Ok(Arc::new(Plan { store: services.plan.clone() }))
    }
}

struct Plan {
    store: Arc<dyn PlanStore>,
}

impl Outbound for Plan {
    fn deliver(&self, parcel: Permitted<Outgoing>) -> BoxFuture<'_, Result<Receipt, SendError>> {
        let (parcel, grant) = parcel.release();
        Box::pin(async move {
            let Some(client) = grant.subject else {
                return Err(SendError::reject("a plan is a client's, and the message has none"));
            };
            self.store.merge(client, parcel.body).await
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), SendError>> {
        // It is part of the hub: readiness asks the journal itself.
        Box::pin(async { Ok(()) })
    }
}
